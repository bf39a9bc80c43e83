/*
 * Tries: netlink that is not routes: sock_diag (others' connections), netfilter (the rules), xfrm,
 * audit, uevents, generic netlink.
 * Fails because: the filter allows the route family alone.
 * Stopped by: seccomp (EPERM, EPROTONOSUPPORT, EAFNOSUPPORT).
 */
#include "net.h"

int main(void) {
    twin("routes", socket(AF_NETLINK, SOCK_RAW, 0));
    for (int protocol = 1; protocol < 24; protocol++) {
        attempt(format("protocol %d", protocol), socket(AF_NETLINK, SOCK_RAW, protocol), ANY_OF(EPERM, EPROTONOSUPPORT, EAFNOSUPPORT, EACCES));
        attempt(format("protocol %d, datagrams", protocol), socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, protocol), ANY_OF(EPERM, EPROTONOSUPPORT, EAFNOSUPPORT, EACCES));
    }
    return verdict();
}
