/*
 * Tries: to write to what is neither granted nor meant for it: the root, /run, /var, /usr, /dev,
 * /proc, folders that lead to grants.
 * Fails because: the sandbox's root is read-only once it is made.
 * Stopped by: the read-only mount (EROFS, EACCES).
 * @control none: it would change the host
 * @landlock no twin: it uses /tmp, which is the host's there
 */
#include "attack.h"

int main(void) {
    twin("write in /tmp", create("/tmp/file", "x"));
    const char *folders[] = {"/", "/run", "/var", "/usr", "/dev", "/dev/pts", "/etc", "/bin"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        attempt(format("create in %s", folders[i]), create(format("%s/mxc-test", folders[i]), "x"), ANY_OF(EROFS, EACCES, EPERM));
        /* The terminals' file system is the sandbox's own, with nothing in it but its terminals. */
        if (strcmp(folders[i], "/dev/pts") == 0) continue;
        attempt(format("chmod %s", folders[i]), chmod(folders[i], 0777), ANY_OF(EROFS, EPERM));
    }
    attempt("create in /proc", create("/proc/mxc-test", "x"), ANY_OF(ENOENT, EACCES, EPERM));
    attempt("beside the grant", create(at("RW", "../beside"), "x"), ANY_OF(EROFS, EACCES));
    return verdict();
}
