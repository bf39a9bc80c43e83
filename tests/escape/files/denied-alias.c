/*
 * Tries: to read a denied file under its other hard-linked names, in another granted folder too.
 * Fails because: every alias in granted folders is found by inode and masked as well.
 * Stopped by: the plan's alias search and a mount over each (EACCES).
 */
#include "attack.h"

int main(void) {
    twin("the neighbour is readable", show(at("RW", "hello.txt")));
    attempt("read the alias beside it", show(at("RW", "alias.txt")), ANY_OF(EACCES));
    attempt("read the alias in another grant", show(at("RO", "alias.txt")), ANY_OF(EACCES));
    attempt("write the alias", try_open(at("RW", "alias.txt"), O_WRONLY), ANY_OF(EACCES, EROFS));
    attempt("link the alias", link(at("RW", "alias.txt"), at("RW", "alias-again")), ANY_OF(EXDEV, EPERM));
    return verdict();
}
