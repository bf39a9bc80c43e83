/*
 * Tries: to have a forbidden address pass as another family's: a second thread flips the family
 * between AF_INET, AF_UNIX, AF_UNSPEC and AF_INET6, on new sockets and on one of the host's.
 * Fails because: the broker takes family and address in one copy.
 * Stopped by: the broker.
 */
#include "net.h"

static volatile int over;
static volatile struct sockaddr_in shared;

static void *flip(void *unused) {
    (void)unused;
    static const sa_family_t families[] = {AF_INET, AF_UNIX, AF_UNSPEC, AF_INET6};
    for (unsigned i = 0; !over; i++) shared.sin_family = families[i % 4];
    return NULL;
}

int main(void) {
    struct sockaddr_in bad = endpoint(FORBIDDEN, TRAP);
    memcpy((void *)&shared, &bad, sizeof bad);
    int host = dial(ALLOWED, TRAP);
    twin("the permitted one", host);
    pthread_t thread;
    pthread_create(&thread, NULL, flip, NULL);
    long wrong = 0, tries = 0;
    for (double end = seconds() + 3; seconds() < end && wrong == 0; tries++) {
        int fd = tries & 1 ? host : tcp();
        connect(fd, (struct sockaddr *)&shared, sizeof shared);
        wrong += peer_is(fd, FORBIDDEN);
        if (fd != host) drop(fd);
    }
    over = 1;
    pthread_join(thread, NULL);
    attempt_that("a connection to the forbidden address", wrong > 0, "never");
    still_served();
    return verdict();
}
