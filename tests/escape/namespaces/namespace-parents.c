/*
 * Tries: to get descriptors of the host's namespaces from one's own: the parent user namespace, the
 * owner of the network namespace.
 * Fails because: the kernel answers only below the caller's own user namespace.
 * Stopped by: nsfs (EPERM); with setns refused, one would be of no use.
 * @control none: outside, the same rule holds for the initial namespaces
 */
#include "attack.h"

#define NS_GET_USERNS 0xb701
#define NS_GET_PARENT 0xb702

int main(void) {
    int user = open("/proc/self/ns/user", O_RDONLY);
    int pid = open("/proc/self/ns/pid", O_RDONLY);
    twin("own namespaces", user < 0 || pid < 0 ? -1 : 0);
    attempt("parent of user", ioctl(user, NS_GET_PARENT), ANY_OF(EPERM));
    attempt("parent of pid", ioctl(pid, NS_GET_PARENT), ANY_OF(EPERM));
    attempt("owner of user", ioctl(user, NS_GET_USERNS), ANY_OF(EPERM));
    return verdict();
}
