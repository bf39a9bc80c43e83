/*
 * Tries: everything with a denied file inside a writable folder: open, truncate, chmod, chown,
 * rename, replace, unlink.
 * Fails because: a stand-in of mode 000 on a read-only mount is on its place, and a mount's place
 * cannot be renamed or removed.
 * Stopped by: the mount over it (EACCES, EROFS, EBUSY). It keeps its name and type.
 * @landlock shows: its size can be seen
 */
#include "attack.h"

int main(void) {
    struct stat status;
    char *denied = at("RW", "denied.txt");
    twin("it has a name and is a file", stat(denied, &status) == 0 && S_ISREG(status.st_mode) ? 0 : -1);
    twin("its neighbour is readable", show(at("RW", "hello.txt")));
    attempt_that("its size shows", status.st_size != 0, "size 0");
    attempt("read", show(denied), ANY_OF(EACCES));
    attempt("write", try_open(denied, O_WRONLY), ANY_OF(EACCES, EROFS));
    attempt("read and write", try_open(denied, O_RDWR), ANY_OF(EACCES, EROFS));
    attempt("truncate", truncate(denied, 0), ANY_OF(EACCES, EROFS));
    attempt("execute", execl(denied, denied, (char *)NULL), ANY_OF(EACCES));
    attempt("chmod", chmod(denied, 0644), ANY_OF(EROFS, EPERM));
    attempt("chown", chown(denied, getuid(), getgid()), ANY_OF(EROFS, EPERM));
    attempt("set its time", utimensat(AT_FDCWD, denied, NULL, 0), ANY_OF(EROFS, EACCES, EPERM));
    attempt("rename", rename(denied, at("RW", "renamed")), ANY_OF(EBUSY));
    attempt("replace", create(at("RW", "own"), "x") < 0 ? -1 : rename(at("RW", "own"), denied), ANY_OF(EBUSY));
    attempt("exchange", syscall(SYS_renameat2, AT_FDCWD, at("RW", "own"), AT_FDCWD, denied, 2), ANY_OF(EBUSY));
    attempt("unlink", unlink(denied), ANY_OF(EBUSY));
    attempt("read through a link to it", show(at("RW", "link-to-denied")), ANY_OF(EACCES));
    return verdict();
}
