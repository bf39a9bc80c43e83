/*
 * Tries: the other ways of typing into, or taking over, the caller's terminal: the console's
 * selection (TIOCLINUX), redirecting the console (TIOCCONS), another line discipline (TIOCSETD).
 * Fails because: the filter refuses these requests.
 * Stopped by: seccomp (EPERM).
 * @launcher terminal
 */
#include "attack.h"
#include <termios.h>

int main(void) {
    char subcode = 3;
    struct winsize size;
    twin("read the size", ioctl(0, TIOCGWINSZ, &size));
    attempt("paste", ioctl(0, TIOCLINUX, &subcode), ANY_OF(EPERM));
    attempt("take the console", ioctl(0, TIOCCONS, 0), ANY_OF(EPERM));
    attempt("line discipline N_NULL", ioctl(0, TIOCSETD, &(int){27}), ANY_OF(EPERM));
    attempt("line discipline N_TTY", ioctl(0, TIOCSETD, &(int){0}), ANY_OF(EPERM));
    attempt("with high bits", syscall(SYS_ioctl, 0, 0xdead00000000ul | TIOCSETD, &(int){0}), ANY_OF(EPERM));
    return verdict();
}
