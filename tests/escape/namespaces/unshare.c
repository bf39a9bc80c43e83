/*
 * Tries: to make namespaces: in a user namespace of its own a workload has every capability, and
 * with them a far larger part of the kernel to attack.
 * Fails because: the filter refuses unshare with namespace flags.
 * Stopped by: seccomp (EPERM).
 */
#include "attack.h"

static int flag;
static void try_flag(void) {
    attempt(format("unshare %#x", flag), unshare(flag), FILTERED);
    fflush(stdout);
    _exit(attempts_succeeded);
}

int main(void) {
    twin("fork", in_child(do_nothing));
    int flags[] = {CLONE_NEWUSER, CLONE_NEWUSER | CLONE_NEWNS, CLONE_NEWUSER | CLONE_NEWNET, CLONE_NEWNS,
                   CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP, 0x80 /* CLONE_NEWTIME */};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        flag = flags[i];
        int status = in_child(try_flag);
        attempt_that(format("flag %#x", flag), status != 0, "EPERM");
    }
    return verdict();
}
