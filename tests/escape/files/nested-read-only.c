/*
 * Tries: to write into a read-only folder nested in a writable one, or to move it out of its way.
 * Fails because: the inner grant is a read-only mount of its own, and the place of a mount cannot
 * be renamed or removed.
 * Stopped by: the mount namespace (EROFS, EBUSY).
 * @landlock no twin: it makes something new in a folder that holds a denial, which gets no new entries there
 */
#include "attack.h"

int main(void) {
    twin("write beside it", create(at("RW", "beside"), "x"));
    twin("read in it", show(at("RW", "inner-ro/hello.txt")));
    attempt("write in it", try_open(at("RW", "inner-ro/hello.txt"), O_WRONLY), ANY_OF(EROFS, EACCES));
    attempt("create in it", create(at("RW", "inner-ro/new"), "x"), ANY_OF(EROFS, EACCES));
    attempt("rename it", rename(at("RW", "inner-ro"), at("RW", "moved")), ANY_OF(EBUSY));
    attempt("remove it", rmdir(at("RW", "inner-ro")), ANY_OF(EBUSY));
    attempt("replace it", mkdir(at("RW", "other"), 0755) < 0 ? -1 : rename(at("RW", "other"), at("RW", "inner-ro")), ANY_OF(EBUSY));
    attempt("write by ..", create(at("RW", "scratch/../inner-ro/new"), "x"), ANY_OF(EROFS, EACCES));
    return verdict();
}
