/*
 * Tries: to connect by sending, sendmsg(2) with MSG_FASTOPEN, which is no connect(2): a new socket, and
 * one of the host's.
 * Fails because: the filter refuses the flag by value.
 * Stopped by: seccomp (EOPNOTSUPP), as where a kernel has TCP Fast Open switched off.
 */
#include "net.h"

static long send_first(int fd) {
    struct sockaddr_in to = endpoint(FORBIDDEN, TRAP);
    struct iovec data = {"x", 1};
    struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &data, .msg_iovlen = 1};
    return sendmsg(fd, &message, MSG_FASTOPEN | MSG_DONTWAIT);
}

int main(void) {
    int host = dial(ALLOWED, 7);
    twin("sending", send(host, "x", 1, 0));
    attempt("a new socket", send_first(tcp()), ANY_OF(EOPNOTSUPP));
    attempt("a connected one of the host's", send_first(host), ANY_OF(EOPNOTSUPP));
    attempt("one of the host's", send_first(unaimed()), ANY_OF(EOPNOTSUPP));
    return verdict();
}
