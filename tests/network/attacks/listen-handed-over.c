/*
 * Tries: to open a port of the host's with a socket that the broker handed over: taken apart, bound
 * to a port, listening.
 * Fails because: bind and listen are the broker's, and it does neither for a socket of the host's.
 * Stopped by: the broker (EINVAL).
 * @launcher host
 */
#include "net.h"

static int reached(const char *address, int port) {
    char answer[64] = "";
    printf("?connect %s %d\n", address, port);
    fflush(stdout);
    return fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "reached\n") == 0;
}

int main(void) {
    int own = tcp();
    twin("a server of its own", listen(own, 1));
    int fd = unaimed();
    attempt("listen", listen(fd, 1), ANY_OF(EINVAL));
    struct sockaddr_in any = endpoint("0.0.0.0", 18555);
    attempt("bind", bind(fd, (struct sockaddr *)&any, sizeof any), ANY_OF(EINVAL));
    attempt("listen once bound", listen(fd, 1), ANY_OF(EINVAL));
    attempt_that("the host's port", reached("127.0.0.1", 18555), "closed");
    return verdict();
}
