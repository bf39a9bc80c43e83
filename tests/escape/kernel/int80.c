/*
 * Tries: to pass by the filter with 32-bit calls (int 0x80), whose numbers mean others: 21 is mount
 * there and access here.
 * Fails because: the filter kills the process for another architecture.
 * Stopped by: seccomp (SIGSYS), or a kernel without 32-bit calls (SIGSEGV).
 * @control none: kernels may have no 32-bit calls
 */
#include "attack.h"

#ifdef __x86_64__
static void old_call(long number) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(0), "c"(0), "d"(0) : "memory");
    _exit(0);
}
static void old_getpid(void) { old_call(20); }
static void old_mount(void) { old_call(21); }
#endif

int main(void) {
    twin("fork", in_child(do_nothing));
#ifdef __x86_64__
    int status = in_child(old_getpid);
    attempt_that("getpid", !WIFSIGNALED(status), "killed");
    status = in_child(old_mount);
    attempt_that("mount", !WIFSIGNALED(status), "killed");
#else
    refused("int 0x80", "no such calls");
#endif
    return verdict();
}
