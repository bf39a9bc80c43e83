/*
 * Tries: to change the sandbox's network, so that packets go another way: a route, an address, a
 * link, a rule, a neighbour, by route netlink.
 * Fails because: changes need a capability in the network namespace, and the workload has none.
 * Stopped by: no capabilities (EPERM).
 * @control root: it takes a capability
 */
#include "net.h"
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

static int netlink;

/* The kernel's answer to a request that is well-formed but for its content, which it would look at
 * after the permission: EINVAL and the like count as let through. */
static long request(int type) {
    struct { struct nlmsghdr header; char body[64]; } message = {{sizeof message, (uint16_t)type, NLM_F_REQUEST | NLM_F_ACK, 1, 0}, {0}};
    struct { struct nlmsghdr header; struct nlmsgerr error; char rest[512]; } answer = {0};
    if (send(netlink, &message, sizeof message, 0) < 0) return -1;
    long count = recv(netlink, &answer, sizeof answer, 0);
    if (count < 0) return -1;
    if (answer.header.nlmsg_type != NLMSG_ERROR) return 0;
    errno = -answer.error.error;
    return errno == 0 ? 0 : -1;
}

int main(void) {
    netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    twin("netlink", netlink);
    static const int types[] = {RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR, RTM_NEWROUTE, RTM_DELROUTE,
        RTM_NEWNEIGH, RTM_NEWRULE, RTM_NEWQDISC, RTM_NEWTFILTER};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        attempt(format("type %d", types[i]), request(types[i]), ANY_OF(EPERM, EOPNOTSUPP));
    return verdict();
}
