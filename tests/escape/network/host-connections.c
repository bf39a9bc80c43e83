/*
 * Tries: to learn the host's sockets from /proc/net: ports, peers, names of unix sockets.
 * Fails because: /proc/net shows the sandbox's own network namespace.
 * Stopped by: the network namespace.
 * @landlock no twin: without a network there are no sockets but pairs, and no table of the host's
 */
#include "attack.h"

static int mentions(const char *path, const char *text) {
    FILE *file = fopen(path, "r");
    char line[1024];
    int found = 0;
    while (file != NULL && fgets(line, sizeof line, file)) {
        if (strcasestr(line, text) != NULL) found = 1;
    }
    if (file != NULL) fclose(file);
    return found;
}

int main(void) {
    twin("own table", show("/proc/net/dev"));
    attempt_that("the host's port", mentions("/proc/net/tcp", format(":%04X ", given_number("TCP_PORT"))), "absent");
    attempt_that("the host's abstract name", mentions("/proc/net/unix", given("ABSTRACT")), "absent");
    attempt_that("the host's path", mentions("/proc/net/unix", given("SOCKET")), "absent");
    attempt_that("through init", mentions("/proc/1/net/unix", given("ABSTRACT")), "absent");
    return verdict();
}
