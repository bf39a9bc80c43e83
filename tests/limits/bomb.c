/* Uses up one thing without end, deaf to every signal that can be ignored. The first word says which. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNK = 1 << 20 };

static void deaf(void)
{
    for (int number = 1; number < 32; number++)
        signal(number, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
}

static void touch(char *at)
{
    for (int offset = 0; offset < CHUNK; offset += 4096)
        at[offset] = (char)(offset >> 12) | 1;
}

static void take_memory(int flags)
{
    for (;;) {
        char *at = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
        if (at != MAP_FAILED)
            touch(at);
    }
}

static void fill(const char *path)
{
    static char buffer[CHUNK];
    memset(buffer, 1, sizeof buffer);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    long written = 0, count;
    while ((count = write(fd, buffer, sizeof buffer)) > 0)
        written += count;
    printf("%ld MB, then %s\n", written >> 20, errno == EFBIG ? "EFBIG" : errno == ENOSPC ? "ENOSPC" : strerror(errno));
}

static void fork_without_end(void)
{
    int children = 0;
    for (;;) {
        pid_t pid = fork();
        if (pid == 0)
            for (;;)
                pause();
        if (pid < 0)
            break;
        children++;
    }
    printf("%d children, then %s\n", children, errno == EAGAIN ? "EAGAIN" : strerror(errno));
    fflush(stdout);
}

static void fork_exponentially(void)
{
    for (;;)
        fork();
}

static void open_without_end(void)
{
    int count = 0;
    while (dup(0) >= 0)
        count++;
    printf("%d descriptors, then %s\n", count + 3, errno == EMFILE ? "EMFILE" : strerror(errno));
}

static void print_without_end(int fd)
{
    static char buffer[65536];
    memset(buffer, 'x', sizeof buffer);
    for (;;)
        if (write(fd, buffer, sizeof buffer) < 0 && errno == EPIPE)
            _exit(9);
}

static void spin(int processes)
{
    for (int index = 1; index < processes; index++)
        if (fork() == 0)
            break;
    for (;;)
        ;
}

/* Short-lived processes: their time is their parents', which wait for them. */
static void spin_in_turns(void)
{
    for (;;) {
        pid_t pid = fork();
        if (pid == 0) {
            for (volatile long turns = 0; turns < 2000000; turns++)
                ;
            _exit(0);
        }
        waitpid(pid, NULL, 0);
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    deaf();
    if (!strcmp(what, "memory")) take_memory(MAP_PRIVATE);
    else if (!strcmp(what, "shared-memory")) take_memory(MAP_SHARED);
    else if (!strcmp(what, "tmpfs")) fill("/tmp/bomb");
    else if (!strcmp(what, "file")) fill(argv[2]);
    else if (!strcmp(what, "forks")) fork_without_end();
    else if (!strcmp(what, "fork-bomb")) fork_exponentially();
    else if (!strcmp(what, "descriptors")) open_without_end();
    else if (!strcmp(what, "output")) print_without_end(1);
    else if (!strcmp(what, "errors")) print_without_end(2);
    else if (!strcmp(what, "spin")) spin(4);
    else if (!strcmp(what, "spin-in-turns")) spin_in_turns();
    else return 2;
    return 0;
}
