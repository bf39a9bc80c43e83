/*
 * Tries: to read and write other processes' memory and descriptors by call: process_vm_readv,
 * process_vm_writev, pidfd_getfd, kcmp, process_madvise.
 * Fails because: the filter refuses them; init is not dumpable.
 * Stopped by: seccomp (EPERM, ENOSYS).
 */
#include "attack.h"
#include <sys/uio.h>

int main(void) {
    char buffer[16] = "local";
    struct iovec local = {buffer, sizeof buffer}, remote = {buffer, sizeof buffer};
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    int pidfd = (int)syscall(434, child, 0);
    int init = (int)syscall(434, 1, 0);
    twin("signal a child", kill(child, 0));
    attempt("read a sibling", process_vm_readv(child, &local, 1, &remote, 1, 0), FILTERED);
    attempt("write a sibling", process_vm_writev(child, &local, 1, &remote, 1, 0), FILTERED);
    attempt("read init", process_vm_readv(1, &local, 1, &remote, 1, 0), FILTERED);
    attempt("a sibling's descriptor", syscall(438, pidfd, 1, 0), ANY_OF(EPERM, ENOSYS, EBADF));
    attempt("init's descriptor", syscall(438, init, 0, 0), ANY_OF(EPERM, ENOSYS, EBADF));
    attempt("kcmp", syscall(SYS_kcmp, getpid(), child, 0, 0, 0), FILTERED);
    kill(child, SIGKILL);
    return verdict();
}
