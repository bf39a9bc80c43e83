/*
 * Tries: to reach the host's files through /proc/PID/root and /proc/PID/cwd of every process that
 * /proc shows, init's above all, and of a host process by its number.
 * Fails because: /proc shows the sandbox's own processes only, init is not dumpable, and each
 * process' root is the sandbox's.
 * Stopped by: the pid namespace (ENOENT), init's dumpable flag (EACCES), the mount namespace.
 */
#include "attack.h"

int main(void) {
    twin("own root", show(format("/proc/self/root%s", at("RW", "hello.txt"))));
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc != NULL && (entry = readdir(proc)) != NULL;) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
        attempt(format("/proc/%s/root", entry->d_name),
                show(format("/proc/%s/root%s", entry->d_name, at("SECRET", "token.txt"))),
                ANY_OF(ENOENT, EACCES, EPERM));
        attempt(format("/proc/%s/cwd", entry->d_name),
                show(format("/proc/%s/cwd/%s", entry->d_name, at("SECRET", "token.txt"))),
                ANY_OF(ENOENT, EACCES, EPERM));
    }
    attempt("the host process' root",
            show(format("/proc/%s/root%s", given("VICTIM_PID"), at("SECRET", "token.txt"))), ANY_OF(ENOENT));
    return verdict();
}
