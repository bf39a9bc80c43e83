/*
 * Tries: frames of its own making on the tun device, which the broker reads: AF_PACKET, SOCK_PACKET.
 * Fails because: the filter has no such family.
 * Stopped by: seccomp (EAFNOSUPPORT, EPERM).
 * @control root: it takes a capability
 */
#include "net.h"

int main(void) {
    twin("a datagram socket", socket(AF_INET, SOCK_DGRAM, 0));
    attempt("raw", socket(AF_PACKET, SOCK_RAW, htons(3)), ANY_OF(EAFNOSUPPORT, EPERM));
    attempt("datagrams", socket(AF_PACKET, SOCK_DGRAM, htons(3)), ANY_OF(EAFNOSUPPORT, EPERM));
    attempt("the old kind", socket(AF_INET, SOCK_PACKET, htons(3)), ANY_OF(EAFNOSUPPORT, EPERM, ESOCKTNOSUPPORT, EPROTONOSUPPORT, EINVAL));
    return verdict();
}
