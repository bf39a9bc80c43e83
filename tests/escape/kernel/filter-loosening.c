/*
 * Tries: to loosen its own filter: by disabling it, by an allow-all filter on top, by one that
 * hands refused calls to a listener, which may let them go on.
 * Fails because: filters only add up, the strictest answer wins, and a listener's "go on" still
 * meets the other filters.
 * Stopped by: seccomp's own rules; the mount after it is still refused.
 * @control root: mounting needs a capability; in a mount namespace of its own
 */
#include "attack.h"
#include <linux/filter.h>
#include <linux/seccomp.h>

int main(void) {
    struct sock_filter allow[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
    struct sock_fprog program = {1, allow};
    twin("read the mode", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
        attempt("disable it", prctl(PR_SET_SECCOMP, 0, NULL, 0, 0), ANY_OF(EPERM, EINVAL, ENOSYS));
    }
    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
    attempt("mount", mount("none", "/tmp", "tmpfs", MS_RDONLY, NULL), FILTERED);
    attempt("unshare", unshare(CLONE_NEWUSER), FILTERED);
    return verdict();
}
