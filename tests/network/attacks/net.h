/*
 * What the attacks on the network share, besides attack.h. The sandbox may reach 9.9.9.10 and
 * 2600::10 and nothing else, unless the attack's flags say otherwise. Port 666 takes connections
 * everywhere; the test fails when any address but those two gets one.
 */
#ifndef NET_H
#define NET_H
#include "attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>

#define ALLOWED "9.9.9.10"
#define FORBIDDEN "9.9.9.11"
/* Takes packets and answers none. */
#define SILENT "9.9.9.99"
#define TRAP 666
#define CLOSED 81
/* How the broker says no to a destination. */
#define DENIED ANY_OF(EACCES)

static struct sockaddr_in endpoint(const char *address, int port) {
    struct sockaddr_in out = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, address, &out.sin_addr);
    return out;
}

static long aim(int fd, const char *address, int port) {
    struct sockaddr_in to = endpoint(address, port);
    return connect(fd, (struct sockaddr *)&to, sizeof to);
}

static int tcp(void) { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

/* A connected socket, or -1. */
static int dial(const char *address, int port) {
    int fd = tcp();
    if (aim(fd, address, port) == 0) return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static long disconnect(int fd) {
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    return connect(fd, &none, sizeof none);
}

/* One that the broker handed over, connected nowhere any more. */
static int unaimed(void) {
    int fd = dial(ALLOWED, TRAP);
    if (fd >= 0) disconnect(fd);
    return fd;
}

static int peer_is(int fd, const char *address) {
    struct sockaddr_in peer = {0};
    struct in_addr wanted;
    socklen_t size = sizeof peer;
    inet_pton(AF_INET, address, &wanted);
    return getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && peer.sin_addr.s_addr == wanted.s_addr;
}

/* Ends it at once, without a port that waits. */
static void drop(int fd) {
    struct linger at_once = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The broker lives: an honest connection, within seconds. */
static void still_served(void) {
    double begin = seconds();
    int fd = dial(ALLOWED, 80);
    twin("an honest connection", fd);
    errno = ETIMEDOUT;
    twin("within five seconds", seconds() - begin < 5 ? 0 : -1);
    if (fd >= 0) close(fd);
}
#endif
