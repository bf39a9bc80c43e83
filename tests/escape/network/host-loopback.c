/*
 * Tries: to reach a service that listens on the host's 127.0.0.1.
 * Fails because: the sandbox has a loopback of its own.
 * Stopped by: the network namespace (ECONNREFUSED).
 * @landlock no twin: without a network there are no sockets but pairs, and no table of the host's
 */
#include "attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static long reach(const char *address, int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, address, &to.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) return -1;
    long result = connect(fd, (struct sockaddr *)&to, sizeof to);
    char buffer[128] = {0};
    if (result == 0 && recv(fd, buffer, sizeof buffer - 1, 0) > 0) printf("received: %s\n", buffer);
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

int main(void) {
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof own;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    twin("listen", bind(server, (struct sockaddr *)&own, sizeof own) < 0 ? -1 : listen(server, 1));
    getsockname(server, (struct sockaddr *)&own, &length);
    int client = socket(AF_INET, SOCK_STREAM, 0);
    twin("connect to oneself", connect(client, (struct sockaddr *)&own, length));
    int port = given_number("TCP_PORT");
    attempt("127.0.0.1", reach("127.0.0.1", port), ANY_OF(ECONNREFUSED));
    attempt("127.0.0.2", reach("127.0.0.2", port), ANY_OF(ECONNREFUSED));
    attempt("0.0.0.0", reach("0.0.0.0", port), ANY_OF(ECONNREFUSED));
    attempt("the sandbox tools' gateway", reach("10.0.2.2", port), ANY_OF(ENETUNREACH));
    return verdict();
}
