/*
 * Tries: to use up the host's kernel memory with empty files and folders in /tmp and /dev/shm.
 * Fails because: each file system has a limit of inodes.
 * Stopped by: tmpfs inode limits (ENOSPC).
 * @control none: it would fill the host's
 * @landlock no twin: it uses /tmp, which is the host's there
 */
#include "attack.h"

static long fill(const char *folder, int count) {
    for (int i = 0; i < count; i++) {
        if (mkdir(format("%s/%d", folder, i), 0700) != 0) return -1;
    }
    return 0;
}

int main(void) {
    twin("a thousand folders", fill("/tmp", 1000));
    mkdir("/tmp/more", 0700);
    attempt("400,000 in /tmp", fill("/tmp/more", 400000), ANY_OF(ENOSPC));
    attempt("400,000 in /dev/shm", fill("/dev/shm", 400000), ANY_OF(ENOSPC));
    return verdict();
}
