/*
 * Tries: to bind a denied or read-only object to a writable place, or the root to a folder.
 * Fails because: the workload has no capability, and the filter has no mount.
 * Stopped by: seccomp (EPERM, ENOSYS).
 * @control root: mounting needs a capability; in a mount namespace of its own
 * @landlock no twin: it makes something new in a folder that holds a denial, which gets no new entries there
 */
#include "attack.h"

int main(void) {
    twin("make a folder", mkdir(at("RW", "target"), 0755));
    create(at("RW", "target-file"), "");
    attempt("bind the root", mount("/", at("RW", "target"), NULL, MS_BIND, NULL), FILTERED);
    attempt("bind the root, recursively", mount("/", at("RW", "target"), NULL, MS_BIND | MS_REC, NULL), FILTERED);
    attempt("bind the denied file", mount(at("RW", "denied.txt"), at("RW", "target-file"), NULL, MS_BIND, NULL), FILTERED);
    attempt("bind the grant above a mask", mount(given("RW"), at("RW", "target"), NULL, MS_BIND, NULL), FILTERED);
    attempt("move a mount", mount(at("RW", "inner-ro"), at("RW", "target"), NULL, MS_MOVE, NULL), FILTERED);
    return verdict();
}
