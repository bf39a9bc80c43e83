/*
 * Tries: to get at the broker itself, or at what it holds: its memory, descriptors and signals, by
 * every process number; the sandbox's PID 1, which made its sockets.
 * Fails because: the broker is in another pid namespace, and PID 1 is closed to tracing.
 * Stopped by: the pid namespace (ESRCH), seccomp (EPERM, ENOSYS).
 * @control root: it takes a capability
 */
#include "net.h"
#include <sys/uio.h>

int main(void) {
    twin("its own pidfd", syscall(434, getpid(), 0));
    const int *no = ANY_OF(EPERM, ENOSYS, ESRCH, EACCES, EBADF, ENOENT);
    long files = 0;
    for (pid_t pid = 1; pid < 300; pid++) {
        if (pid == getpid() || pid == getpgrp()) continue;
        int pidfd = (int)syscall(434, pid, 0);
        if (pidfd < 0) continue;
        for (int fd = 0; fd < 32; fd++) files += syscall(438, pidfd, fd, 0) >= 0;
        close(pidfd);
    }
    attempt_that("descriptors of others", files > 0, "none");
    char byte;
    struct iovec here = {&byte, 1}, there = {(void *)0x400000, 1};
    attempt("PID 1's memory", process_vm_readv(1, &here, 1, &there, 1, 0), no);
    attempt("PID 1's descriptors", open("/proc/1/fd", O_RDONLY), no);
    still_served();
    return verdict();
}
