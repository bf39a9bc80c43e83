/*
 * Tries: TCP_FASTOPEN_CONNECT, after which connect(2) only notes the address and the first write
 * connects; and TCP_FASTOPEN_KEY.
 * Fails because: only options that aim nothing may be set.
 * Stopped by: seccomp (ENOPROTOOPT).
 */
#include "net.h"

int main(void) {
    int host = unaimed();
    twin("TCP_NODELAY", setsockopt(host, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)));
    attempt("a new socket", setsockopt(tcp(), IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &(int){1}, sizeof(int)), ANY_OF(ENOPROTOOPT));
    attempt("one of the host's", setsockopt(host, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &(int){1}, sizeof(int)), ANY_OF(ENOPROTOOPT));
    attempt("high bits of the level", syscall(SYS_setsockopt, host, 0x100000000ul | IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &(int){1}, sizeof(int)), ANY_OF(ENOPROTOOPT));
    return verdict();
}
