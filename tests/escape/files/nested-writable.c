/*
 * Tries: to use the writable folder nested in a read-only one for writing around it.
 * Fails because: only the inner mount is writable; `..` leads to the outer one.
 * Stopped by: the read-only mount (EROFS, EXDEV).
 */
#include "attack.h"

int main(void) {
    twin("write in the inner one", create(at("RO", "inner-rw/new"), "x"));
    attempt("write by ..", create(at("RO", "inner-rw/../new"), "x"), ANY_OF(EROFS, EACCES));
    attempt("move by ..", rename(at("RO", "inner-rw/new"), at("RO", "inner-rw/../new")), ANY_OF(EROFS, EXDEV, EACCES));
    attempt("rename the inner folder", rename(at("RO", "inner-rw"), at("RO", "gone")), ANY_OF(EROFS, EBUSY, EACCES));
    int inner = open(at("RO", "inner-rw"), O_RDONLY | O_DIRECTORY);
    attempt("openat ..", openat(inner, "../hello.txt", O_WRONLY), ANY_OF(EROFS, EACCES));
    return verdict();
}
