/*
 * Tries: to take descriptors from the sandbox's init, which has some to the host: a lifeline, the
 * memory that it shares with the supervisor.
 * Fails because: /proc hides what one may not trace, and init is not dumpable.
 * Stopped by: /proc's hidepid (ENOENT), prctl(PR_SET_DUMPABLE) in init (EACCES); seccomp refuses pidfd_getfd.
 * @control root: only root may look into the host's init
 */
#include "attack.h"

int main(void) {
    twin("own descriptors", list("/proc/self/fd"));
    attempt("list init's", list("/proc/1/fd"), ANY_OF(EACCES, EPERM, ENOENT));
    for (int fd = 0; fd < 64; fd++) {
        char target[PATH_MAX];
        attempt(format("follow init's %d", fd), readlink(format("/proc/1/fd/%d", fd), target, sizeof target), ANY_OF(EACCES, EPERM, ENOENT));
    }
    attempt("list init's maps", list("/proc/1/map_files"), ANY_OF(EACCES, EPERM, ENOENT));
    attempt("list init's fdinfo", list("/proc/1/fdinfo"), ANY_OF(EACCES, EPERM, ENOENT));
    return verdict();
}
