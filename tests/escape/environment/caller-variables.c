/*
 * Tries: to find the caller's variables in its own environment, on its stack, in any process'
 * environment.
 * Fails because: the workload's environment is made from the policy alone; init's is erased.
 * Stopped by: the plan; init's dumpable flag.
 * @landlock shows: TMPDIR is the sandbox's own
 */
#include "attack.h"

extern char **environ;

int main(void) {
    int found = 0;
    twin("a variable of the policy", getenv("PROGRAM") == NULL ? -1 : 0);
    for (char **variable = environ; *variable != NULL; variable++) {
        const char *bad[] = {"MXC_CALLER", "BUN_", "LD_", "TMPDIR=", "NODE_", "JSC_"};
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            if (strncmp(*variable, bad[i], strlen(bad[i])) == 0) {
                printf("variable: %s\n", *variable);
                found++;
            }
        }
    }
    attempt_that("the caller's variables", found > 0, "none");
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc != NULL && (entry = readdir(proc)) != NULL;) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || atoi(entry->d_name) == getpid()) continue;
        attempt(format("of process %s", entry->d_name), show(format("/proc/%s/environ", entry->d_name)), ANY_OF(EACCES, EPERM, ENOENT));
    }
    return verdict();
}
