/*
 * Tries: to take the host's System V message by key and by id.
 * Fails because: the sandbox has an IPC namespace of its own.
 * Stopped by: the IPC namespace (ENOENT, EINVAL).
 * @landlock no twin: the IPC namespace is the host's, and refused as a whole
 */
#include "attack.h"
#include <sys/msg.h>

int main(void) {
    struct { long type; char text[128]; } message = {.type = 1};
    int own = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    twin("own queue", own);
    twin("send", msgsnd(own, &message, 8, IPC_NOWAIT));
    attempt("by key", msgget((key_t)given_number("IPC_KEY"), 0), ANY_OF(ENOENT));
    msgctl(own, IPC_RMID, NULL);
    long count = msgrcv(given_number("MSG_ID"), &message, sizeof message.text, 0, IPC_NOWAIT);
    if (count > 0) printf("read: %.128s\n", message.text);
    attempt("by id", count, ANY_OF(EINVAL, EIDRM));
    return verdict();
}
