/*
 * Tries: to change the address after it was allowed and before it is used: a second thread flips
 * the bytes between a permitted and a forbidden one, millions of times, while this one connects.
 * Fails because: the broker copies the address once, and connects to its copy.
 * Stopped by: the broker; Landlock, had the kernel gone on by itself.
 */
#include "net.h"

static volatile int over;
static volatile long flips;
static volatile struct sockaddr_in shared;

static void *flip(void *unused) {
    (void)unused;
    in_addr_t good = endpoint(ALLOWED, TRAP).sin_addr.s_addr, bad = endpoint(FORBIDDEN, TRAP).sin_addr.s_addr;
    while (!over) {
        shared.sin_addr.s_addr = bad;
        shared.sin_addr.s_addr = good;
        flips += 2;
    }
    return NULL;
}

int main(void) {
    struct sockaddr_in good = endpoint(ALLOWED, TRAP);
    memcpy((void *)&shared, &good, sizeof good);
    twin("the permitted one", dial(ALLOWED, TRAP));
    pthread_t thread;
    pthread_create(&thread, NULL, flip, NULL);
    long connected = 0, refusals_seen = 0, wrong = 0, odd = 0;
    double end = seconds() + 8;
    while (wrong == 0 && (seconds() < end || flips < 1000000)) {
        int fd = tcp();
        if (connect(fd, (struct sockaddr *)&shared, sizeof shared) == 0) {
            connected++;
            wrong += peer_is(fd, FORBIDDEN);
        } else if (errno == EACCES) {
            refusals_seen++;
        } else {
            odd++;
        }
        drop(fd);
    }
    over = 1;
    pthread_join(thread, NULL);
    printf("%ld flips: %ld connected, %ld denied, %ld other\n", flips, connected, refusals_seen, odd);
    /* Both were seen, so it was a race. */
    if (wrong == 0) twin("both addresses were read", connected > 0 && refusals_seen > 0 ? 0 : -1);
    attempt_that("a connection to the forbidden address", wrong > 0, "never");
    return verdict();
}
