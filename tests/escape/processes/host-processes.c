/*
 * Tries: to find, signal, inspect or reprioritise a process of the host by its number.
 * Fails because: numbers mean processes of the sandbox's own pid namespace only.
 * Stopped by: the pid namespace (ESRCH, ENOENT).
 * @landlock shows: the kernel answers questions about a process by its number
 */
#include "attack.h"
#include <sys/resource.h>
#include <sys/ptrace.h>

int main(void) {
    pid_t victim = given_number("VICTIM_PID");
    twin("signal oneself", kill(getpid(), 0));
    attempt("find it in /proc", show(format("/proc/%d/environ", victim)), ANY_OF(ENOENT));
    attempt("its arguments", show(format("/proc/%d/cmdline", victim)), ANY_OF(ENOENT));
    attempt("signal 0", kill(victim, 0), ANY_OF(ESRCH));
    attempt("its group", kill(-victim, 0), ANY_OF(ESRCH));
    attempt("tgkill", syscall(SYS_tgkill, victim, victim, 0), ANY_OF(ESRCH));
    attempt("sigqueue", syscall(SYS_rt_sigqueueinfo, victim, 0, &(siginfo_t){.si_code = SI_QUEUE}), ANY_OF(ESRCH, EPERM));
    attempt("pidfd_open", syscall(434, victim, 0), ANY_OF(ESRCH, EPERM, ENOSYS));
    attempt("setpriority", setpriority(PRIO_PROCESS, victim, 19), ANY_OF(ESRCH));
    attempt("sched_getaffinity", syscall(SYS_sched_getaffinity, victim, sizeof(cpu_set_t), &(cpu_set_t){0}), ANY_OF(ESRCH));
    attempt("prlimit", syscall(SYS_prlimit64, victim, RLIMIT_NOFILE, NULL, NULL), ANY_OF(ESRCH));
    attempt("getpgid", getpgid(victim), ANY_OF(ESRCH));
    return verdict();
}
