/*
 * Tries: to make a user namespace with clone3, whose flags are in memory, where no filter sees
 * them; also clone into a cgroup.
 * Fails because: the filter answers as if the kernel had no clone3, so that libc uses clone.
 * Stopped by: seccomp (ENOSYS).
 */
#include "attack.h"

static long raw_clone3(uint64_t flags) {
    uint64_t arguments[11] = {flags, 0, 0, 0, SIGCHLD};
    fflush(stdout);
    long child = syscall(435, arguments, 64);
    if (child == 0) _exit(0);
    if (child > 0) waitpid((pid_t)child, NULL, 0);
    return child;
}

int main(void) {
    twin("fork", in_child(do_nothing));
    attempt("new user namespace", raw_clone3(CLONE_NEWUSER), FILTERED);
    attempt("new user and mount", raw_clone3(CLONE_NEWUSER | CLONE_NEWNS), FILTERED);
    attempt("too short arguments", syscall(435, NULL, 0), FILTERED);
    return verdict();
}
