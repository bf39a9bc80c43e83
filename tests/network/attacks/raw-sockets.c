/*
 * Tries: packets of its own making: raw IPv4 and IPv6 sockets of many protocols.
 * Fails because: the filter allows no raw socket, and the workload has no capability.
 * Stopped by: seccomp (EPERM, EAFNOSUPPORT, EPROTONOSUPPORT).
 * @control root: it takes a capability
 */
#include "net.h"

int main(void) {
    twin("a stream", tcp());
    static const int protocols[] = {1, 2, 4, 6, 17, 41, 47, 50, 58, 89, 255};
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        attempt(format("IPv4 protocol %d", protocols[i]), socket(AF_INET, SOCK_RAW, protocols[i]), ANY_OF(EPERM, EACCES, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EAFNOSUPPORT));
        attempt(format("IPv6 protocol %d", protocols[i]), socket(AF_INET6, SOCK_RAW, protocols[i]), ANY_OF(EPERM, EACCES, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EAFNOSUPPORT));
    }
    attempt("high bits of the type", syscall(SYS_socket, AF_INET, 0x100000000ul | SOCK_RAW, 255), ANY_OF(EPERM, EACCES, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EAFNOSUPPORT));
    attempt("flags of the type", socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 255), ANY_OF(EPERM, EACCES, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EAFNOSUPPORT));
    return verdict();
}
