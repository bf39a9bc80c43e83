/*
 * Tries: to break the broker's connects with signals: a timer that fires thousands of times a second,
 * handlers that restart and ones that do not.
 * Fails because: a call that the broker has taken up is not interrupted by a signal that is handled,
 * and one that it has not is asked again.
 * Stopped by: the kernel (SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV).
 * @control none: there is no broker to confuse
 */
#include "net.h"
#include <sys/time.h>

static volatile long fired;
static void handle(int signal) { (void)signal; fired++; }

int main(void) {
    long failed = 0, wrong = 0;
    for (int restart = 0; restart < 2; restart++) {
        struct sigaction action = {.sa_handler = handle, .sa_flags = restart ? SA_RESTART : 0};
        sigaction(SIGALRM, &action, NULL);
        struct itimerval often = {{0, 137}, {0, 137}}, never = {{0, 0}, {0, 0}};
        setitimer(ITIMER_REAL, &often, NULL);
        for (int i = 0; i < 2000; i++) {
            int fd = tcp();
            if (aim(fd, ALLOWED, TRAP) < 0 && errno != EINTR) failed++;
            drop(fd);
            fd = tcp();
            wrong += aim(fd, FORBIDDEN, TRAP) == 0;
            close(fd);
        }
        setitimer(ITIMER_REAL, &never, NULL);
    }
    printf("%ld signals, %ld failed\n", fired, failed);
    errno = EIO;
    twin("connections under signals", failed == 0 && fired > 100 ? 0 : -1);
    attempt_that("a forbidden one", wrong > 0, "never");
    still_served();
    return verdict();
}
