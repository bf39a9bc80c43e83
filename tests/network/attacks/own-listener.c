/*
 * Tries: to take the broker's place: a filter of its own with a listener, which would answer the
 * workload's connects with "continue".
 * Fails because: the filter refuses the flag, and a process has one listener at most.
 * Stopped by: seccomp (EBUSY).
 */
#include "net.h"
#include <linux/filter.h>
#include <linux/seccomp.h>

int main(void) {
    struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {1, allow};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    twin("a filter of its own", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
    attempt("a listener", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program), ANY_OF(EBUSY));
    attempt("with other flags", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC | 16, &program), ANY_OF(EBUSY));
    attempt("with high bits", syscall(SYS_seccomp, 0x100000000ul | SECCOMP_SET_MODE_FILTER, 0x100000000ul | SECCOMP_FILTER_FLAG_NEW_LISTENER, &program), ANY_OF(EBUSY));
    return verdict();
}
