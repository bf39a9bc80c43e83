/*
 * Tries: to be at the other end of the sandbox's device: open /dev/net/tun, attach to tun0; change
 * tun0's address, flags and routes.
 * Fails because: the device's node is not in the sandbox, requests that change interfaces are
 * refused, and the workload has no capability in its network.
 * Stopped by: mounts (ENOENT), seccomp (ENODEV, EPERM).
 * @control root: it takes a capability
 */
#include "net.h"
#include <net/if.h>

int main(void) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    twin("a datagram socket", fd);
    attempt("the node", open("/dev/net/tun", O_RDWR), ANY_OF(ENOENT, EACCES));
    attempt("a node of its own", mknod("/tmp/tun", S_IFCHR | 0600, 10 << 8 | 200), ANY_OF(EPERM));
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    attempt("an interface's flags", ioctl(fd, 0x8914, &request), ANY_OF(ENODEV, EPERM));
    attempt("an interface's name", ioctl(fd, 0x8923, &request), ANY_OF(ENODEV, EPERM, EBUSY));
    return verdict();
}
