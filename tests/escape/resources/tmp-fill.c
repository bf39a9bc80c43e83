/*
 * Tries: to use up the host's memory through the sandbox's /tmp and /dev/shm.
 * Fails because: each is a file system with a size.
 * Stopped by: tmpfs size and inode limits (ENOSPC).
 * @control none: it would fill the host's
 * @landlock no twin: it uses /tmp, which is the host's there
 */
#include "attack.h"

static long fill(const char *path, long megabytes) {
    static char block[1 << 20];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    long done = 0, result = 0;
    while (done < megabytes && (result = write(fd, block, sizeof block)) == (long)sizeof block) done++;
    /* A short write at the end: the next one tells why. */
    if (done < megabytes && result >= 0) result = write(fd, block, sizeof block);
    if (done < megabytes && result >= 0) result = write(fd, block, sizeof block);
    int error = errno;
    close(fd);
    unlink(path);
    printf("%s: %ld MiB\n", path, done);
    errno = error;
    return done < megabytes ? -1 : done;
}

int main(void) {
    twin("a megabyte in /tmp", fill("/tmp/small", 1));
    attempt("2 GiB in /tmp", fill("/tmp/large", 2048), ANY_OF(ENOSPC));
    attempt("2 GiB in /dev/shm", fill("/dev/shm/large", 2048), ANY_OF(ENOSPC));
    return verdict();
}
