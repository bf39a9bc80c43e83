/*
 * Tries: to find the launcher's data in its own memory: execve keeps no memory, but the kernel
 * copies arguments, variables and auxiliary values to the new stack.
 * Fails because: only the workload's own are there.
 * Stopped by: execve.
 * @control none: outside, its own arguments are all that there is as well
 */
#include "attack.h"

int main(void) {
    char needle[] = "mxc-secr";
    needle[7] = 'r';
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    unsigned long start, end;
    int found = 0, scanned = 0;
    while (fgets(line, sizeof line, maps)) {
        if (strstr(line, "[stack]") == NULL || sscanf(line, "%lx-%lx", &start, &end) != 2) continue;
        scanned++;
        for (char *at = (char *)start; at < (char *)end - 16; at++) {
            if (at < needle || at > needle + sizeof needle) {
                if (memcmp(at, "mxc-secret-", 11) == 0) found++;
            }
        }
    }
    twin("scan the stack", scanned == 1 ? 0 : -1);
    attempt_that("the caller's secret", found > 0, "not there");
    return verdict();
}
