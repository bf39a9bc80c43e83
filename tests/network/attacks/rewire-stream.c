/*
 * Tries: to rewrite a connection of the host's: TCP_REPAIR (sequence numbers, peer), TCP_ULP (loads
 * protocols), SO_ATTACH_BPF, SO_REUSEPORT programs, netfilter's options.
 * Fails because: only options that aim nothing may be set.
 * Stopped by: seccomp (ENOPROTOOPT, EPERM).
 * @control root: repairing takes a capability
 */
#include "net.h"

int main(void) {
    int host = unaimed();
    twin("TCP_NODELAY", setsockopt(host, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)));
    const int *no = ANY_OF(ENOPROTOOPT, EPERM);
    attempt("TCP_REPAIR", setsockopt(host, IPPROTO_TCP, TCP_REPAIR, &(int){1}, sizeof(int)), no);
    attempt("TCP_ULP", setsockopt(host, IPPROTO_TCP, TCP_ULP, "tls", 4), no);
    attempt("TCP_MD5SIG", setsockopt(host, IPPROTO_TCP, 14, (char[256]){0}, 256), no);
    attempt("SO_ATTACH_BPF", setsockopt(host, SOL_SOCKET, 50, &(int){-1}, sizeof(int)), no);
    attempt("SO_ATTACH_REUSEPORT_EBPF", setsockopt(host, SOL_SOCKET, 52, &(int){-1}, sizeof(int)), no);
    attempt("netfilter", setsockopt(host, IPPROTO_IP, 64, (char[256]){0}, 256), no);
    return verdict();
}
