/*
 * Tries: to open performance counters, which leak other processes' work and were often attacked.
 * Fails because: the filter has no perf_event_open.
 * Stopped by: seccomp (EACCES, perf's own refusal).
 * @control root: hosts may refuse it to ordinary users
 */
#include "attack.h"

int main(void) {
    char attribute[128] = {0};
    struct timespec time;
    twin("measure time", clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time));
    attempt("count oneself", syscall(SYS_perf_event_open, attribute, 0, -1, -1, 0), ANY_OF(EPERM, ENOSYS, EACCES));
    attempt("count a processor", syscall(SYS_perf_event_open, attribute, -1, 0, -1, 0), ANY_OF(EPERM, ENOSYS, EACCES));
    return verdict();
}
