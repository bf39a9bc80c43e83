/*
 * Tries: netlink beyond routes: audit, uevents, netfilter, connector, crypto; and to change the
 * network through the route family.
 * Fails because: the filter allows the route family alone, and changes need a capability.
 * Stopped by: seccomp (EPERM, EPROTONOSUPPORT), no capabilities (EPERM).
 * @landlock no twin: without a network there are no sockets but pairs, and no table of the host's
 */
#include "attack.h"
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

int main(void) {
    int route = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    twin("routes", route);
    for (int protocol = 1; protocol < 23; protocol++) {
        attempt(format("protocol %d", protocol), socket(AF_NETLINK, SOCK_RAW, protocol), ANY_OF(EPERM, EPROTONOSUPPORT, EAFNOSUPPORT, EACCES));
    }
    struct { struct nlmsghdr header; struct ifinfomsg body; } request = {
        {sizeof request, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0},
        /* A change to no interface: harmless where it is let through. */
        {.ifi_family = AF_UNSPEC, .ifi_index = 0x7ffffff0, .ifi_flags = IFF_UP, .ifi_change = IFF_UP},
    };
    struct { struct nlmsghdr header; struct nlmsgerr error; char rest[256]; } answer = {0};
    send(route, &request, sizeof request, 0);
    long count = recv(route, &answer, sizeof answer, MSG_DONTWAIT);
    errno = count > 0 && answer.header.nlmsg_type == NLMSG_ERROR ? -answer.error.error : 0;
    if (route >= 0) attempt("change a link", errno == 0 ? 0 : -1, ANY_OF(EPERM));
    return verdict();
}
