/*
 * Tries: to send by way of another host: loose and strict source routes as option and as control
 * message, IPv6 routing headers.
 * Fails because: the options are refused; a connected socket of the host's takes no options with a
 * message without a capability, and datagrams of the sandbox's are taken apart.
 * Stopped by: seccomp (ENOPROTOOPT), the kernel (EPERM), the broker.
 */
#include "net.h"

int main(void) {
    int host = dial(ALLOWED, 7);
    twin("sending", send(host, "x", 1, 0));
    static const unsigned char loose[] = {131, 7, 4, 9, 9, 9, 11, 0}, strict[] = {137, 7, 4, 9, 9, 9, 11, 0};
    attempt("loose", setsockopt(host, IPPROTO_IP, IP_OPTIONS, loose, sizeof loose), ANY_OF(ENOPROTOOPT));
    attempt("strict", setsockopt(host, IPPROTO_IP, IP_OPTIONS, strict, sizeof strict), ANY_OF(ENOPROTOOPT));
    attempt("a new socket", setsockopt(tcp(), IPPROTO_IP, IP_OPTIONS, loose, sizeof loose), ANY_OF(ENOPROTOOPT));
    unsigned char routing[24] = {0, 2, 0, 1};
    int six = socket(AF_INET6, SOCK_STREAM, 0);
    attempt("IPV6_RTHDR", setsockopt(six, IPPROTO_IPV6, IPV6_RTHDR, routing, sizeof routing), ANY_OF(ENOPROTOOPT));
    attempt("IPV6_HOPOPTS", setsockopt(six, IPPROTO_IPV6, IPV6_HOPOPTS, (char[8]){0}, 8), ANY_OF(ENOPROTOOPT));
    return verdict();
}
