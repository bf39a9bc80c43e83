/*
 * Tries: to open POSIX shared memory of the host, and files of its /tmp.
 * Fails because: /dev/shm and /tmp are the sandbox's own.
 * Stopped by: the mount namespace (ENOENT).
 * @control none: it looks at the whole /tmp
 * @landlock no twin: /dev/shm is the host's
 */
#include "attack.h"

int main(void) {
    twin("own memory", create("/dev/shm/own", "x"));
    unlink("/dev/shm/own");
    attempt("the host's", show(given("SHARED")), ANY_OF(ENOENT));
    attempt("create it", try_open(given("SHARED"), O_WRONLY), ANY_OF(ENOENT));
    DIR *folder = opendir("/tmp");
    int others = 0;
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] != '.') others++;
    }
    attempt_that("the host's /tmp has files", others > 0, "empty");
    return verdict();
}
