/*
 * Tries: to choose the host's route or firewall rules with a mark, SO_MARK, as a root that kept the
 * capability could; in a control message as well.
 * Fails because: the option is refused, and the mark in a message needs a capability.
 * Stopped by: seccomp (EPERM), no capabilities (EPERM).
 * @control root: an ordinary user may not mark either
 */
#include "net.h"

int main(void) {
    int host = dial(ALLOWED, 7);
    twin("SO_PRIORITY", setsockopt(host, SOL_SOCKET, SO_PRIORITY, &(int){1}, sizeof(int)));
    attempt("SO_MARK", setsockopt(host, SOL_SOCKET, SO_MARK, &(int){1}, sizeof(int)), FILTERED);
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control = {
        .header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SO_MARK}};
    struct iovec data = {"x", 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    attempt("a message's", sendmsg(host, &message, 0), ANY_OF(EPERM));
    return verdict();
}
