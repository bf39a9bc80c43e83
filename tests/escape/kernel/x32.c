/*
 * Tries: to pass by the filter with calls of the x32 kind (bit 30 of the number), which filters
 * that compare numbers only do not know.
 * Fails because: the filter kills the process for the bit.
 * Stopped by: seccomp (SIGSYS).
 * @control none: most kernels have no x32
 */
#include "attack.h"

static void x32_getpid(void) { syscall(0x40000000 + 39); }
static void x32_mount(void) { syscall(0x40000000 + 165, "none", "/tmp", "tmpfs", 0, NULL); }

int main(void) {
    twin("fork", in_child(do_nothing));
#ifdef __x86_64__
    int status = in_child(x32_getpid);
    attempt_that("getpid", !WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS, "killed");
    status = in_child(x32_mount);
    attempt_that("mount", !WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS, "killed");
#else
    refused("x32", "no such calls");
#endif
    return verdict();
}
