/*
 * Tries: to aim a socket of the host's by interface: SO_BINDTODEVICE, SO_BINDTOIFINDEX, IP_UNICAST_IF,
 * IPV6_UNICAST_IF.
 * Fails because: only options that aim nothing may be set.
 * Stopped by: seccomp (EPERM, ENOPROTOOPT).
 */
#include "net.h"

int main(void) {
    int host = unaimed();
    twin("SO_KEEPALIVE", setsockopt(host, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int)));
    attempt("SO_BINDTODEVICE", setsockopt(host, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), FILTERED);
    attempt("SO_BINDTOIFINDEX", setsockopt(host, SOL_SOCKET, 62, &(int){1}, sizeof(int)), ANY_OF(ENOPROTOOPT, EPERM));
    attempt("IP_UNICAST_IF", setsockopt(host, IPPROTO_IP, 50, &(int){htonl(1)}, sizeof(int)), ANY_OF(ENOPROTOOPT));
    attempt("IPV6_UNICAST_IF", setsockopt(host, IPPROTO_IPV6, 76, &(int){htonl(1)}, sizeof(int)), ANY_OF(ENOPROTOOPT));
    return verdict();
}
