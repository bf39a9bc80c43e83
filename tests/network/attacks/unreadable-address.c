/*
 * Tries: to bring the broker down with addresses that it cannot read: unmapped, PROT_NONE, ending
 * in an unmapped page, the kernel's, at the top of the address space.
 * Fails because: what cannot be read whole is EFAULT, as the kernel says itself.
 * Stopped by: the broker (EFAULT).
 * @control none: there is no broker to bring down
 */
#include "net.h"

int main(void) {
    char *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pages + 4096, 4096);
    mprotect(pages + 8192, 4096, PROT_NONE);
    struct sockaddr_in good = endpoint(ALLOWED, TRAP);
    memcpy(pages + 4096 - 8, &good, 8);
    const struct { const char *what; unsigned long address; } places[] = {
        {"null", 0}, {"one", 1}, {"unmapped", (unsigned long)pages + 4096}, {"PROT_NONE", (unsigned long)pages + 8192},
        {"into an unmapped page", (unsigned long)pages + 4096 - 8}, {"the end of user space", 0x7ffffffff000},
        {"beyond user space", 0x800000000000}, {"the kernel", 0xffffffff81000000}, {"the top", ~0ul - 7},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        attempt(format("connect: %s", places[i].what), syscall(SYS_connect, tcp(), places[i].address, 16), ANY_OF(EFAULT));
        attempt(format("bind: %s", places[i].what), syscall(SYS_bind, tcp(), places[i].address, 16), ANY_OF(EFAULT));
        attempt(format("Unix: %s", places[i].what), syscall(SYS_connect, socket(AF_UNIX, SOCK_STREAM, 0), places[i].address, 16), ANY_OF(EFAULT));
    }
    /* Whole at the very end of a page. */
    memcpy(pages + 4096 - sizeof good, &good, sizeof good);
    twin("up to the page's end", connect(tcp(), (struct sockaddr *)(pages + 4096 - sizeof good), sizeof good));
    still_served();
    return verdict();
}
