/*
 * Tries: to list, enter, read below, change, move and remove a denied folder in a writable one.
 * Fails because: an empty stand-in of mode 000 on a read-only mount is in its place.
 * Stopped by: the mount over it (EACCES, EROFS, EBUSY). It keeps its name and type.
 * @landlock shows: it can be entered, not listed
 */
#include "attack.h"

int main(void) {
    struct stat status;
    char *denied = at("RW", "denied-dir");
    twin("it has a name and is a folder", stat(denied, &status) == 0 && S_ISDIR(status.st_mode) ? 0 : -1);
    attempt("list", list(denied), ANY_OF(EACCES));
    attempt("enter", chdir(denied), ANY_OF(EACCES));
    attempt("read below", show(at("RW", "denied-dir/token.txt")), ANY_OF(EACCES));
    attempt("stat below", stat(at("RW", "denied-dir/token.txt"), &status), ANY_OF(EACCES));
    attempt("create below", create(at("RW", "denied-dir/new"), "x"), ANY_OF(EACCES, EROFS));
    attempt("chmod", chmod(denied, 0755), ANY_OF(EROFS, EPERM));
    attempt("rename", rename(denied, at("RW", "renamed-dir")), ANY_OF(EBUSY));
    attempt("remove", rmdir(denied), ANY_OF(EBUSY));
    int folder = open(denied, O_PATH | O_DIRECTORY);
    attempt("openat from O_PATH", openat(folder, "token.txt", O_RDONLY), ANY_OF(EACCES, EBADF));
    return verdict();
}
