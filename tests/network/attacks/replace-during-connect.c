/*
 * Tries: to have the connected socket put in another file's place: while a blocking connect is
 * under way, the descriptor is closed and given to something else; and to have it end with a socket
 * that may be aimed anew.
 * Fails because: what comes into the descriptor's place is connected to where the policy allows;
 * whoever closed the number loses only what the number stood for.
 * Stopped by: the broker.
 * @control none: nothing is put in a descriptor's place without a broker
 */
#include "net.h"

static int fd;

static void *wait_in_connect(void *unused) {
    (void)unused;
    aim(fd, ALLOWED, TRAP);
    return NULL;
}

int main(void) {
    long wrong = 0;
    for (int i = 0; i < 300; i++) {
        pthread_t thread;
        fd = tcp();
        pthread_create(&thread, NULL, wait_in_connect, NULL);
        close(fd);
        int other = socket(AF_UNIX, SOCK_STREAM, 0);
        pthread_join(thread, NULL);
        wrong += peer_is(other, FORBIDDEN) || aim(other, FORBIDDEN, TRAP) == 0;
        close(other);
    }
    attempt_that("a socket to elsewhere", wrong > 0, "never");
    still_served();
    return verdict();
}
