/*
 * Tries: to get at the caller's session through its controlling terminal: open /dev/tty, make the
 * terminal its own, signal the caller's process group.
 * Fails because: the workload is in a session of its own; the terminal is another one's.
 * Stopped by: setsid before the workload starts (ENXIO, EPERM, ENOTTY).
 * @launcher terminal
 */
#include "attack.h"
#include <termios.h>

int main(void) {
    twin("write to the terminal", write(0, "", 0) < 0 && errno != EBADF ? -1 : 0);
    attempt("open /dev/tty", try_open("/dev/tty", O_RDWR), ANY_OF(ENXIO));
    attempt("steal it", ioctl(0, TIOCSCTTY, 1), ANY_OF(EPERM));
    attempt("set its foreground group", tcsetpgrp(0, getpgrp()), ANY_OF(ENOTTY, EPERM));
    attempt("its session", tcgetsid(0), ANY_OF(ENOTTY));
    return verdict();
}
