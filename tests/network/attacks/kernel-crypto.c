/*
 * Tries: sockets of families that load modules or lead elsewhere: AF_ALG, AF_RDS, AF_TIPC, AF_CAN,
 * AF_BLUETOOTH, AF_XDP, AF_SMC, AF_KCM, AF_QIPCRTR and every other.
 * Fails because: the filter has IPv4, IPv6, Unix and route netlink.
 * Stopped by: seccomp (EAFNOSUPPORT).
 * @control none: it would make the host's kernel load modules
 */
#include "net.h"

int main(void) {
    twin("a stream", tcp());
    for (int family = 3; family < 64; family++) {
        if (family == AF_INET6 || family == AF_NETLINK) continue;
        static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_RDM};
        for (size_t i = 0; i < 5; i++)
            attempt(format("family %d, type %d", family, types[i]), socket(family, types[i], 0), ANY_OF(EAFNOSUPPORT, EPERM));
    }
    return verdict();
}
