/*
 * Tries: to load another kernel. The arguments are ones that the kernel refuses.
 * Fails because: the filter has none of the calls.
 * Stopped by: seccomp (EPERM, ENOSYS).
 * @control none: many kernels have none of it
 */
#include "attack.h"

int main(void) {
    twin("a call that is allowed", getpid());
    attempt("kexec_load", syscall(SYS_kexec_load, 0, 1000000, NULL, 0xffff0000), FILTERED);
    attempt("kexec_file_load", syscall(SYS_kexec_file_load, -1, -1, 0, NULL, ~0ul), FILTERED);
    return verdict();
}
