/*
 * Tries: to use the host's System V semaphores by key and by id.
 * Fails because: the sandbox has an IPC namespace of its own.
 * Stopped by: the IPC namespace (ENOENT, EINVAL).
 * @landlock no twin: the IPC namespace is the host's, and refused as a whole
 */
#include "attack.h"
#include <sys/sem.h>

int main(void) {
    int own = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
    twin("own semaphore", own);
    twin("add to it", semop(own, &(struct sembuf){0, 1, IPC_NOWAIT}, 1));
    attempt("by key", semget((key_t)given_number("IPC_KEY"), 0, 0), ANY_OF(ENOENT));
    semctl(own, 0, IPC_RMID);
    attempt("by id", semop(given_number("SEM_ID"), &(struct sembuf){0, 1, IPC_NOWAIT}, 1), ANY_OF(EINVAL, EIDRM));
    return verdict();
}
