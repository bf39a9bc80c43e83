/*
 * Tries: to change the root: pivot_root to a folder, chroot into one and out again with a folder
 * descriptor that was opened before, the classic escape.
 * Fails because: both need CAP_SYS_ADMIN or CAP_SYS_CHROOT, and the filter has neither call.
 * Stopped by: seccomp (EPERM, ENOSYS).
 * @control root: the calls need capabilities
 * @landlock no twin: the root is the host's, and cannot be listed
 */
#include "attack.h"

int main(void) {
    mkdir(at("RW", "jail"), 0755);
    int before = open("/", O_RDONLY | O_DIRECTORY);
    twin("open the root", before);
    attempt("pivot_root", syscall(SYS_pivot_root, ".", "."), FILTERED);
    attempt("chroot", chroot(at("RW", "jail")), FILTERED);
    fchdir(before);
    for (int i = 0; i < 32; i++) {
        if (chdir("..") != 0) break;
    }
    attempt("chroot to what is above", chroot("."), FILTERED);
    attempt("read the secret then", show(at("SECRET", "token.txt")), ANY_OF(ENOENT));
    return verdict();
}
