/*
 * Tries: every way of changing something in a read-only grant, owned by the caller and mode 644.
 * Fails because: the grant's mount is read-only, which no permission overrides.
 * Stopped by: the read-only mount (EROFS); Landlock behind it.
 */
#include "attack.h"
#include <sys/xattr.h>

int main(void) {
    char *file = at("RO", "hello.txt");
    twin("read", show(file));
    attempt("write", try_open(file, O_WRONLY), ANY_OF(EROFS, EACCES));
    attempt("append", try_open(file, O_WRONLY | O_APPEND), ANY_OF(EROFS, EACCES));
    attempt("truncate", truncate(file, 0), ANY_OF(EROFS, EACCES));
    attempt("create", create(at("RO", "new"), "x"), ANY_OF(EROFS, EACCES));
    attempt("create without a name", open(given("RO"), O_TMPFILE | O_RDWR, 0600), ANY_OF(EROFS, EACCES));
    attempt("unlink", unlink(file), ANY_OF(EROFS, EACCES));
    attempt("mkdir", mkdir(at("RO", "new-folder"), 0755), ANY_OF(EROFS, EACCES));
    attempt("symlink", symlink("x", at("RO", "new-link")), ANY_OF(EROFS, EACCES));
    attempt("mkfifo", mkfifo(at("RO", "new-fifo"), 0600), ANY_OF(EROFS, EACCES));
    attempt("link", link(file, at("RO", "new-name")), ANY_OF(EROFS, EACCES, EXDEV, EPERM));
    attempt("chmod", chmod(file, 0777), ANY_OF(EROFS));
    attempt("chown", chown(file, getuid(), getgid()), ANY_OF(EROFS));
    attempt("utimes", utimensat(AT_FDCWD, file, NULL, 0), ANY_OF(EROFS));
    attempt("setxattr", setxattr(file, "user.x", "y", 1, 0), ANY_OF(EROFS));
    int fd = open(file, O_RDONLY);
    attempt("map shared for writing", mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0, ANY_OF(EACCES));
    attempt("fallocate", fallocate(fd, 0, 0, 4096), ANY_OF(EBADF));
    attempt("ioctl FS_IOC_SETFLAGS", ioctl(fd, 0x40086602, &(long){0x10}), ANY_OF(EROFS, EPERM, EACCES, ENOTTY));
    return verdict();
}
