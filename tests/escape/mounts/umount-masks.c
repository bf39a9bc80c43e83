/*
 * Tries: to unmount what hides or protects: masks of denied files, /proc masks, read-only mounts.
 * Fails because: the workload has no capability, and the filter has no umount.
 * Stopped by: seccomp (EPERM, ENOSYS). MXC's bubblewrap backend as root gives secrets away so.
 * @control root: the call needs a capability; no such mount is there
 */
#include "attack.h"

int main(void) {
    twin("the mask is there", access(at("RW", "denied.txt"), F_OK));
    const char *places[] = {at("RW", "denied.txt"), at("RW", "denied-dir"), at("RW", "alias.txt"), at("RW", "inner-ro")};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        attempt(format("umount %s", places[i]), umount2(places[i], 0), FILTERED);
        attempt(format("detach %s", places[i]), umount2(places[i], MNT_DETACH), FILTERED);
    }
    const char *kernel[] = {"/proc/kcore", "/proc/sys", "/etc/shadow"};
    for (size_t i = 0; i < sizeof kernel / sizeof *kernel; i++) {
        attempt(format("umount %s", kernel[i]), umount2(kernel[i], MNT_EXPIRE), FILTERED);
    }
    attempt("read it then", show(at("RW", "denied.txt")), ANY_OF(EACCES));
    return verdict();
}
