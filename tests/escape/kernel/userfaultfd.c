/*
 * Tries: to handle page faults itself, which makes races in the kernel easy to win.
 * Fails because: the filter has no userfaultfd, and there is no /dev/userfaultfd.
 * Stopped by: seccomp (EPERM, ENOSYS), the mount namespace (ENOENT).
 */
#include "attack.h"

int main(void) {
    void *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    twin("protect memory", mprotect(page, 4096, PROT_READ));
    attempt("userfaultfd", syscall(SYS_userfaultfd, O_CLOEXEC), FILTERED);
    attempt("userfaultfd for user mode", syscall(SYS_userfaultfd, O_CLOEXEC | 1), FILTERED);
    attempt("/dev/userfaultfd", try_open("/dev/userfaultfd", O_RDWR), ANY_OF(ENOENT));
    return verdict();
}
