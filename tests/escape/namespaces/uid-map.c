/*
 * Tries: to map further uids into the sandbox's user namespace, and to become them.
 * Fails because: the map is written once, before the workload, and setuid needs it.
 * Stopped by: the user namespace (EPERM, EINVAL), /proc/PID/uid_map's own rules.
 * @control root: an ordinary user may not either
 */
#include "attack.h"
#include <grp.h>

static void become(void) {
    attempt("setuid", setuid(getuid() == 0 ? 1 : 0), ANY_OF(EPERM, EINVAL));
    attempt("setresuid", setresuid(65534, 65534, 65534), ANY_OF(EPERM, EINVAL));
    attempt("setgid", setgid(getgid() == 5 ? 6 : 5), ANY_OF(EPERM, EINVAL));
    attempt("setgroups", setgroups(1, &(gid_t){5}), ANY_OF(EPERM, EINVAL));
    fflush(stdout);
    _exit(attempts_succeeded);
}

int main(void) {
    uid_t uid = getuid();
    twin("keep one's own uid", setresuid(uid, uid, uid));
    int map = open("/proc/self/uid_map", O_WRONLY);
    attempt("map every uid", map < 0 ? -1 : write(map, "0 0 4294967295", 14), ANY_OF(EPERM, EACCES, EROFS));
    int groups = open("/proc/self/setgroups", O_WRONLY);
    attempt("allow setgroups", groups < 0 ? -1 : write(groups, "allow", 5), ANY_OF(EPERM, EACCES, EROFS));
    attempt_that("become another", in_child(become) != 0, "EPERM");
    return verdict();
}
