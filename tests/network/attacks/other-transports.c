/*
 * Tries: transports that the broker does not know as TCP: SCTP, DCCP, MPTCP, UDP-Lite, SMC, L2TP.
 * Fails because: the filter allows TCP, UDP and pings by protocol number.
 * Stopped by: seccomp (EPROTONOSUPPORT, EAFNOSUPPORT, EPERM).
 * @control none: it would make the host's kernel load modules
 */
#include "net.h"

int main(void) {
    twin("TCP by number", socket(AF_INET, SOCK_STREAM, IPPROTO_TCP));
    static const struct { const char *name; int type, protocol; } ways[] = {
        {"SCTP", SOCK_STREAM, 132}, {"SCTP, packets", SOCK_SEQPACKET, 132}, {"DCCP", 6, 33}, {"MPTCP", SOCK_STREAM, 262},
        {"UDP-Lite", SOCK_DGRAM, 136}, {"SMC", SOCK_STREAM, 256}, {"L2TP", SOCK_DGRAM, 115},
        {"high bits of the protocol", SOCK_STREAM, 0x40000000 | 6},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        attempt(ways[i].name, socket(AF_INET, ways[i].type, ways[i].protocol), ANY_OF(EPROTONOSUPPORT, EAFNOSUPPORT, EPERM, ESOCKTNOSUPPORT, EINVAL));
        attempt(format("%s, IPv6", ways[i].name), socket(AF_INET6, ways[i].type, ways[i].protocol), ANY_OF(EPROTONOSUPPORT, EAFNOSUPPORT, EPERM, ESOCKTNOSUPPORT, EINVAL));
    }
    return verdict();
}
