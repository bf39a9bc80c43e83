/*
 * Tries: to gain rights by executing set-user-ID programs: one that the test puts into a grant
 * (owned by root when root runs the test), and the host's su, mount, passwd.
 * Fails because: every mount is nosuid, and no_new_privs is set.
 * Stopped by: no_new_privs, nosuid mounts, the user namespace: uid and capabilities stay.
 * @callers user
 */
#include "attack.h"

static int runs_as(const char *program, uid_t *effective) {
    int pipes[2];
    if (pipe(pipes) != 0) return -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], 3);
        execl(program, program, "--who", (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    ssize_t count = read(pipes[0], effective, sizeof *effective);
    waitpid(child, NULL, 0);
    return count == sizeof *effective ? 0 : -1;
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--who") == 0) {
        uid_t effective = geteuid();
        return write(3, &effective, sizeof effective) == sizeof effective ? 0 : 1;
    }
    uid_t effective = getuid();
    twin("run a program", runs_as(argv[0], &effective));
    twin("run the set-id program", runs_as(given("SETUID_PROGRAM"), &effective));
    attempt_that("its owner's uid", effective != getuid(), "own uid");
    attempt_that("no_new_privs is unset", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1, "no_new_privs");
    attempt("unset no_new_privs", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), ANY_OF(EINVAL));
    return verdict();
}
