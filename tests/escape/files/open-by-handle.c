/*
 * Tries: to open files by number instead of by name (open_by_handle_at), the escape that broke
 * containers with CAP_DAC_READ_SEARCH ("shocker").
 * Fails because: the filter refuses both calls, and there is no capability.
 * Stopped by: seccomp (EPERM, ENOSYS).
 */
#include "attack.h"

int main(void) {
    struct { unsigned bytes; int type; unsigned char handle[128]; } handle = {128, 0, {0}};
    int mount_id;
    twin("open by name", try_open(at("RW", "hello.txt"), O_RDONLY));
    long result = syscall(SYS_name_to_handle_at, AT_FDCWD, at("RW", "hello.txt"), &handle, &mount_id, 0);
    attempt("name_to_handle_at", result, ANY_OF(EPERM, ENOSYS, EOPNOTSUPP));
    int folder = open(given("RW"), O_RDONLY);
    /* Inode 2 is the root folder of ext4. */
    if (result < 0) {
        handle.bytes = 8;
        handle.type = 1;
        memcpy(handle.handle, (unsigned[]){2, 0}, 8);
    }
    attempt("open_by_handle_at", syscall(SYS_open_by_handle_at, folder, &handle, O_RDONLY), FILTERED);
    return verdict();
}
