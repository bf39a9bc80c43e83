/*
 * What every attack in C shares. A program first does something harmless of the same kind
 * (`twin`), then attempts the forbidden (`attempt`), and ends with `return verdict();`, which
 * prints the two lines that escape.test.ts asserts.
 *
 * An attempt names the errors that a refusal may answer. Any other error counts as success: the
 * call was let through, and only its arguments failed. So an attack can pass arguments that do no
 * harm where nothing stops it.
 */
#ifndef ATTACK_H
#define ATTACK_H
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ANY_OF(...) (const int[]){__VA_ARGS__, 0}
/* How a filter refuses: not permitted, or as if the kernel did not have it. */
#define FILTERED ANY_OF(EPERM, ENOSYS)

static int twins_done, twins_failed, attempts_done, attempts_succeeded;
static char refusals[256];

static const char *error_name(int error) {
    static char number[16];
    switch (error) {
#define NAME(code) case code: return #code;
    NAME(EPERM) NAME(ENOENT) NAME(ESRCH) NAME(EIO) NAME(ENXIO) NAME(EBADF) NAME(EAGAIN) NAME(ENOMEM)
    NAME(EACCES) NAME(EFAULT) NAME(EBUSY) NAME(EEXIST) NAME(EXDEV) NAME(ENODEV) NAME(ENOTDIR)
    NAME(EISDIR) NAME(EINVAL) NAME(EMFILE) NAME(ENOTTY) NAME(ENOSPC) NAME(EROFS) NAME(EMLINK)
    NAME(EPIPE) NAME(ERANGE) NAME(ELOOP) NAME(ENOSYS) NAME(ENOTEMPTY) NAME(ENODATA)
    NAME(EOPNOTSUPP) NAME(EAFNOSUPPORT) NAME(EADDRNOTAVAIL) NAME(ENETUNREACH) NAME(ECONNREFUSED)
    NAME(ETIMEDOUT) NAME(EPROTONOSUPPORT) NAME(ESOCKTNOSUPPORT) NAME(ENOEXEC) NAME(ESTALE) NAME(EDQUOT)
    NAME(ENETDOWN) NAME(EHOSTUNREACH) NAME(E2BIG) NAME(EIDRM) NAME(ENOKEY) NAME(ETXTBSY)
#undef NAME
    }
    snprintf(number, sizeof number, "errno-%d", error);
    return number;
}

/* The harmless one: `result` is that of a call, negative when it failed. */
static long twin(const char *what, long result) {
    twins_done++;
    if (result < 0) {
        twins_failed++;
        printf("twin: FAILED %s: %s\n", what, error_name(errno));
    }
    return result;
}

static void refused(const char *what, const char *how) {
    attempts_done++;
    printf("tried: %s: %s\n", what, how);
    if (strstr(refusals, how) == NULL && strlen(refusals) + strlen(how) + 2 < sizeof refusals) {
        strcat(refusals, " ");
        strcat(refusals, how);
    }
}

static void succeeded(const char *what, const char *how) {
    attempts_done++;
    attempts_succeeded++;
    printf("attack: SUCCEEDED %s%s%s\n", what, *how ? ": " : "", how);
}

/* The forbidden one, with the errors that are a refusal. */
static long attempt(const char *what, long result, const int *allowed) {
    if (result >= 0) {
        succeeded(what, "");
        return result;
    }
    for (const int *error = allowed; *error != 0; error++) {
        if (errno == *error) {
            refused(what, error_name(errno));
            return result;
        }
    }
    succeeded(what, error_name(errno));
    return result;
}

/* For what is no call: whether it got what it must not get. */
static void attempt_that(const char *what, int got_it, const char *refusal) {
    if (got_it) succeeded(what, "");
    else refused(what, refusal);
}

static int verdict(void) {
    if (twins_done > 0 && twins_failed == 0) puts("twin: ok");
    if (attempts_done > 0 && attempts_succeeded == 0) printf("attack: blocked%s\n", refusals);
    fflush(stdout);
    return 0;
}

/* What the test tells about the host: see fixture.ts. */
static const char *given(const char *name) {
    const char *value = getenv(name);
    if (value == NULL) {
        printf("twin: FAILED the test did not set %s\n", name);
        exit(1);
    }
    return value;
}

static int given_number(const char *name) { return atoi(given(name)); }

/* A path below a given folder. A few buffers in turn, so that one call may use several. */
static char *at(const char *folder, const char *rest) {
    static char buffers[8][PATH_MAX];
    static int next;
    char *out = buffers[next++ % 8];
    snprintf(out, PATH_MAX, "%s/%s", given(folder), rest);
    return out;
}

static char *format(const char *pattern, ...) {
    static char buffers[8][PATH_MAX];
    static int next;
    char *out = buffers[next++ % 8];
    va_list arguments;
    va_start(arguments, pattern);
    vsnprintf(out, PATH_MAX, pattern, arguments);
    va_end(arguments);
    return out;
}

/* Opens, reads and prints: the test looks for the secret in the output. */
static long show(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return -1;
    char buffer[512];
    long count = read(fd, buffer, sizeof buffer - 1);
    int error = errno;
    close(fd);
    errno = error;
    if (count > 0) {
        buffer[count] = 0;
        printf("read: %s\n", buffer);
    }
    return count;
}

/* How many entries the folder shows; none is a failure. */
static long list(const char *path) {
    DIR *folder = opendir(path);
    if (folder == NULL) return -1;
    long count = 0;
    errno = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) count++;
    }
    int error = errno != 0 ? errno : ENOENT;
    closedir(folder);
    errno = error;
    return count > 0 ? count : -1;
}

static long try_open(const char *path, int flags) {
    int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd >= 0) close(fd);
    return fd;
}

static long create(const char *path, const char *content) {
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return -1;
    long count = write(fd, content, strlen(content));
    close(fd);
    return count;
}

/* Runs it in a child; the wait status. For what kills its process when refused. */
static int in_child(void (*action)(void)) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        action();
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status;
}

static void do_nothing(void) {}

static void sleep_ms(long milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}
#endif
