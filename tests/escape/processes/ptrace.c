/*
 * Tries: to trace init and siblings, and so to run code in a process with more rights.
 * Fails because: the filter refuses ptrace across processes; init is not dumpable.
 * Stopped by: seccomp (EPERM, ENOSYS).
 */
#include "attack.h"
#include <sys/ptrace.h>

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    twin("signal a sibling", kill(child, 0));
    pid_t init = getppid();
    attempt("attach to init", ptrace(PTRACE_ATTACH, 1, NULL, NULL), FILTERED);
    attempt("seize init", ptrace(PTRACE_SEIZE, 1, NULL, NULL), FILTERED);
    attempt("attach to the parent", ptrace(PTRACE_ATTACH, init, NULL, NULL), FILTERED);
    attempt("attach to a sibling", ptrace(PTRACE_ATTACH, child, NULL, NULL), FILTERED);
    kill(child, SIGKILL);
    return verdict();
}
