/*
 * Tries: to confuse the broker about whose call it serves: processes and threads are killed in the
 * middle of connects that wait, so that their numbers go to others; thousands of times.
 * Fails because: each step asks the kernel whether the call is still the same (NOTIF_ID_VALID), and
 * files are taken through a pidfd.
 * Stopped by: the broker.
 * @flags --allow-net=9.9.9.10,9.9.9.99
 * @control none: there is no broker to confuse
 */
#include "net.h"

static void *hang(void *unused) {
    (void)unused;
    aim(tcp(), ALLOWED, TRAP);
    aim(tcp(), FORBIDDEN, TRAP);
    aim(tcp(), ALLOWED, 80);
    aim(tcp(), SILENT, TRAP);
    for (;;) pause();
}

static void victim(void) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, hang, NULL);
    struct sockaddr_un path = {.sun_family = AF_UNIX, .sun_path = "/tmp/nobody"};
    for (;;) connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&path, sizeof path);
}

int main(void) {
    for (int i = 0; i < 400; i++) {
        pid_t child = fork();
        if (child == 0) victim();
        struct timespec a_while = {0, i % 40 * 100000};
        nanosleep(&a_while, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    /* Ones that wait for a server that says nothing, for long. */
    for (int i = 0; i < 100; i++) {
        pid_t child = fork();
        if (child == 0) {
            aim(tcp(), SILENT, TRAP);
            _exit(0);
        }
        sleep_ms(i % 5);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    double begin = seconds();
    int fd = dial(ALLOWED, TRAP);
    attempt_that("bringing it down", fd < 0 || seconds() - begin > 5, "served");
    attempt("a forbidden address", dial(FORBIDDEN, TRAP), DENIED);
    still_served();
    return verdict();
}
