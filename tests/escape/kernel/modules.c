/*
 * Tries: to load and remove kernel modules, with arguments that are none.
 * Fails because: the filter has none of the calls.
 * Stopped by: seccomp (EPERM, ENOSYS).
 * @control none: many kernels have none of it
 */
#include "attack.h"

int main(void) {
    twin("open a file", try_open(at("RW", "hello.txt"), O_RDONLY));
    attempt("init_module", syscall(SYS_init_module, "x", 1, ""), FILTERED);
    attempt("finit_module", syscall(SYS_finit_module, -1, "", 0), FILTERED);
    attempt("delete_module", syscall(SYS_delete_module, "mxc_is_not_there", O_NONBLOCK), FILTERED);
    attempt("/proc/modules", show("/proc/modules"), ANY_OF(EACCES, ENOENT));
    attempt("/lib/modules for writing", create("/lib/modules/mxc", "x"), ANY_OF(EROFS, EACCES, ENOENT));
    return verdict();
}
