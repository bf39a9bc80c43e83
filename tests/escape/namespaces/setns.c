/*
 * Tries: to enter other namespaces: init's, which may be older than the workload's, or the host's
 * by a pid descriptor.
 * Fails because: init is hidden from /proc, and the filter has no setns.
 * Stopped by: /proc's hidepid and init's dumpable flag (ENOENT, EACCES), seccomp (EPERM, ENOSYS).
 * @control root: the call needs a capability
 */
#include "attack.h"

int main(void) {
    const char *kinds[] = {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"};
    twin("see one's own", open("/proc/self/ns/user", O_RDONLY));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        attempt(format("open init's %s", kinds[i]), try_open(format("/proc/1/ns/%s", kinds[i]), O_RDONLY), ANY_OF(ENOENT, EACCES, EPERM));
        int own = open(format("/proc/self/ns/%s", kinds[i]), O_RDONLY);
        attempt(format("enter own %s", kinds[i]), setns(own, 0), FILTERED);
    }
    attempt("enter by pid", setns((int)syscall(434, getpid(), 0), CLONE_NEWNET), FILTERED);
    return verdict();
}
