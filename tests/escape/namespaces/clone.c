/*
 * Tries: to make namespaces with clone, as a thread's flags or with garbage in the high half of the
 * argument, which a sloppy filter compares as well.
 * Fails because: the filter masks the namespace flags out of the whole argument.
 * Stopped by: seccomp (EPERM).
 */
#include "attack.h"

static long raw_clone(unsigned long flags) {
    fflush(stdout);
    long child = syscall(SYS_clone, flags, 0, 0, 0, 0);
    if (child == 0) _exit(0);
    if (child > 0) waitpid((pid_t)child, NULL, __WALL);
    return child;
}

int main(void) {
    twin("clone a process", raw_clone(SIGCHLD));
    attempt("new user namespace", raw_clone(CLONE_NEWUSER | SIGCHLD), FILTERED);
    attempt("new user and mount", raw_clone(CLONE_NEWUSER | CLONE_NEWNS | SIGCHLD), FILTERED);
    attempt("new user and net", raw_clone(CLONE_NEWUSER | CLONE_NEWNET | SIGCHLD), FILTERED);
    attempt("new pid", raw_clone(CLONE_NEWPID | SIGCHLD), FILTERED);
    attempt("with high bits", raw_clone(0xdead000000000000ul | CLONE_NEWUSER | SIGCHLD), FILTERED);
    return verdict();
}
