/*
 * Tries: to climb out of a granted folder from a descriptor of it, by `..` and by /proc/self/fd.
 * Fails because: above the grant's mount there are only the sandbox's own empty folders.
 * Stopped by: the mount namespace (ENOENT).
 * @landlock no twin: it makes something new in a folder that holds a denial, which gets no new entries there
 */
#include "attack.h"

int main(void) {
    int folder = open(given("RW"), O_RDONLY | O_DIRECTORY);
    int hello = openat(folder, "hello.txt", O_RDONLY);
    twin("openat below a folder", hello);
    attempt("openat ..", openat(folder, "../secret/token.txt", O_RDONLY), ANY_OF(ENOENT));
    attempt("/proc/self/fd/N/..", show(format("/proc/self/fd/%d/../secret/token.txt", folder)), ANY_OF(ENOENT));
    fchdir(folder);
    attempt("fchdir and ..", show("../secret/token.txt"), ANY_OF(ENOENT));
    int parent = openat(folder, "..", O_PATH);
    attempt("O_PATH of ..", openat(parent, "secret", O_PATH), ANY_OF(ENOENT));
    attempt("create beside the grant", create("../beside", "x"), ANY_OF(EROFS, EACCES));
    return verdict();
}
