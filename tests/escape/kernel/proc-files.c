/*
 * Tries: to read what the kernel tells about itself and the host: addresses, memory, keys, timers,
 * configuration, other processes' load; and to press the magic key.
 * Fails because: a stand-in of mode 000 is mounted over each.
 * Stopped by: denials of the constant opening (EACCES; ENOENT where the kernel has none).
 * @control root: some are root's
 */
#include "attack.h"

int main(void) {
    twin("cpuinfo", show("/proc/cpuinfo"));
    twin("meminfo", show("/proc/meminfo"));
    const char *files[] = {"kallsyms", "kcore", "iomem", "ioports", "keys", "key-users", "timer_list", "config.gz",
                           "kmsg", "kpagecount", "kpageflags", "kpagecgroup", "slabinfo", "vmallocinfo", "modules",
                           "sched_debug", "latency_stats", "cmdline", "diskstats", "partitions", "interrupts",
                           "softirqs", "pagetypeinfo", "zoneinfo", "schedstat", "allocinfo"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        attempt(files[i], try_open(format("/proc/%s", files[i]), O_RDONLY), ANY_OF(EACCES, ENOENT));
    }
    attempt("sysrq-trigger", try_open("/proc/sysrq-trigger", O_WRONLY), ANY_OF(EACCES, EROFS, ENOENT));
    const char *folders[] = {"acpi", "scsi", "asound", "dynamic_debug"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        attempt(folders[i], list(format("/proc/%s", folders[i])), ANY_OF(EACCES, ENOENT));
    }
    return verdict();
}
