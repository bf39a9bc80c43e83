/*
 * Tries: calls that are newer than the filter, or that no kernel has.
 * Fails because: the filter is a list of what is allowed; the rest does not exist.
 * Stopped by: seccomp (ENOSYS).
 * @control none: outside, the kernel answers the same
 */
#include "attack.h"

static void negative(void) { _exit(syscall(-2) != -1 || errno != ENOSYS); }

int main(void) {
    twin("a call that is allowed", getpid());
    for (long number = 480; number < 1100; number++) {
        attempt(format("call %ld", number), syscall(number, 0, 0, 0, 0, 0, 0), ANY_OF(ENOSYS));
    }
    int status = in_child(negative);
    attempt_that("call -2", WIFEXITED(status) && WEXITSTATUS(status) != 0, "none, or killed");
    return verdict();
}
