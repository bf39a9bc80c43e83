/*
 * Tries: to mount the kernel's own file systems: a new /proc without masks, /sys, devices, queues.
 * Fails because: the workload has no capability, and the filter has no mount.
 * Stopped by: seccomp (EPERM, ENOSYS).
 * @control root: mounting needs a capability; in a mount namespace of its own
 */
#include "attack.h"

int main(void) {
    twin("the private /proc", show("/proc/self/comm"));
    mkdir(at("RW", "target"), 0755);
    const char *types[] = {"proc", "sysfs", "devtmpfs", "devpts", "mqueue", "debugfs", "tracefs",
                           "securityfs", "bpf", "binfmt_misc", "configfs", "fusectl", "hugetlbfs", "efivarfs"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        attempt(types[i], mount("none", at("RW", "target"), types[i], 0, NULL), FILTERED);
    }
    return verdict();
}
