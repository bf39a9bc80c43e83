/*
 * Tries: to switch swap on and off, process accounting, quotas; with names that are not there.
 * Fails because: the filter has none of the calls.
 * Stopped by: seccomp (EPERM, ENOSYS).
 * @control root: they need capabilities
 */
#include "attack.h"
#include <sys/quota.h>
#include <sys/swap.h>

int main(void) {
    twin("open a file", try_open(at("RW", "hello.txt"), O_RDONLY));
    attempt("swapon", swapon("/mxc-is-not-there", 0), FILTERED);
    attempt("swapoff", swapoff("/mxc-is-not-there"), FILTERED);
    attempt("acct", syscall(SYS_acct, "/mxc-is-not-there"), FILTERED);
    attempt("quotactl", syscall(SYS_quotactl, QCMD(Q_GETFMT, 0), "/mxc-is-not-there", 0, NULL), FILTERED);
    return verdict();
}
