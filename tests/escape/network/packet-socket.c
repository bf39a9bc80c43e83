/*
 * Tries: to see and forge packets below TCP and UDP: packet sockets, raw sockets, XDP.
 * Fails because: the filter allows few socket families and types, and there is no capability.
 * Stopped by: seccomp (EPERM, EAFNOSUPPORT, ESOCKTNOSUPPORT).
 * @control root: they need a capability
 * @landlock no twin: without a network there are no sockets but pairs, and no table of the host's
 */
#include "attack.h"
#include <netinet/in.h>

int main(void) {
    int const *no = ANY_OF(EPERM, EAFNOSUPPORT, ESOCKTNOSUPPORT, EPROTONOSUPPORT, EACCES);
    twin("UDP", socket(AF_INET, SOCK_DGRAM, 0));
    attempt("packets", socket(17, SOCK_RAW, 0x300), no);
    attempt("datagrams of packets", socket(17, SOCK_DGRAM, 0x300), no);
    attempt("raw ICMP", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), no);
    attempt("raw IP", socket(AF_INET, SOCK_RAW, IPPROTO_RAW), no);
    attempt("raw IPv6", socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6), no);
    attempt("XDP", socket(44, SOCK_RAW, 0), no);
    attempt("SOCK_PACKET", socket(AF_INET, 10, 0), ANY_OF(EPERM, EAFNOSUPPORT, ESOCKTNOSUPPORT, EPROTONOSUPPORT, EINVAL));
    return verdict();
}
