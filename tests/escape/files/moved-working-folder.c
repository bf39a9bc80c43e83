/*
 * Tries: to escape upwards from a working folder that was moved or removed under the process: then
 * `..` is no longer on the way to the root that the process knows.
 * Fails because: the folder's mount ends at the grant, wherever in it the folder is moved to.
 * Stopped by: the mount namespace; a path walk never leaves a mount's own root (ENOENT).
 * @landlock no twin: it makes something new in a folder that holds a denial, which gets no new entries there
 */
#include "attack.h"

int main(void) {
    mkdir(at("RW", "a"), 0755);
    mkdir(at("RW", "a/b"), 0755);
    mkdir(at("RW", "a/b/c"), 0755);
    twin("enter a deep folder", chdir(at("RW", "a/b/c")));
    twin("move it up", rename(at("RW", "a/b/c"), at("RW", "c")));
    attempt("climb from the moved one", show("../secret/token.txt"), ANY_OF(ENOENT));
    attempt("climb further", show("../../secret/token.txt"), ANY_OF(ENOENT));
    mkdir(at("RW", "d"), 0755);
    chdir(at("RW", "d"));
    rmdir(at("RW", "d"));
    attempt("climb from the removed one", show("../secret/token.txt"), ANY_OF(ENOENT));
    attempt("climb two from the removed one", show("../../secret/token.txt"), ANY_OF(ENOENT));
    char up[512] = "";
    for (int i = 0; i < 64; i++) strcat(up, "../");
    chdir(given("RW"));
    attempt("climb above the root", show(format("%s%s", up, at("SECRET", "token.txt") + 1)), ANY_OF(ENOENT));
    return verdict();
}
