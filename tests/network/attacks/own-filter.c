/*
 * Tries: to hide its connects from the broker behind filters of its own, newer ones first: one that
 * notifies nobody, one that traces, one that allows.
 * Fails because: of several filters the strictest answer counts; a notification without a listener
 * is ENOSYS, and harms only who asked for it.
 * Stopped by: seccomp.
 * @control none: without a sandbox there is nothing to hide from
 */
#include "net.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

static void add(uint32_t action) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_connect, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {4, code};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) _exit(3);
}

static void try(uint32_t action) {
    add(action);
    int fd = tcp();
    _exit(aim(fd, FORBIDDEN, TRAP) == 0 || peer_is(fd, FORBIDDEN));
}

static void notifies(void) { try(SECCOMP_RET_USER_NOTIF); }
static void traces(void) { try(SECCOMP_RET_TRACE); }
static void logs(void) { try(SECCOMP_RET_LOG); }
static void allows(void) { try(SECCOMP_RET_ALLOW); }

int main(void) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    attempt_that("USER_NOTIF", in_child(notifies) != 0, "refused");
    attempt_that("TRACE", in_child(traces) != 0, "refused");
    attempt_that("LOG", in_child(logs) != 0, "refused");
    attempt_that("ALLOW", in_child(allows) != 0, "refused");
    still_served();
    return verdict();
}
