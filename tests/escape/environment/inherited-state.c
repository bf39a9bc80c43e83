/*
 * Tries: to profit from process state that callers leave: signals ignored or blocked, a loose
 * umask, pending timers, a raised priority, the caller's supplementary groups.
 * Fails because: the launcher sets each to its default.
 * Stopped by: the launcher, before execve. MXC's bubblewrap backend starts the workload with
 * SIGHUP, SIGINT and SIGTERM blocked.
 * @control none: outside, a caller's state is what it is
 */
#include "attack.h"
#include <grp.h>
#include <sys/time.h>

int main(void) {
    twin("read the mask", sigprocmask(SIG_BLOCK, NULL, &(sigset_t){0}));
    sigset_t blocked, pending;
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    sigpending(&pending);
    for (int number = 1; number < 65; number++) {
        if (number >= 32 && number <= 34) continue; /* libc's own */
        attempt_that(format("signal %d is blocked", number), sigismember(&blocked, number) == 1, "clear");
        attempt_that(format("signal %d is pending", number), sigismember(&pending, number) == 1, "clear");
    }
    struct itimerval timer;
    getitimer(ITIMER_REAL, &timer);
    attempt_that("a timer runs", timer.it_value.tv_sec != 0, "none");
    gid_t groups[64];
    int count = getgroups(64, groups), others = 0;
    for (int i = 0; i < count; i++) if (groups[i] != getgid()) others++;
    attempt_that("supplementary groups", others > 0, "none");
    return verdict();
}
