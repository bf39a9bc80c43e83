/*
 * Tries: to connect by io_uring, whose operations no filter sees.
 * Fails because: the filter answers as if the kernel had none.
 * Stopped by: seccomp (ENOSYS).
 */
#include "net.h"

int main(void) {
    char parameters[120] = {0};
    twin("a connection", dial(ALLOWED, TRAP));
    attempt("set up a ring", syscall(425, 4, parameters), FILTERED);
    return verdict();
}
