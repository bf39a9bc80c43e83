/*
 * Tries: to mount a cgroup hierarchy and set its release_agent, a program that the kernel runs on
 * the host as root; and to move processes between the host's cgroups.
 * Fails because: no cgroup file system is in the sandbox, and none can be mounted.
 * Stopped by: seccomp (EPERM, ENOSYS), the mount namespace (ENOENT).
 * @control root: mounting needs a capability; in a mount namespace of its own
 * @landlock no twin: it makes something new in a folder that holds a denial, which gets no new entries there
 */
#include "attack.h"

int main(void) {
    twin("make a folder", mkdir(at("RW", "cgroup"), 0755));
    attempt("mount cgroup2", mount("none", at("RW", "cgroup"), "cgroup2", 0, NULL), FILTERED);
    attempt("mount cgroup", mount("none", at("RW", "cgroup"), "cgroup", 0, "pids"), FILTERED);
    attempt("release_agent", try_open(at("RW", "cgroup/release_agent"), O_WRONLY), ANY_OF(ENOENT));
    attempt("the host's release_agent", try_open("/sys/fs/cgroup/memory/release_agent", O_WRONLY), ANY_OF(ENOENT));
    attempt("the host's cgroup.procs", try_open("/sys/fs/cgroup/cgroup.procs", O_WRONLY), ANY_OF(ENOENT));
    return verdict();
}
