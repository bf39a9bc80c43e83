/*
 * Tries: to serve the host: a listening socket on every address of its own.
 * Fails because: it listens in the sandbox's network, and nothing is published unless the policy
 * says so.
 * Stopped by: the network namespace.
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
    int fd = tcp();
    struct sockaddr_in any = endpoint("0.0.0.0", 18777);
    twin("bind", bind(fd, (struct sockaddr *)&any, sizeof any));
    twin("listen", listen(fd, 8));
    int client = dial("127.0.0.1", 18777);
    twin("a client of its own", client);
    attempt_that("the host's loopback", reached("127.0.0.1", 18777), "closed");
    attempt_that("the host's address", reached("192.0.2.1", 18777), "closed");
    return verdict();
}
