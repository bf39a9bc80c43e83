/*
 * Tries: to watch all files of a mount with fanotify, which hands out descriptors of what others
 * open.
 * Fails because: the filter has no fanotify; inotify, which shows names only, stays.
 * Stopped by: seccomp (EPERM, ENOSYS).
 * @landlock no twin: inotify would tell of files that may not be opened, and is refused
 */
#include "attack.h"
#include <sys/fanotify.h>
#include <sys/inotify.h>

int main(void) {
    twin("inotify", inotify_add_watch(inotify_init1(0), given("RW"), IN_CREATE));
    attempt("fanotify", syscall(SYS_fanotify_init, FAN_CLASS_NOTIF, O_RDONLY), FILTERED);
    attempt("fanotify without rights", syscall(SYS_fanotify_init, FAN_REPORT_FID, O_RDONLY), FILTERED);
    return verdict();
}
