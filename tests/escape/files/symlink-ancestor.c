/*
 * Tries: to reach files outside every grant below a symlinked folder.
 * Fails because: the link's target has no folder in the sandbox's root.
 * Stopped by: the mount namespace (ENOENT).
 * @landlock no twin: it makes something new in a folder that holds a denial, which gets no new entries there
 */
#include "attack.h"

int main(void) {
    twin("make a folder link", symlink("inner-ro", at("RW", "folder-link-inside")));
    twin("read below it", show(at("RW", "folder-link-inside/hello.txt")));
    attempt("read below the prepared link", show(at("RO", "folder-link-out/token.txt")), ANY_OF(ENOENT));
    symlink(given("SECRET"), at("RW", "folder-link"));
    attempt("read below the own link", show(at("RW", "folder-link/token.txt")), ANY_OF(ENOENT));
    attempt("create below the own link", create(at("RW", "folder-link/new"), "x"), ANY_OF(ENOENT));
    attempt("enter the link", chdir(at("RW", "folder-link")), ANY_OF(ENOENT));
    return verdict();
}
