/*
 * Tries: to mount a fresh file system over a folder, to hide or replace what is there.
 * Fails because: the workload has no capability in any namespace, and the filter has no mount.
 * Stopped by: seccomp (EPERM, ENOSYS).
 * @control root: mounting needs a capability; in a mount namespace of its own
 * @landlock no twin: it uses /tmp, which is the host's there
 */
#include "attack.h"

int main(void) {
    twin("write in /tmp", create("/tmp/file", "x"));
    attempt("over /tmp", mount("none", "/tmp", "tmpfs", 0, NULL), FILTERED);
    attempt("over a grant", mount("none", given("RW"), "tmpfs", 0, NULL), FILTERED);
    attempt("ramfs", mount("none", at("RW", "scratch"), "ramfs", 0, NULL), FILTERED);
    attempt("overlay", mount("none", at("RW", "scratch"), "overlay", 0, "lowerdir=/etc"), FILTERED);
    return verdict();
}
