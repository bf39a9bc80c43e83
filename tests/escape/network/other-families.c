/*
 * Tries: sockets of families that reach other places (the hypervisor by VSOCK, Bluetooth) or much
 * kernel code (crypto by ALG, old networks whose modules the kernel loads on demand).
 * Fails because: the filter allows few socket families.
 * Stopped by: seccomp (EAFNOSUPPORT, EPERM).
 * @control none: it would make the host's kernel load modules
 * @landlock no twin: without a network there are no sockets but pairs, and no table of the host's
 */
#include "attack.h"

int main(void) {
    twin("unix", socket(AF_UNIX, SOCK_STREAM, 0));
    twin("a pair", socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]){0}));
    for (int family = 0; family < 64; family++) {
        if (family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK) continue;
        /* Address families of no driver answer the same as a filter. */
        attempt(format("family %d", family), socket(family, SOCK_DGRAM, 0), ANY_OF(EAFNOSUPPORT, EPERM));
        attempt(format("family %d, stream", family), socket(family, SOCK_STREAM, 0), ANY_OF(EAFNOSUPPORT, EPERM));
        attempt(format("family %d, packets", family), socket(family, SOCK_SEQPACKET, 0), ANY_OF(EAFNOSUPPORT, EPERM));
    }
    attempt("high bits of the family", syscall(SYS_socket, 0x100000000ul | 38, SOCK_SEQPACKET, 0), ANY_OF(EAFNOSUPPORT, EPERM));
    return verdict();
}
