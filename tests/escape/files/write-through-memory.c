/*
 * Tries: to change a read-only file by writing to a mapping of it through /proc/self/mem, which
 * overrides the protection of memory.
 * Fails because: the kernel gives a private mapping a copy, and refuses a shared one that its file
 * does not allow.
 * Stopped by: the kernel's copy-on-write; the file is compared afterwards.
 * @control none: the kernel protects the file with or without a sandbox
 */
#include "attack.h"

int main(void) {
    int fd = open(at("RO", "hello.txt"), O_RDONLY);
    char *private = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    char *shared = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    twin("map for reading", private == MAP_FAILED || shared == MAP_FAILED ? -1 : 0);
    int memory = open("/proc/self/mem", O_RDWR);
    if (memory >= 0 && pwrite(memory, "EVIL!", 5, (off_t)(uintptr_t)private) < 0) errno = 0;
    if (memory >= 0 && pwrite(memory, "EVIL!", 5, (off_t)(uintptr_t)shared) < 0) errno = 0;
    char buffer[6] = {0};
    attempt_that("the file changed", pread(fd, buffer, 5, 0) == 5 && strcmp(buffer, "hello") != 0, "unchanged");
    return verdict();
}
