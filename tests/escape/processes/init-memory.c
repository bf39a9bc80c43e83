/*
 * Tries: to read the launcher's environment, arguments and memory from init's /proc folder. With
 * MXC's bubblewrap backend, /proc/1/environ is the launcher's whole environment, and
 * /proc/1/cmdline the whole policy.
 * Fails because: /proc hides what one may not trace; init is not dumpable, and has erased its
 * arguments and environment besides.
 * Stopped by: /proc's hidepid (ENOENT), prctl(PR_SET_DUMPABLE) (EACCES).
 * @control root: only root may look into the host's init
 */
#include "attack.h"

static int shows(const char *path, const char *text) {
    char buffer[8192] = {0};
    int fd = open(path, O_RDONLY);
    if (fd < 0) return 0;
    ssize_t count = read(fd, buffer, sizeof buffer - 1);
    for (ssize_t i = 0; i < count; i++) if (buffer[i] == 0) buffer[i] = ' ';
    close(fd);
    return strstr(buffer, text) != NULL;
}

int main(void) {
    twin("own environment", show("/proc/self/environ"));
    const char *files[] = {"environ", "mem", "maps", "smaps", "auxv", "stack", "pagemap", "syscall", "personality",
                           "io", "timers", "exe", "patch_state"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        attempt(files[i], show(format("/proc/1/%s", files[i])), ANY_OF(EACCES, EPERM, ENOENT, EINVAL, ESRCH));
    }
    attempt_that("cmdline shows the policy", shows("/proc/1/cmdline", given("RW")), "erased");
    attempt_that("cmdline shows the tool's flags", shows("/proc/1/cmdline", "--"), "erased");
    attempt("write init's memory", try_open("/proc/1/mem", O_RDWR), ANY_OF(ENOENT, EACCES, EPERM));
    attempt("oom_score_adj of init", try_open("/proc/1/oom_score_adj", O_WRONLY), ANY_OF(ENOENT, EACCES, EPERM));
    char link[PATH_MAX];
    attempt("init's program", readlink("/proc/1/exe", link, sizeof link), ANY_OF(EACCES, EPERM, ENOENT));
    return verdict();
}
