/*
 * Tries: to change interfaces, routes and address tables by ioctl.
 * Fails because: that needs CAP_NET_ADMIN, which nobody in the sandbox has.
 * Stopped by: no capabilities (EPERM); seccomp where it refuses the call.
 * @control root: it needs a capability; the interface is none that exists
 * @landlock no twin: without a network there are no sockets but pairs, and no table of the host's
 */
#include "attack.h"
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>

int main(void) {
    struct ifreq request = {0};
    strcpy(request.ifr_name, "lo");
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    twin("read lo's flags", ioctl(fd, SIOCGIFFLAGS, &request));
    strcpy(request.ifr_name, "mxc-none");
    attempt("set flags", ioctl(fd, SIOCSIFFLAGS, &request), ANY_OF(EPERM));
    attempt("set an address", ioctl(fd, SIOCSIFADDR, &request), ANY_OF(EPERM));
    struct rtentry route = {0};
    attempt("add a route", ioctl(fd, SIOCADDRT, &route), ANY_OF(EPERM));
    // Seccomp's: older kernels load the module before they ask, and say ENOPKG where there is none.
    attempt("add a bridge", ioctl(fd, 0x89a0 /* SIOCBRADDBR */, NULL), ANY_OF(EPERM));
    attempt("read bridges", ioctl(fd, 0x8940 /* SIOCGIFBR */, NULL), ANY_OF(EPERM));
    attempt("add a VLAN", ioctl(fd, 0x8983 /* SIOCSIFVLAN */, NULL), ANY_OF(EPERM));
    attempt("mark packets", setsockopt(fd, SOL_SOCKET, SO_MARK, &(int){1}, sizeof(int)), ANY_OF(EPERM));
    attempt("a privileged option", setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){1 << 16}, sizeof(int)), ANY_OF(EPERM));
    return verdict();
}
