/*
 * Lets a symlink point to one target and the other in turn, each time by an atomic rename, as fast
 * as it can, until its stdin ends. Prints how often. Arguments: LINK ONE OTHER.
 */
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    char temporary[4096];
    snprintf(temporary, sizeof temporary, "%s.next", argv[1]);
    unlink(temporary);
    struct pollfd input = {.fd = 0, .events = POLLIN};
    long count = 0;
    puts("started");
    fflush(stdout);
    while (poll(&input, 1, 0) == 0) {
        for (int i = 0; i < 64; i++, count++) {
            if (symlink(argv[2 + count % 2], temporary) != 0 || rename(temporary, argv[1]) != 0) return 1;
        }
    }
    printf("%ld\n", count);
    return 0;
}
