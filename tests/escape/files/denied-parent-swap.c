/*
 * Tries: to uncover a denied folder by renaming or replacing a folder above it, so that the mask
 * stays behind and the path leads to the real one.
 * Fails because: the kernel lets no folder be renamed from under a mount in another namespace's
 * sight, and where it does, the mask moves along with the real folder.
 * Stopped by: mounts follow their dentry (EBUSY, or the mask is still there: EACCES).
 * @flags --deny=DENIED_DEEP
 * @landlock no twin: it makes something new in a folder that holds a denial, which gets no new entries there
 */
#include "attack.h"

int main(void) {
    twin("rename a folder without masks", mkdir(at("RW", "plain"), 0755) < 0 ? -1 : rename(at("RW", "plain"), at("RW", "plain-2")));
    attempt("read below", show(at("RW", "deep/middle/denied/token.txt")), ANY_OF(EACCES));
    rename(at("RW", "deep/middle"), at("RW", "deep/moved"));
    attempt("read after moving the parent", show(at("RW", "deep/moved/denied/token.txt")), ANY_OF(EACCES, ENOENT));
    rename(at("RW", "deep"), at("RW", "shallow"));
    attempt("read after moving the grandparent", show(at("RW", "shallow/moved/denied/token.txt")), ANY_OF(EACCES, ENOENT));
    attempt("read under the mixed name", show(at("RW", "shallow/middle/denied/token.txt")), ANY_OF(EACCES, ENOENT));
    attempt("read under the old name", show(at("RW", "deep/middle/denied/token.txt")), ANY_OF(EACCES, ENOENT));
    return verdict();
}
