/*
 * Tries: nothing itself; mxc's caller denies a path that does not exist inside a writable grant.
 * Fails because: nothing may be created on the host for a mask to be mounted on; the policy lies
 * in the caller's own folder, which is looked at afterwards.
 * Stopped by: the plan, which needs no mount there or refuses the run.
 * @flags --deny=DENIED_OUTSIDE
 * @control none: it is mxc that would do the harm
 * @landlock no twin: it makes something new in a folder that holds a denial, which gets no new entries there
 */
#include "attack.h"

int main(void) {
    twin("write in the grant", create(at("RW", "new"), "x"));
    attempt("reach the missing path", try_open(given("DENIED_OUTSIDE"), O_RDONLY), ANY_OF(ENOENT, EACCES));
    attempt("create the missing path", create(given("DENIED_OUTSIDE"), "x"), ANY_OF(ENOENT, EACCES, EROFS));
    return verdict();
}
