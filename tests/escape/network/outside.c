/*
 * Tries: to reach the world: TCP, UDP, the cloud's metadata service, IPv6, multicast.
 * Fails because: the network namespace has no interface besides loopback, and no route.
 * Stopped by: the network namespace (ENETUNREACH, EADDRNOTAVAIL).
 * @landlock no twin: without a network there are no sockets but pairs, and no table of the host's
 */
#include "attack.h"
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

static long send_to(const char *address, int port, int type) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, address, &to.sin_addr);
    int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
    long result = type == SOCK_STREAM ? connect(fd, (struct sockaddr *)&to, sizeof to)
                                      : sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof to);
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

int main(void) {
    twin("a loopback interface", if_nametoindex("lo") == 0 ? -1 : 0);
    attempt("TCP", send_to("192.0.2.1", 443, SOCK_STREAM), ANY_OF(ENETUNREACH));
    attempt("UDP", send_to("192.0.2.1", 53, SOCK_DGRAM), ANY_OF(ENETUNREACH));
    attempt("metadata", send_to("169.254.169.254", 80, SOCK_STREAM), ANY_OF(ENETUNREACH));
    attempt("private network", send_to("10.0.0.1", 22, SOCK_STREAM), ANY_OF(ENETUNREACH));
    attempt("multicast", send_to("239.1.2.3", 5000, SOCK_DGRAM), ANY_OF(ENETUNREACH));
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(443)};
    inet_pton(AF_INET6, "2001:db8::1", &to.sin6_addr);
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    attempt("IPv6", fd < 0 ? -1 : connect(fd, (struct sockaddr *)&to, sizeof to), ANY_OF(ENETUNREACH, EADDRNOTAVAIL, EAFNOSUPPORT));
    struct if_nameindex *interfaces = if_nameindex();
    int others = 0;
    for (struct if_nameindex *i = interfaces; i != NULL && i->if_index != 0; i++) {
        if (strcmp(i->if_name, "lo") != 0) others++;
    }
    attempt_that("other interfaces", others > 0, "only lo");
    return verdict();
}
