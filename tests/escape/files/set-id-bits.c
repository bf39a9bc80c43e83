/*
 * Tries: to leave a set-user-ID or set-group-ID program in a writable grant, for a host user to
 * run or for itself to come back to with the owner's rights.
 * Fails because: the filter refuses modes with these bits, at creation too.
 * Stopped by: seccomp (EPERM); a file with such a bit in the grant afterwards fails the test.
 * @landlock no twin: it makes something new in a folder that holds a denial, which gets no new entries there
 */
#include "attack.h"

int main(void) {
    char *file = at("RW", "program");
    create(file, "#!/bin/sh\n");
    int fd = open(file, O_RDONLY);
    struct stat status = {0};
    twin("chmod 755", chmod(file, 0755));
    attempt("chmod 4755", chmod(file, 04755), ANY_OF(EPERM));
    attempt("chmod 6755", chmod(file, 06755), ANY_OF(EPERM));
    attempt("fchmod", fchmod(fd, 04755), ANY_OF(EPERM));
    attempt("fchmodat", syscall(SYS_fchmodat, AT_FDCWD, file, 04755), ANY_OF(EPERM));
    attempt("fchmodat2", syscall(452, AT_FDCWD, file, 04755, 0), ANY_OF(EPERM, ENOSYS));
    attempt("open", open(at("RW", "created"), O_CREAT | O_WRONLY, 04755), ANY_OF(EPERM));
    attempt("creat", creat(at("RW", "created-2"), 04755), ANY_OF(EPERM));
    attempt("mknod", mknod(at("RW", "created-3"), S_IFREG | 04755, 0), ANY_OF(EPERM));
    uint64_t how[3] = {O_CREAT | O_WRONLY, 04755, 0};
    attempt("openat2", syscall(SYS_openat2, AT_FDCWD, at("RW", "created-4"), how, sizeof how), ANY_OF(EPERM, ENOSYS));
    attempt_that("a bit is set", stat(file, &status) == 0 && (status.st_mode & 06000) != 0, "no bit");
    return verdict();
}
