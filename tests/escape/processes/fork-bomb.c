/*
 * Tries: to start processes without end, so that the host can start none any more.
 * Fails because: the sandbox has a limit of processes.
 * Stopped by: kernel.pid_max of its pid namespace, or RLIMIT_NPROC (EAGAIN).
 * @control none: it would exhaust the host
 * @landlock shows to root: the kernel counts no processes of root's
 */
#include "attack.h"

int main(void) {
    int gate[2], started = 0;
    if (pipe(gate) != 0) return 1;
    long result;
    for (;;) {
        result = fork();
        if (result == 0) {
            char byte;
            close(gate[1]);
            _exit(read(gate[0], &byte, 1) != 0);
        }
        if (result < 0 || ++started == 10000) break;
    }
    int error = errno;
    close(gate[1]);
    while (wait(NULL) > 0) {}
    errno = error;
    printf("started: %d\n", started);
    twin("a few processes", started > 100 ? 0 : -1);
    errno = error;
    attempt("more processes", result, ANY_OF(EAGAIN, ENOMEM));
    attempt_that("more than the limit", started > 4200, "limited");
    return verdict();
}
