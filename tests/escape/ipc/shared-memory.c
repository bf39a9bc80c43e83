/*
 * Tries: to attach the host's System V shared memory by key and by id, and to list it.
 * Fails because: the sandbox has an IPC namespace of its own.
 * Stopped by: the IPC namespace (ENOENT, EINVAL).
 * @landlock no twin: the IPC namespace is the host's, and refused as a whole
 */
#include "attack.h"
#include <sys/shm.h>

int main(void) {
    int own = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
    twin("own memory", own);
    twin("attach it", shmat(own, NULL, 0) == (void *)-1 ? -1 : 0);
    int found = shmget((key_t)given_number("IPC_KEY"), 0, 0);
    attempt("by key", found, ANY_OF(ENOENT));
    shmctl(own, IPC_RMID, NULL);
    char *memory = shmat(given_number("SHM_ID") == own ? -1 : given_number("SHM_ID"), NULL, 0);
    if (memory != (void *)-1) printf("read: %s\n", memory);
    attempt("by id", memory == (void *)-1 ? -1 : 0, ANY_OF(EINVAL));
    return verdict();
}
