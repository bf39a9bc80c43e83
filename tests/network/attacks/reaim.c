/*
 * Tries: to connect a socket of the host's anew: taken apart with AF_UNSPEC, and then to another
 * address, the host's loopback and the metadata service; also through a duplicate, a child, and
 * while it is still connected.
 * Fails because: every connect of it is the broker's, by the same rules.
 * Stopped by: the broker (EACCES).
 */
#include "net.h"

static void child(void) {
    int fd = unaimed();
    if (aim(fd, FORBIDDEN, TRAP) == 0) _exit(1);
}

int main(void) {
    int fd = dial(ALLOWED, TRAP);
    twin("a connection", fd);
    attempt("while connected", aim(fd, FORBIDDEN, TRAP), DENIED);
    twin("taking it apart", disconnect(fd));
    attempt("another address", aim(fd, FORBIDDEN, TRAP), DENIED);
    disconnect(fd);
    attempt("the host's loopback", aim(fd, "127.0.0.1", 18099), ANY_OF(EACCES, ECONNREFUSED));
    disconnect(fd);
    attempt("the host's own address", aim(fd, "192.0.2.1", 18099), DENIED);
    disconnect(fd);
    attempt("any address", aim(fd, "0.0.0.0", 18099), ANY_OF(EACCES, ECONNREFUSED));
    disconnect(fd);
    attempt("metadata", aim(fd, "169.254.169.254", 80), DENIED);
    disconnect(fd);
    attempt("a duplicate", aim(dup(fd), FORBIDDEN, TRAP), DENIED);
    attempt_that("in a child", WEXITSTATUS(in_child(child)) != 0, "EACCES");
    disconnect(fd);
    twin("the same address again", aim(fd, ALLOWED, TRAP));
    return verdict();
}
