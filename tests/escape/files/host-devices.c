/*
 * Tries: to open the host's devices: disks, memory, kernel log, KVM, FUSE, tun, loop.
 * Fails because: /dev is the sandbox's own, with six harmless devices and private terminals.
 * Stopped by: the mount namespace (ENOENT).
 * @control root: it needs capabilities
 */
#include "attack.h"

int main(void) {
    twin("null", try_open("/dev/null", O_RDWR));
    twin("urandom", show("/dev/urandom") > 0 ? 0 : -1);
    const char *devices[] = {"mem", "kmem", "port", "kmsg", "sda", "vda", "nvme0n1", "xvda", "loop0", "loop-control",
                             "kvm", "fuse", "net/tun", "vhost-net", "vsock", "vhost-vsock", "uinput", "uhid", "input",
                             "dri", "snd", "mapper/control", "autofs", "cuse", "hpet", "rtc0", "userfaultfd",
                             "console", "tty0", "tty1", "ttyS0", "vcs", "hvc0", "btrfs-control", "ppp", "watchdog",
                             "cpu_dma_latency", "hugepages", "block", "disk", "log", "initctl"};
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        attempt(devices[i], try_open(format("/dev/%s", devices[i]), O_RDONLY), ANY_OF(ENOENT));
    }
    /* The same mode as before, and no name that is there: harmless where it is let through. */
    attempt("chmod /dev/null", chmod("/dev/null", 0666), ANY_OF(EROFS, EPERM));
    attempt("make a folder in /dev", mkdir("/dev/pts", 0755), ANY_OF(EROFS, EACCES, EEXIST));
    attempt("remove a name in /dev", unlink("/dev/mxc-is-not-there"), ANY_OF(EROFS, EACCES, ENOENT));
    return verdict();
}
