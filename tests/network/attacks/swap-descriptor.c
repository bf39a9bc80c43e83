/*
 * Tries: to exchange what the descriptor means after it was looked at: a second thread puts, with
 * dup2, an unconnected socket of the host's and a Unix socket in its place by turns, while this one
 * connects it to a forbidden address and to a path.
 * Fails because: the broker takes the file behind the descriptor once and acts on that; no call that
 * names an address goes on in the kernel by itself.
 * Stopped by: the broker; Landlock as a second lock.
 */
#include "net.h"

static volatile int over;
static volatile int place = 200, host, path;

static void *swap(void *unused) {
    (void)unused;
    while (!over) {
        dup2(host, place);
        dup2(path, place);
    }
    return NULL;
}

int main(void) {
    /* Allowed, and refused by the server: what is left is not connected. */
    host = tcp();
    fcntl(host, F_SETFL, O_NONBLOCK);
    aim(host, ALLOWED, CLOSED);
    sleep_ms(50);
    path = socket(AF_UNIX, SOCK_STREAM, 0);
    dup2(path, place);
    twin("the permitted one", dial(ALLOWED, TRAP));
    pthread_t thread;
    pthread_create(&thread, NULL, swap, NULL);
    struct sockaddr_in bad = endpoint(FORBIDDEN, TRAP);
    struct sockaddr_un nowhere = {.sun_family = AF_UNIX, .sun_path = "/tmp/nowhere"};
    long wrong = 0, tries = 0;
    for (double end = seconds() + 5; seconds() < end && wrong == 0; tries++) {
        if (tries & 1) connect(place, (struct sockaddr *)&nowhere, sizeof nowhere);
        else connect(place, (struct sockaddr *)&bad, sizeof bad);
        wrong += peer_is(host, FORBIDDEN);
    }
    over = 1;
    pthread_join(thread, NULL);
    printf("%ld tries\n", tries);
    attempt_that("a connection to the forbidden address", wrong > 0, "never");
    still_served();
    return verdict();
}
