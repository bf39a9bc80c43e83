/*
 * Tries: to install segment descriptors and port access, old code that few need and many attacked.
 * Fails because: the filter has none of the calls.
 * Stopped by: seccomp (EPERM, ENOSYS).
 */
#include "attack.h"

int main(void) {
    twin("a call that is allowed", getpid());
#ifdef __x86_64__
    char buffer[16] = {0};
    attempt("modify_ldt read", syscall(SYS_modify_ldt, 0, buffer, sizeof buffer), FILTERED);
    attempt("modify_ldt write", syscall(SYS_modify_ldt, 1, buffer, sizeof buffer), FILTERED);
    attempt("iopl", syscall(SYS_iopl, 3), FILTERED);
    attempt("ioperm", syscall(SYS_ioperm, 0x80, 1, 1), FILTERED);
    attempt("uselib", syscall(SYS_uselib, "/x"), FILTERED);
    attempt("sysfs", syscall(SYS_sysfs, 3), FILTERED);
#endif
    attempt("vhangup", syscall(SYS_vhangup), FILTERED);
    return verdict();
}
