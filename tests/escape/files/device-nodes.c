/*
 * Tries: to make nodes of devices (disk, memory, console) in writable places and use them.
 * Fails because: the filter refuses mknod of devices, there is no capability, and every writable
 * mount is nodev.
 * Stopped by: seccomp (EPERM); the user namespace and nodev behind it.
 * @control root: it needs capabilities
 * @landlock no twin: it makes something new in a folder that holds a denial, which gets no new entries there
 */
#include "attack.h"
#include <sys/sysmacros.h>

int main(void) {
    twin("make a fifo", mkfifo(at("RW", "fifo"), 0600));
    const char *folders[] = {given("RW"), "/tmp", "/dev/shm"};
    for (int i = 0; i < 3; i++) {
        attempt("disk", mknod(format("%s/node-disk", folders[i]), S_IFBLK | 0600, makedev(254, 0)), ANY_OF(EPERM));
        attempt("memory", mknod(format("%s/node-mem", folders[i]), S_IFCHR | 0600, makedev(1, 1)), ANY_OF(EPERM));
        attempt("null", mknod(format("%s/node-null", folders[i]), S_IFCHR | 0600, makedev(1, 3)), ANY_OF(EPERM));
        attempt("kmsg", mknodat(AT_FDCWD, format("%s/node-kmsg", folders[i]), S_IFCHR | 0600, makedev(1, 11)), ANY_OF(EPERM));
        unlink(format("%s/node-disk", folders[i]));
        unlink(format("%s/node-mem", folders[i]));
        unlink(format("%s/node-null", folders[i]));
        unlink(format("%s/node-kmsg", folders[i]));
    }
    return verdict();
}
