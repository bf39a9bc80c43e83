/*
 * Tries: to use a socket of the host's in another process of the sandbox, which got it as a message
 * and connects it elsewhere, listens on it, sends with it.
 * Fails because: every process of the sandbox is under the same filter, and the broker asks the
 * socket what it is, not who has it.
 * Stopped by: the broker (EACCES, EINVAL), seccomp (EOPNOTSUPP).
 */
#include "net.h"

static int pair[2];

static void receive(void) {
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control;
    char byte;
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (recvmsg(pair[1], &message, 0) != 1) _exit(9);
    int fd;
    memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
    struct sockaddr_in to = endpoint(FORBIDDEN, TRAP);
    int got = aim(fd, FORBIDDEN, TRAP) == 0 || errno != EACCES;
    got |= (sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof to) >= 0) << 1;
    got |= (listen(fd, 1) == 0) << 2;
    _exit(got);
}

int main(void) {
    twin("a pair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) receive();
    int fd = unaimed();
    twin("a socket of the host's", fd);
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control = {
        .header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    struct iovec data = {"x", 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_SPACE(sizeof(int))};
    twin("passing it", sendmsg(pair[0], &message, 0));
    int status;
    waitpid(child, &status, 0);
    attempt_that("in the other process", status != 0, "refused");
    return verdict();
}
