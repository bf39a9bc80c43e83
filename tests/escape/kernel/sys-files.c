/*
 * Tries: to set the kernel's helper programs through /sys (uevent_helper), to read devices' and
 * the firmware's data, to switch processors off.
 * Fails because: there is no /sys.
 * Stopped by: the mount namespace (ENOENT).
 * @landlock shows: what exists can be seen, not opened
 */
#include "attack.h"

int main(void) {
    twin("there is a /proc", access("/proc/self", F_OK));
    const char *files[] = {"/sys", "/sys/kernel/uevent_helper", "/sys/kernel/debug", "/sys/kernel/tracing",
                           "/sys/kernel/security", "/sys/fs/bpf", "/sys/power/state", "/sys/firmware",
                           "/sys/class/net", "/sys/devices/system/cpu/online", "/sys/kernel/mm/ksm/run"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        attempt(files[i], access(files[i], F_OK), ANY_OF(ENOENT));
    }
    return verdict();
}
