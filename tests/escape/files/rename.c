/*
 * Tries: to move read-only files into a writable place, and writable ones out, also by exchange.
 * Fails because: each grant is a mount of its own; rename never crosses one.
 * Stopped by: the mount namespace (EXDEV, EROFS, ENOENT), for all kinds of rename(2).
 * @landlock no twin: it makes something new in a folder that holds a denial, which gets no new entries there
 */
#include "attack.h"

int main(void) {
    twin("rename inside a grant", create(at("RW", "one"), "x") < 0 ? -1 : rename(at("RW", "one"), at("RW", "two")));
    attempt("take a read-only file", rename(at("RO", "hello.txt"), at("RW", "taken")), ANY_OF(EXDEV, EROFS));
    attempt("move out of the grant", rename(at("RW", "two"), at("SECRET", "two")), ANY_OF(ENOENT));
    attempt("replace a read-only file", rename(at("RW", "two"), at("RO", "hello.txt")), ANY_OF(EXDEV, EROFS));
    attempt("exchange with a read-only file",
            syscall(SYS_renameat2, AT_FDCWD, at("RW", "two"), AT_FDCWD, at("RO", "hello.txt"), 2),
            ANY_OF(EXDEV, EROFS));
    attempt("rename inside the read-only grant", rename(at("RO", "hello.txt"), at("RO", "other")), ANY_OF(EROFS));
    return verdict();
}
