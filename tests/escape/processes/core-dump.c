/*
 * Tries: to make the kernel run the host's core dump program, or to leave a core file, by crashing
 * with its memory's limit raised.
 * Fails because: the core limit of 1 byte makes the kernel run no program and write no file.
 * Stopped by: RLIMIT_CORE, whose hard limit cannot be raised.
 * @control none: it needs the host's core_pattern
 */
#include "attack.h"
#include <sys/resource.h>

static void crash(void) {
    chdir(given("RW"));
    setrlimit(RLIMIT_CORE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
    abort();
}

int main(void) {
    int status = in_child(crash);
    twin("a process may crash", WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT ? 0 : -1);
    attempt_that("it dumped core", WCOREDUMP(status), "no core");
    attempt("raise the limit", setrlimit(RLIMIT_CORE, &(struct rlimit){1 << 20, 1 << 20}), ANY_OF(EPERM));
    attempt("a core file", access(at("RW", "core"), F_OK), ANY_OF(ENOENT));
    return verdict();
}
