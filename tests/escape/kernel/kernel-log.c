/*
 * Tries: to read and clear the kernel's log, which shows addresses and other processes' crashes.
 * Fails because: the filter has no syslog, and there is no /dev/kmsg.
 * Stopped by: seccomp (EPERM, ENOSYS), the mount namespace (ENOENT).
 * @control root: hosts may refuse it to ordinary users
 */
#include "attack.h"
#include <sys/klog.h>

int main(void) {
    twin("write to stderr", write(2, "", 0));
    attempt("size of the log", syscall(SYS_syslog, 10, NULL, 0), FILTERED);
    char buffer[256];
    attempt("read it", syscall(SYS_syslog, 3, buffer, sizeof buffer), FILTERED);
    attempt("/dev/kmsg", try_open("/dev/kmsg", O_RDONLY), ANY_OF(ENOENT));
    attempt("/proc/kmsg", try_open("/proc/kmsg", O_RDONLY), ANY_OF(EACCES, ENOENT));
    return verdict();
}
