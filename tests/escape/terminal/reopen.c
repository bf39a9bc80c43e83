/*
 * Tries: to reopen the caller's terminal by /proc/self/fd or by its name in the host's /dev/pts,
 * and to open other terminals of the host.
 * Fails because: /dev/pts is the sandbox's own, in which the host's numbers are not.
 * Stopped by: the mount namespace (ENOENT, EIO), a private devpts.
 * @launcher terminal
 * @landlock no twin: it has no terminals of its own
 * @landlock shows: the caller's terminal, a standard stream, keeps its name
 */
#include "attack.h"

int main(void) {
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    twin("a terminal of one's own", master < 0 ? -1 : grantpt(master));
    int number = -1;
    ioctl(master, TIOCGPTN, &number);
    for (int i = 0; i < 64; i++) {
        if (i == number) continue;
        attempt(format("/dev/pts/%d", i), try_open(format("/dev/pts/%d", i), O_RDWR | O_NOCTTY), ANY_OF(ENOENT, EIO));
    }
    attempt("another's ptmx", try_open("/dev/tty0", O_RDWR | O_NOCTTY), ANY_OF(ENOENT));
    return verdict();
}
