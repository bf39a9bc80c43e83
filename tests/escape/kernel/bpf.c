/*
 * Tries: to load BPF programs and make maps: a large part of the kernel to attack.
 * Fails because: the filter has no bpf.
 * Stopped by: seccomp (EPERM, ENOSYS).
 * @control root: hosts may refuse it to ordinary users
 */
#include "attack.h"

int main(void) {
    char attribute[128] = {0};
    twin("a call of the same width", fcntl(1, F_GETFD));
    attempt("make a map", syscall(SYS_bpf, 0, attribute, sizeof attribute), FILTERED);
    attempt("load a program", syscall(SYS_bpf, 5, attribute, sizeof attribute), FILTERED);
    attempt("an unknown command", syscall(SYS_bpf, 1000, attribute, sizeof attribute), FILTERED);
    return verdict();
}
