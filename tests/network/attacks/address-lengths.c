/*
 * Tries: lengths that no address has: negative, huge, one short, a path without an end, and whatever
 * lies between, on each kind of socket.
 * Fails because: the length is checked before anything is copied, and the copy has room for the
 * longest address of the kernel's.
 * Stopped by: the broker (EINVAL).
 * @control none: there is no broker to bring down
 */
#include "net.h"

int main(void) {
    static char big[1 << 20];
    struct sockaddr_in good = endpoint(FORBIDDEN, TRAP);
    memcpy(big, &good, sizeof good);
    static const long lengths[] = {-1, -2147483647 - 1, 2147483647, 4096, 129, 1 << 20, 0x100000010, 0xffffffff00000010};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        attempt(format("connect: %ld", lengths[i]), syscall(SYS_connect, tcp(), big, lengths[i]), ANY_OF(EINVAL, EACCES));
        attempt(format("bind: %ld", lengths[i]), syscall(SYS_bind, tcp(), big, lengths[i]), ANY_OF(EINVAL, EADDRNOTAVAIL));
    }
    for (long length = 0; length < 128; length++) {
        attempt(format("IPv4: %ld", length), syscall(SYS_connect, tcp(), big, length), ANY_OF(EINVAL, EACCES, EAFNOSUPPORT));
        memset(big + 200, 'x', 200);
        big[200] = AF_UNIX;
        big[201] = 0;
        attempt(format("Unix: %ld", length), syscall(SYS_connect, socket(AF_UNIX, SOCK_STREAM, 0), big + 200, length), ANY_OF(EINVAL, ENOENT, ECONNREFUSED));
    }
    still_served();
    return verdict();
}
