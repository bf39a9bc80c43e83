/*
 * Tries: to connect to an abstract unix socket of the host (as the X server's, D-Bus').
 * Fails because: abstract names belong to the network namespace.
 * Stopped by: the network namespace (ECONNREFUSED); Landlock's scopes behind it.
 * @landlock no twin: without a network there are no sockets but pairs, and no table of the host's
 */
#include "attack.h"

static long reach(const char *name) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strcpy(to.sun_path + 1, name);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    long result = connect(fd, (struct sockaddr *)&to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name)));
    char buffer[128] = {0};
    if (result == 0 && recv(fd, buffer, sizeof buffer - 1, MSG_DONTWAIT | MSG_WAITALL) > 0) printf("received: %s\n", buffer);
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

int main(void) {
    struct sockaddr_un own = {.sun_family = AF_UNIX};
    strcpy(own.sun_path + 1, "mxc-own");
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    twin("an abstract name of one's own", bind(server, (struct sockaddr *)&own, offsetof(struct sockaddr_un, sun_path) + 8));
    listen(server, 1);
    twin("connect to it", reach("mxc-own"));
    attempt("the host's", reach(given("ABSTRACT")), ANY_OF(ECONNREFUSED));
    attempt("the X server's", reach("/tmp/.X11-unix/X0"), ANY_OF(ECONNREFUSED));
    return verdict();
}
