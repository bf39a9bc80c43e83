/*
 * Tries: the file-descriptor based mount calls, which old filters do not know.
 * Fails because: the filter is a list of what is allowed, and they are not on it.
 * Stopped by: seccomp (EPERM, ENOSYS).
 * @control root: mounting needs a capability; in a mount namespace of its own
 */
#include "attack.h"

int main(void) {
    twin("open a folder", try_open(given("RW"), O_PATH));
    attempt("fsopen", syscall(430, "tmpfs", 0), FILTERED);
    attempt("open_tree clone", syscall(428, AT_FDCWD, given("RW"), 1), FILTERED);
    attempt("open_tree", syscall(428, AT_FDCWD, given("RW"), 0), FILTERED);
    attempt("move_mount", syscall(429, -1, "", -1, "", 4), FILTERED);
    attempt("fsconfig", syscall(431, -1, 0, NULL, NULL, 0), FILTERED);
    attempt("fsmount", syscall(432, -1, 0, 0), FILTERED);
    attempt("fspick", syscall(433, AT_FDCWD, "/", 0), FILTERED);
    attempt("mount_setattr", syscall(442, AT_FDCWD, given("RO"), 0, NULL, 0), FILTERED);
    attempt("statmount", syscall(457, NULL, NULL, 0, 0), FILTERED);
    attempt("listmount", syscall(458, NULL, NULL, 0, 0), FILTERED);
    return verdict();
}
