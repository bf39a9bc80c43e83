/*
 * Tries: to use descriptors that mxc's caller left open (7 and 1000 for reading a secret, 200 for
 * writing it), or that mxc itself left open.
 * Fails because: every descriptor above 2 is closed before the workload starts.
 * Stopped by: close_range(2) before execve (EBADF).
 * @launcher descriptors
 */
#include "attack.h"

int main(void) {
    twin("stdout is open", fcntl(1, F_GETFD));
    for (int fd = 3; fd < 4096; fd++) {
        if (fcntl(fd, F_GETFD) < 0) continue;
        char buffer[128] = {0};
        if (pread(fd, buffer, sizeof buffer - 1, 0) > 0) printf("read: %s\n", buffer);
        char target[256] = {0};
        if (readlink(format("/proc/self/fd/%d", fd), target, sizeof target - 1) < 0) target[0] = 0;
        succeeded(format("descriptor %d is open", fd), target);
    }
    attempt("read descriptor 7", fcntl(7, F_GETFD), ANY_OF(EBADF));
    attempt("write descriptor 200", fcntl(200, F_GETFD), ANY_OF(EBADF));
    attempt("read descriptor 1000", fcntl(1000, F_GETFD), ANY_OF(EBADF));
    return verdict();
}
