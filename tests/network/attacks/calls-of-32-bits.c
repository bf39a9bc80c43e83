/*
 * Tries: to connect by calls of another architecture, which the filter would misread: int 0x80 with
 * connect (362) and socketcall (102), and x32's connect.
 * Fails because: the filter kills the process for another architecture and for the x32 bit.
 * Stopped by: seccomp (SIGSYS), or a kernel without such calls.
 * @control none: kernels may have none of them
 */
#include "net.h"

#ifdef __x86_64__
static long old_call(long number, long first, void *second, long third) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(second), "d"(third) : "memory");
    return result;
}

static void *low_page(void) {
    struct sockaddr_in to = endpoint(FORBIDDEN, TRAP);
    char *page = mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    memcpy(page, &to, sizeof to);
    return page;
}

static void old_connect(void) { old_call(362, tcp(), low_page(), sizeof(struct sockaddr_in)); }
static void old_socketcall(void) {
    uint32_t *page = low_page();
    page[64] = (uint32_t)tcp();
    page[65] = 0x10000000;
    page[66] = sizeof(struct sockaddr_in);
    old_call(102, 3, page + 64, 0);
}
static void x32_connect(void) {
    struct sockaddr_in to = endpoint(FORBIDDEN, TRAP);
    syscall(0x40000000 + SYS_connect, tcp(), &to, sizeof to);
}
#endif

int main(void) {
    twin("a connection", dial(ALLOWED, TRAP));
#ifdef __x86_64__
    attempt_that("connect", !WIFSIGNALED(in_child(old_connect)), "killed");
    attempt_that("socketcall", !WIFSIGNALED(in_child(old_socketcall)), "killed");
    attempt_that("x32", !WIFSIGNALED(in_child(x32_connect)), "killed");
#else
    refused("calls of 32 bits", "no such calls");
#endif
    return verdict();
}
