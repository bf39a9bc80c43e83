/*
 * Tries: to change the host's name, domain and clock.
 * Fails because: the filter has none of the calls; names are the sandbox's own besides.
 * Stopped by: seccomp (EPERM, ENOSYS), the uts namespace.
 * @control root: they need capabilities; in a uts namespace of its own, the times are invalid
 */
#include "attack.h"
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/utsname.h>

int main(void) {
    struct utsname names;
    twin("uname", uname(&names));
    attempt("sethostname", sethostname("mxc", 3), FILTERED);
    attempt("setdomainname", setdomainname("mxc", 3), FILTERED);
    struct timeval wrong = {0, -1};
    attempt("settimeofday", syscall(SYS_settimeofday, &wrong, NULL), FILTERED);
    struct timespec wrong_too = {0, -1};
    attempt("clock_settime", syscall(SYS_clock_settime, CLOCK_REALTIME, &wrong_too), FILTERED);
    struct timex change;
    memset(&change, 0, sizeof change);
    change.modes = ADJ_TICK;
    change.tick = 1; /* far outside of what the kernel takes */
    attempt("adjtimex", adjtimex(&change), FILTERED);
    return verdict();
}
