/*
 * Tries: to give a secret, a denied or a read-only file a second name in a writable folder.
 * Fails because: hard links never cross a mount, and a denied file is a stand-in on its own mount.
 * Stopped by: the mount namespace (EXDEV, ENOENT), protected_hardlinks (EPERM).
 * @landlock no twin: it makes something new in a folder that holds a denial, which gets no new entries there
 */
#include "attack.h"

int main(void) {
    twin("link inside a grant", link(at("RW", "hello.txt"), at("RW", "second-name")));
    attempt("link the secret", link(at("SECRET", "token.txt"), at("RW", "stolen")), ANY_OF(ENOENT));
    attempt("link a read-only file", link(at("RO", "hello.txt"), at("RW", "stolen-ro")), ANY_OF(EXDEV, EPERM));
    attempt("link the denied file", link(at("RW", "denied.txt"), at("RW", "stolen-denied")), ANY_OF(EXDEV, EPERM));
    attempt("link the nested read-only file", link(at("RW", "inner-ro/hello.txt"), at("RW", "stolen-inner")), ANY_OF(EXDEV, EPERM));
    int fd = open(at("RO", "hello.txt"), O_RDONLY);
    attempt("link a descriptor", linkat(fd, "", AT_FDCWD, at("RW", "stolen-fd"), AT_EMPTY_PATH), ANY_OF(EXDEV, ENOENT, EPERM));
    attempt("link a descriptor by /proc",
            linkat(AT_FDCWD, format("/proc/self/fd/%d", fd), AT_FDCWD, at("RW", "stolen-proc"), AT_SYMLINK_FOLLOW),
            ANY_OF(EXDEV, EPERM));
    return verdict();
}
