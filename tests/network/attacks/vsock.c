/*
 * Tries: to reach the hypervisor and other guests by VSOCK.
 * Fails because: the filter has no such family.
 * Stopped by: seccomp (EAFNOSUPPORT).
 * @control none: a machine may have no VSOCK
 */
#include "net.h"

int main(void) {
    twin("a stream", tcp());
    attempt("a stream to the hypervisor", socket(40, SOCK_STREAM, 0), ANY_OF(EAFNOSUPPORT));
    attempt("datagrams", socket(40, SOCK_DGRAM, 0), ANY_OF(EAFNOSUPPORT));
    attempt("packets", socket(40, SOCK_SEQPACKET, 0), ANY_OF(EAFNOSUPPORT));
    return verdict();
}
