/*
 * Tries: to get from a socket of the host's to its network: SIOCGSKNS (its namespace as a
 * descriptor), its interfaces and their addresses, the peer's process.
 * Fails because: requests about interfaces and namespaces are refused on every socket.
 * Stopped by: seccomp (ENODEV, ENOTTY, EPERM).
 */
#include "net.h"
#include <net/if.h>

int main(void) {
    int host = dial(ALLOWED, 7);
    twin("bytes to read", ioctl(host, 0x541b, &(int){0}));
    struct ifreq requests[8] = {{.ifr_name = "outer"}};
    struct ifconf list = {.ifc_len = sizeof requests, .ifc_req = requests};
    const int *no = ANY_OF(ENODEV, ENOTTY, EPERM);
    attempt("SIOCGSKNS", ioctl(host, 0x894c), no);
    attempt("SIOCGIFCONF", ioctl(host, 0x8912, &list), no);
    attempt("SIOCGIFADDR", ioctl(host, 0x8915, requests), no);
    attempt("SIOCGIFINDEX", ioctl(host, 0x8933, requests), no);
    attempt("SIOCETHTOOL", ioctl(host, 0x8946, requests), no);
    attempt("high bits", syscall(SYS_ioctl, host, 0x100008912ul, &list), no);
    return verdict();
}
