/*
 * Tries: to restart or stop the host. The magic numbers are wrong: nothing happens where the call
 * is let through.
 * Fails because: the filter has no reboot.
 * Stopped by: seccomp (EPERM, ENOSYS).
 * @control root: it needs a capability
 */
#include "attack.h"

int main(void) {
    twin("a call that is allowed", getpid());
    attempt("reboot", syscall(SYS_reboot, 1, 2, 3, NULL), FILTERED);
    return verdict();
}
