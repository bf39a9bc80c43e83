/*
 * Tries: to switch protections of its memory off, as exploits do: readable memory executable,
 * page zero mapped, addresses not random.
 * Fails because: the filter allows few values of personality, each without effect on protections.
 * Stopped by: seccomp (EPERM).
 */
#include "attack.h"
#include <sys/personality.h>

int main(void) {
    twin("query", personality(0xffffffff));
    attempt("READ_IMPLIES_EXEC", personality(READ_IMPLIES_EXEC), ANY_OF(EPERM));
    attempt("MMAP_PAGE_ZERO", personality(MMAP_PAGE_ZERO), ANY_OF(EPERM));
    attempt("PER_SVR4", personality(PER_SVR4), ANY_OF(EPERM));
    attempt("map page zero", mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED ? -1 : 0, ANY_OF(EPERM, EACCES, EINVAL, ENOMEM));
    return verdict();
}
