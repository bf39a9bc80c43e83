/*
 * Tries: to keep the broker from serving others: 64 threads that connect all the time, to forbidden,
 * silent and permitted places, with bad memory and to paths.
 * Fails because: calls that wait are kept apart from the loop, and the kernel asks in turn.
 * Stopped by: the broker.
 * @flags --allow-net=9.9.9.10,9.9.9.99
 * @control none: there is no broker to flood
 */
#include "net.h"

static volatile int over;

static void *flood(void *number) {
    for (long i = (long)number; !over; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | (i % 3 ? SOCK_NONBLOCK : 0), 0);
        struct sockaddr_un path = {.sun_family = AF_UNIX, .sun_path = "/tmp/nobody"};
        switch (i % 5) {
        case 0: aim(fd, FORBIDDEN, TRAP); break;
        case 1: aim(fd, ALLOWED, TRAP); break;
        case 2: fcntl(fd, F_SETFL, O_NONBLOCK); aim(fd, SILENT, TRAP); break;
        case 3: syscall(SYS_connect, fd, 1, 16); break;
        case 4: connect(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) /* left open up to the limit */, (struct sockaddr *)&path, sizeof path); break;
        }
        drop(fd);
    }
    return NULL;
}

int main(void) {
    for (long i = 0; i < 64; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, flood, (void *)i);
    }
    sleep_ms(1000);
    double worst = 0;
    long served = 0;
    for (int i = 0; i < 10; i++) {
        pid_t child = fork();
        if (child == 0) {
            for (int fd = 3; fd < 4096; fd++) close(fd);
            _exit(dial(ALLOWED, 80) < 0);
        }
        double begin = seconds();
        int status = 1;
        waitpid(child, &status, 0);
        if (seconds() - begin > worst) worst = seconds() - begin;
        served += status == 0;
        sleep_ms(100);
    }
    over = 1;
    printf("%ld of 10 served, the slowest in %.3f s\n", served, worst);
    attempt_that("keeping it from an honest connection", served < 10 || worst > 5, "served");
    sleep_ms(200);
    twin("afterwards", served == 10 ? 0 : -1);
    return verdict();
}
