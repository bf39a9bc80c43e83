/*
 * Tries: to open the host's POSIX message queue by name.
 * Fails because: the sandbox has an IPC namespace of its own.
 * Stopped by: the IPC namespace (ENOENT).
 * @landlock no twin: the IPC namespace is the host's, and refused as a whole
 */
#include "attack.h"
#include <mqueue.h>

int main(void) {
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 16};
    twin("own queue", mq_open("/mxc-own", O_CREAT | O_RDWR, 0600, &attributes));
    mqd_t queue = mq_open(given("MQ_NAME"), O_RDWR | O_NONBLOCK);
    char buffer[256] = {0};
    if (queue >= 0 && mq_receive(queue, buffer, sizeof buffer, NULL) > 0) printf("read: %s\n", buffer);
    attempt("the host's", queue, ANY_OF(ENOENT));
    attempt("its file", show(format("/dev/mqueue%s", given("MQ_NAME"))), ANY_OF(ENOENT));
    attempt("its file in the root", show(given("MQ_NAME")), ANY_OF(ENOENT));
    mq_unlink("/mxc-own");
    return verdict();
}
