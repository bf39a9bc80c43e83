/*
 * Tries: to choose interface and source by control message (IP_PKTINFO, IPV6_PKTINFO) on a datagram,
 * so that it passes by the device that the broker reads.
 * Fails because: the sandbox has loopback and that device, and no other interface or address.
 * Stopped by: the network namespace.
 * @flags --allow-net=9.9.9.10:7/udp
 */
#include "net.h"

static long send_by(int interface, const char *source, const char *target) {
    struct sockaddr_in to = endpoint(target, 666);
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(struct in_pktinfo))]; } control = {
        .header = {.cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO}};
    struct in_pktinfo info = {.ipi_ifindex = interface, .ipi_spec_dst = endpoint(source, 0).sin_addr};
    memcpy(CMSG_DATA(&control.header), &info, sizeof info);
    struct iovec data = {"x", 1};
    struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &data, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = CMSG_SPACE(sizeof info)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct timeval limit = {0, 300000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    char byte;
    if (sendmsg(fd, &message, 0) < 0) return -1;
    return recv(fd, &byte, 1, 0);
}

int main(void) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in to = endpoint(ALLOWED, 7);
    char byte;
    sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof to);
    twin("the permitted one", recv(fd, &byte, 1, 0));
    /* Nothing comes back: EAGAIN. */
    const int *no = ANY_OF(EAGAIN, ENETUNREACH, EHOSTUNREACH, EINVAL, ENODEV, EADDRNOTAVAIL, ECONNREFUSED, EPERM);
    for (int interface = 0; interface < 6; interface++) {
        attempt(format("interface %d", interface), send_by(interface, "0.0.0.0", FORBIDDEN), no);
        attempt(format("interface %d, the host's source", interface), send_by(interface, "192.0.2.1", FORBIDDEN), no);
    }
    return verdict();
}
