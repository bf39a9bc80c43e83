/*
 * Tries: to turn a descriptor for reading, or one of O_PATH, into one for writing by opening it
 * again through /proc/self/fd, and a descriptor that another process passed.
 * Fails because: what is opened again is the same mount, which is read-only.
 * Stopped by: the read-only mount (EROFS).
 */
#include "attack.h"

int main(void) {
    int own = open(at("RW", "hello.txt"), O_RDONLY);
    twin("reopen a writable file", try_open(format("/proc/self/fd/%d", own), O_RDWR));
    int fd = open(at("RO", "hello.txt"), O_RDONLY);
    attempt("reopen a read-only one", try_open(format("/proc/self/fd/%d", fd), O_RDWR), ANY_OF(EROFS));
    int path = open(at("RO", "hello.txt"), O_PATH);
    attempt("reopen one of O_PATH", try_open(format("/proc/self/fd/%d", path), O_WRONLY | O_TRUNC), ANY_OF(EROFS));
    attempt("truncate by /proc", truncate(format("/proc/self/fd/%d", fd), 0), ANY_OF(EROFS));
    attempt("chmod by descriptor", fchmod(fd, 0777), ANY_OF(EROFS));
    attempt("write a descriptor for reading", write(fd, "x", 1), ANY_OF(EBADF));
    return verdict();
}
