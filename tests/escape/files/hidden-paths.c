/*
 * Tries: to find what no grant names: home folders, services' data, /sys, mounted disks.
 * Fails because: the sandbox's root is its own and has only the baseline and the grants.
 * Stopped by: the mount namespace (ENOENT).
 * @landlock shows: what exists can be seen, not opened
 */
#include "attack.h"

int main(void) {
    twin("the baseline is there", try_open("/usr/bin", O_RDONLY));
    const char *hidden[] = {"/home", "/root", "/opt", "/srv", "/boot", "/sys", "/media", "/var/lib", "/var/log",
                            "/var/spool", "/var/cache", "/usr/local", "/usr/src", "/run/dbus", "/run/user",
                            "/run/docker.sock", "/run/systemd/private", "/run/lock", "/lost+found", "/.stand-ins", "/oldroot"};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        attempt(hidden[i], try_open(hidden[i], O_PATH), ANY_OF(ENOENT));
    }
    attempt("the secret's folder", try_open(given("SECRET"), O_PATH), ANY_OF(ENOENT));
    attempt("the secret", show(at("SECRET", "token.txt")), ANY_OF(ENOENT));
    return verdict();
}
