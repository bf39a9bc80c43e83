/*
 * Tries: to signal every process that there is (kill -1), and the sandbox's init.
 * Fails because: "every process" ends at the pid namespace; the kernel drops what its members send
 * to its init.
 * Stopped by: the pid namespace; the victim, in another one, must live and the run go on.
 * @control none: it would kill what the test's user runs
 * @landlock shows: it lives on; none but the sandbox's own processes died
 */
#include "attack.h"

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    int status = 0;
    twin("kill one's child", kill(child, SIGTERM));
    waitpid(child, &status, 0);
    signal(SIGTERM, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    kill(-1, SIGUSR1);
    kill(-1, SIGTERM);
    for (int number = 1; number < 65; number++) kill(1, number);
    sleep_ms(50);
    attempt_that("init died", kill(1, 0) != 0 && errno == ESRCH, "init lives");
    attempt_that("we have another parent", getppid() != 1, "same parent");
    return verdict();
}
