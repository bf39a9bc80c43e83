/*
 * Tries: to speak from an address that is not its own: IP_FREEBIND, IP_TRANSPARENT and their IPv6
 * kind, and bind(2) to the host's and to foreign addresses.
 * Fails because: the options are refused, and those addresses are not the sandbox's.
 * Stopped by: seccomp (ENOPROTOOPT), the network namespace (EADDRNOTAVAIL), the broker (EINVAL).
 */
#include "net.h"

int main(void) {
    int host = unaimed();
    twin("bind inside", bind(tcp(), (struct sockaddr *)&(struct sockaddr_in){.sin_family = AF_INET}, sizeof(struct sockaddr_in)));
    attempt("IP_FREEBIND", setsockopt(host, IPPROTO_IP, IP_FREEBIND, &(int){1}, sizeof(int)), ANY_OF(ENOPROTOOPT));
    attempt("IP_TRANSPARENT", setsockopt(host, IPPROTO_IP, IP_TRANSPARENT, &(int){1}, sizeof(int)), ANY_OF(ENOPROTOOPT));
    attempt("IPV6_FREEBIND", setsockopt(host, IPPROTO_IPV6, 78, &(int){1}, sizeof(int)), ANY_OF(ENOPROTOOPT));
    attempt("IPV6_TRANSPARENT", setsockopt(host, IPPROTO_IPV6, 75, &(int){1}, sizeof(int)), ANY_OF(ENOPROTOOPT));
    struct sockaddr_in own = endpoint("192.0.2.1", 0), foreign = endpoint("8.8.8.8", 0);
    attempt("the host's address", bind(tcp(), (struct sockaddr *)&own, sizeof own), ANY_OF(EADDRNOTAVAIL));
    attempt("the host's address on its socket", bind(host, (struct sockaddr *)&own, sizeof own), ANY_OF(EINVAL));
    attempt("a foreign address", bind(tcp(), (struct sockaddr *)&foreign, sizeof foreign), ANY_OF(EADDRNOTAVAIL));
    attempt("a foreign address on its socket", bind(host, (struct sockaddr *)&foreign, sizeof foreign), ANY_OF(EINVAL));
    return verdict();
}
