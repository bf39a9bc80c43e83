/*
 * Tries: to raise its own limits again, or to change those of init and its scheduling.
 * Fails because: raising a hard limit needs CAP_SYS_RESOURCE, real-time scheduling CAP_SYS_NICE.
 * Stopped by: no capabilities (EPERM); seccomp where it refuses the call.
 * @control root: raising needs a capability
 */
#include "attack.h"
#include <sys/resource.h>

int main(void) {
    struct rlimit limit, more = {RLIM_INFINITY, RLIM_INFINITY};
    struct sched_param priority;
    memset(&priority, 0, sizeof priority);
    priority.sched_priority = 1;
    twin("set a limit to what it is", getrlimit(RLIMIT_NOFILE, &limit) < 0 ? -1 : setrlimit(RLIMIT_NOFILE, &limit));
    attempt("raise the process limit", setrlimit(RLIMIT_NPROC, &more), ANY_OF(EPERM));
    attempt("raise the core limit", setrlimit(RLIMIT_CORE, &more), ANY_OF(EPERM));
    limit.rlim_max = limit.rlim_cur = 1 << 22;
    /* Of init in a sandbox; outside, of a process that is not there. */
    pid_t init = getppid() == 1 ? 1 : 1 << 22;
    attempt("set init's limits", syscall(SYS_prlimit64, init, RLIMIT_NOFILE, &limit, NULL), ANY_OF(EPERM));
    attempt("lower niceness", setpriority(PRIO_PROCESS, 0, -20), ANY_OF(EACCES, EPERM));
    attempt("real-time scheduling", syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &priority), FILTERED);
    attempt("real-time input and output", syscall(SYS_ioprio_set, 1, 0, 1 << 13), FILTERED);
    return verdict();
}
