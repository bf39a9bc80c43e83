/*
 * Tries: to join the host's groups and to send to them: IP_ADD_MEMBERSHIP, MCAST_JOIN_GROUP,
 * IPV6_JOIN_GROUP, datagrams to mDNS and SSDP.
 * Fails because: joins are refused, and groups are no destination of a rule.
 * Stopped by: seccomp (ENOPROTOOPT), the broker.
 */
#include "net.h"

int main(void) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    twin("a time to live", setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &(int){1}, sizeof(int)));
    struct ip_mreqn group = {.imr_multiaddr = endpoint("224.0.0.251", 0).sin_addr};
    attempt("IP_ADD_MEMBERSHIP", setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group), ANY_OF(ENOPROTOOPT));
    attempt("on one of the host's", setsockopt(unaimed(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group), ANY_OF(ENOPROTOOPT));
    struct group_req request = {0};
    struct sockaddr_in address = endpoint("224.0.0.251", 0);
    memcpy(&request.gr_group, &address, sizeof address);
    attempt("MCAST_JOIN_GROUP", setsockopt(fd, IPPROTO_IP, MCAST_JOIN_GROUP, &request, sizeof request), ANY_OF(ENOPROTOOPT));
    struct ipv6_mreq group6 = {.ipv6mr_multiaddr = {{{0xff, 2, [15] = 0xfb}}}};
    attempt("IPV6_JOIN_GROUP", setsockopt(socket(AF_INET6, SOCK_DGRAM, 0), IPPROTO_IPV6, IPV6_JOIN_GROUP, &group6, sizeof group6), ANY_OF(ENOPROTOOPT));
    return verdict();
}
