/*
 * Tries: to connect to a unix socket of the host in a folder that is not granted, also through a
 * symlink in one that is.
 * Fails because: the path is not in the sandbox.
 * Stopped by: the mount namespace (ENOENT).
 * @landlock no twin: without a network there are no sockets but pairs, and no table of the host's
 */
#include "attack.h"

static long reach(const char *path) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    long result = connect(fd, (struct sockaddr *)&to, sizeof to);
    char buffer[128] = {0};
    if (result == 0 && recv(fd, buffer, sizeof buffer - 1, MSG_DONTWAIT) > 0) printf("received: %s\n", buffer);
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

int main(void) {
    struct sockaddr_un own = {.sun_family = AF_UNIX};
    snprintf(own.sun_path, sizeof own.sun_path, "%s", at("RW", "own-socket"));
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    twin("listen in a grant", bind(server, (struct sockaddr *)&own, sizeof own) < 0 ? -1 : listen(server, 1));
    twin("connect to it", reach(at("RW", "own-socket")));
    symlink(given("SOCKET"), at("RW", "socket-link"));
    attempt("the host's", reach(given("SOCKET")), ANY_OF(ENOENT));
    attempt("through a link", reach(at("RW", "socket-link")), ANY_OF(ENOENT));
    attempt("Docker's", reach("/var/run/docker.sock"), ANY_OF(ENOENT));
    attempt("D-Bus'", reach("/run/dbus/system_bus_socket"), ANY_OF(ENOENT));
    return verdict();
}
