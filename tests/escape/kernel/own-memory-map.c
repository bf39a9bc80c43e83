/*
 * Tries: to change what /proc says of a process (its arguments, program, brk) with prctl, as
 * rootkits do to hide; and to forge a checkpoint's state.
 * Fails because: the filter does not have that option of prctl.
 * Stopped by: seccomp (EINVAL, as a kernel without it); CAP_SYS_RESOURCE behind it.
 * @control none: it needs CAP_SYS_RESOURCE, which root may lack in a container
 */
#include "attack.h"

int main(void) {
    twin("set a name", prctl(PR_SET_NAME, "mxc-test", 0, 0, 0));
    attempt("brk", prctl(PR_SET_MM, PR_SET_MM_BRK, 1, 0, 0), ANY_OF(EPERM, ENOSYS, EINVAL));
    attempt("program", prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, -1, 0, 0), ANY_OF(EPERM, ENOSYS, EINVAL));
    return verdict();
}
