/*
 * Tries: to leave a process behind: a daemon with a session of its own, forked twice, ignoring
 * every signal; and a stopped one, which handles no signal at all.
 * Fails because: when the workload ends, its pid namespace ends, and with it all in it.
 * Stopped by: the pid namespace; the test looks for both on the host.
 * @control none: they would stay
 */
#include "attack.h"

int main(void) {
    int ready[2];
    if (pipe(ready) != 0) return 1;
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
            if (write(ready[1], "d", 1) != 1) _exit(1);
            close(ready[1]);
            close(0), close(1), close(2);
            for (;;) pause();
        }
        _exit(0);
    }
    pid_t stopped = fork();
    if (stopped == 0) {
        close(0), close(1), close(2);
        raise(SIGSTOP);
        for (;;) pause();
    }
    char byte;
    twin("the daemon runs", read(ready[0], &byte, 1) == 1 ? 0 : -1);
    int status;
    twin("the other one stops", waitpid(stopped, &status, WUNTRACED) == stopped && WIFSTOPPED(status) ? 0 : -1);
    refused("stay", "the test looks");
    return verdict();
}
