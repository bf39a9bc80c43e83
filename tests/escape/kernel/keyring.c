/*
 * Tries: to read and add keys of the kernel's keyrings, which no namespace keeps apart.
 * Fails because: the filter has none of the calls.
 * Stopped by: seccomp (EPERM, ENOSYS).
 */
#include "attack.h"

int main(void) {
    twin("a call that is allowed", getpid());
    attempt("add_key", syscall(SYS_add_key, "user", "mxc", "x", 1, -2), FILTERED);
    attempt("request_key", syscall(SYS_request_key, "user", "mxc", NULL, -2), FILTERED);
    attempt("session keyring", syscall(SYS_keyctl, 0, -3, 0), FILTERED);
    attempt("user keyring", syscall(SYS_keyctl, 0, -4, 0), FILTERED);
    attempt("join a session", syscall(SYS_keyctl, 1, NULL), FILTERED);
    attempt("/proc/keys", show("/proc/keys"), ANY_OF(EACCES, ENOENT));
    attempt("/proc/key-users", show("/proc/key-users"), ANY_OF(EACCES, ENOENT));
    return verdict();
}
