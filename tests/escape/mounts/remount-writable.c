/*
 * Tries: to remount read-only mounts writable: grants, the baseline, /proc/sys, the root.
 * Fails because: the workload has no capability, the filter has no mount, and the flags are locked
 * for whoever might get some in a nested user namespace.
 * Stopped by: seccomp (EPERM, ENOSYS). MXC's bubblewrap backend as root lets the workload write
 * the host's /etc this way.
 * @control root: mounting needs a capability; in a mount namespace of its own
 */
#include "attack.h"

int main(void) {
    const char *places[] = {given("RO"), "/etc", "/usr/bin", "/", "/proc/sys", "/dev"};
    twin("read the grant", show(at("RO", "hello.txt")));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        /* Read-only again, where it is let through. */
        attempt(format("bind remount %s", places[i]),
                mount("none", places[i], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), FILTERED);
        attempt(format("private %s", places[i]), mount(NULL, places[i], NULL, MS_PRIVATE, NULL), FILTERED);
    }
    attempt("write afterwards", try_open(at("RO", "hello.txt"), O_WRONLY), ANY_OF(EROFS, EACCES));
    return verdict();
}
