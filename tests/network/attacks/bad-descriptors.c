/*
 * Tries: descriptors that are none or no sockets: closed, negative, huge, O_PATH, a directory, an
 * epoll set, a pidfd, a netlink socket.
 * Fails because: each gets the error that the kernel gives, and the broker goes on.
 * Stopped by: the broker (EBADF, ENOTSOCK).
 * @control none: there is no broker to bring down
 */
#include "net.h"
#include <sys/epoll.h>

int main(void) {
    const struct { const char *what; int fd; } files[] = {
        {"closed", 777}, {"-1", -1}, {"AT_FDCWD", -100}, {"huge", 2147483647}, {"least", -2147483647 - 1},
        {"a folder", open("/", O_RDONLY | O_DIRECTORY)}, {"O_PATH", open("/", O_PATH)}, {"an epoll set", epoll_create1(0)},
        {"a memfd", memfd_create("x", 0)}, {"a pidfd", (int)syscall(434, getpid(), 0)},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        attempt(format("connect: %s", files[i].what), aim(files[i].fd, ALLOWED, TRAP), ANY_OF(EBADF, ENOTSOCK));
        attempt(format("listen: %s", files[i].what), listen(files[i].fd, 1), ANY_OF(EBADF, ENOTSOCK));
        struct sockaddr_in any = {.sin_family = AF_INET};
        attempt(format("bind: %s", files[i].what), bind(files[i].fd, (struct sockaddr *)&any, sizeof any), ANY_OF(EBADF, ENOTSOCK));
    }
    attempt("netlink", aim(socket(AF_NETLINK, SOCK_RAW, 0), FORBIDDEN, TRAP), ANY_OF(EINVAL, EAFNOSUPPORT));
    still_served();
    return verdict();
}
