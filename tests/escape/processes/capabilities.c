/*
 * Tries: to have, take or keep capabilities: by capset, in the ambient set, by securebits, by
 * executing a file that carries some, by writing them to a file.
 * Fails because: every set is empty, the bounding set too, also when root started the sandbox.
 * Stopped by: capset and PR_CAPBSET_DROP in the launcher; no_new_privs.
 * @control root: only root has some
 * @landlock shows to user: an ordinary user cannot empty the bounding set; no_new_privs keeps it without effect
 */
#include "attack.h"
#include <linux/capability.h>
#include <sys/xattr.h>

static unsigned long long set_of(const char *name) {
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    unsigned long long value = ~0ull;
    while (file != NULL && fgets(line, sizeof line, file)) {
        if (strncmp(line, name, strlen(name)) == 0) sscanf(line + strlen(name) + 1, "%llx", &value);
    }
    if (file != NULL) fclose(file);
    return value;
}

int main(void) {
    const char *sets[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0}};
    twin("capget", syscall(SYS_capget, &header, data));
    for (int i = 0; i < 5; i++) attempt_that(sets[i], set_of(sets[i]) != 0, "empty");
    for (int i = 0; i < 2; i++) data[i].effective = data[i].permitted = 1u << CAP_NET_RAW % 32;
    attempt("capset", syscall(SYS_capset, &header, data), ANY_OF(EPERM));
    attempt("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0), ANY_OF(EPERM, EINVAL));
    attempt("securebits", prctl(PR_SET_SECUREBITS, 0x2f, 0, 0, 0), ANY_OF(EPERM, EINVAL));
    unsigned int file_caps[5] = {0x02000001, 1u << CAP_NET_RAW, 0, 0, 0};
    create(at("RW", "capable"), "x");
    attempt("file capabilities", setxattr(at("RW", "capable"), "security.capability", file_caps, sizeof file_caps, 0), ANY_OF(EPERM, EOPNOTSUPP, ENOSYS));
    return verdict();
}
