/*
 * Tries: to type into the caller's terminal (TIOCSTI): the caller's shell would run the line after
 * mxc has ended. stdin is a real terminal, the caller's controlling one.
 * Fails because: the filter refuses the request, whatever the high bits of its number say.
 * Stopped by: seccomp (EPERM). MXC's bubblewrap backend lets it through.
 * @launcher terminal
 * @control none: hosts may have switched it off (dev.tty.legacy_tiocsti)
 */
#include "attack.h"
#include <termios.h>

int main(void) {
    struct termios settings;
    twin("stdin is a terminal", tcgetattr(0, &settings));
    for (const char *c = "touch /tmp/owned\n"; *c != 0; c++) {
        attempt("type a character", ioctl(0, TIOCSTI, c), ANY_OF(EPERM));
        attempt("with high bits", syscall(SYS_ioctl, 0, 0xdead00000000ul | TIOCSTI, c), ANY_OF(EPERM));
    }
    return verdict();
}
