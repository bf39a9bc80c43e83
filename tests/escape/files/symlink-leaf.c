/*
 * Tries: to read a secret outside every grant through a symlink inside one, both a link that was
 * there before and one that the workload makes.
 * Fails because: a link is resolved in the sandbox's root, which has nothing at that path.
 * Stopped by: the mount namespace (ENOENT).
 * @landlock no twin: it makes something new in a folder that holds a denial, which gets no new entries there
 */
#include "attack.h"

int main(void) {
    twin("make a link", symlink("hello.txt", at("RW", "link-inside")));
    twin("read through a link", show(at("RW", "link-inside")));
    attempt("read the prepared link", show(at("RW", "link-out")), ANY_OF(ENOENT));
    symlink(at("SECRET", "token.txt"), at("RW", "own-link"));
    attempt("read the own link", show(at("RW", "own-link")), ANY_OF(ENOENT));
    symlink("../secret/token.txt", at("RW", "relative-link"));
    attempt("read the relative link", show(at("RW", "relative-link")), ANY_OF(ENOENT));
    attempt("write through the link", try_open(at("RW", "link-out"), O_WRONLY), ANY_OF(ENOENT));
    return verdict();
}
