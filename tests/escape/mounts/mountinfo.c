/*
 * Tries: to learn the host's layout from the mount table: the old root, other mounts, the place of
 * the stand-ins.
 * Fails because: the old root is detached, and no mount of it is left in the namespace.
 * Stopped by: pivot_root and umount before the workload starts.
 * @landlock no twin: the host's table of mounts is not shown
 */
#include "attack.h"

static int same_content(const char *one, const char *other) {
    FILE *a = fopen(one, "r"), *b = fopen(other, "r");
    int c;
    if (a == NULL || b == NULL) return a == NULL;
    do {
        c = fgetc(a);
        if (c != fgetc(b)) return 0;
    } while (c != EOF);
    return 1;
}

int main(void) {
    FILE *table = fopen("/proc/self/mountinfo", "r");
    twin("the table is readable", table == NULL ? -1 : 0);
    char line[4096];
    int roots = 0, strange = 0;
    while (fgets(line, sizeof line, table)) {
        char root[1024], place[1024];
        if (sscanf(line, "%*s %*s %*s %1023s %1023s", root, place) != 2) continue;
        if (strcmp(place, "/") == 0) roots++;
        const char *known[] = {"/", "/proc", "/dev", "/tmp", "/etc", "/usr", "/bin", "/sbin", "/lib", "/run", "/mnt/wsl", "/var"};
        int ok = 0;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            size_t length = strlen(known[i]);
            if (strcmp(place, known[i]) == 0 || (strncmp(place, known[i], length) == 0 && length > 1)) ok = 1;
        }
        if (!ok) {
            strange++;
            printf("mount: %s", line);
        }
        if (strstr(line, "stand-ins") != NULL) strange++;
    }
    attempt_that("several roots", roots != 1, "one root");
    attempt_that("mounts of the host", strange != 0, "none");
    attempt_that("init's table is another", !same_content("/proc/1/mountinfo", "/proc/self/mountinfo"), "the same");
    return verdict();
}
