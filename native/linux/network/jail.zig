//! What the broker itself may do once it serves: it reads what a hostile workload and hostile servers
//! send. It can start no program, write no file that is not open, take no capability up. Its
//! processes (agent.zig, sandbox_sockets.zig) are under the same filter.

const std = @import("std");
const builtin = @import("builtin");
const sys = @import("sys");
const compiler = @import("../seccomp/compile.zig");
const seccomp = @import("../seccomp/program.zig");
const table = @import("../seccomp/table.zig");

const groups = [_]table.Group{
    .{
        .reason = "sockets, the broker's trade",
        .otherwise = .allow,
        .syscalls = &.{
            "socket",     "socketpair",  "connect",         "bind",           "listen",      "accept4",
            "sendto",     "sendmsg",     "sendmmsg",        "recvfrom",       "recvmsg",     "recvmmsg",
            "shutdown",   "getsockopt",  "setsockopt",      "getsockname",    "getpeername", "ioctl",
            "read",       "write",       "readv",           "writev",         "splice",      "pipe2",
            "close",      "fcntl",       "dup3",            "close_range",    "ppoll",       "epoll_ctl",
            "epoll_wait", "epoll_pwait", "timerfd_settime", "timerfd_create",
        },
    },
    .{
        .reason = "a caller's descriptors, memory and state",
        .otherwise = .allow,
        .syscalls = &.{ "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "process_vm_readv", "getdents64", "readlinkat" },
    },
    .{
        .reason = "files are opened for reading only: O_WRONLY, O_RDWR, O_CREAT, O_TRUNC and O_TMPFILE are refused",
        .cases = &.{.{ .when = &.{.{ .argument = 2, .mask = 0o1 | 0o2 | 0o100 | 0o1000 | 0o20000000, .value = 0 }}, .action = .allow }},
        .otherwise = .{ .errno = table.EPERM },
        .syscalls = &.{"openat"},
    },
    .{
        .reason = "processes that enter the sandbox's namespaces, one call each",
        .otherwise = .allow,
        .syscalls = &.{ "clone", "wait4", "kill", "prctl", "setns", "fchdir", "umask", "capset", "getpid", "getppid" },
    },
    .{
        .reason = "memory, time, chance, and the end",
        .otherwise = .allow,
        .syscalls = &.{ "mmap", "munmap", "mremap", "madvise", "clock_gettime", "getrandom", "exit", "exit_group", "rt_sigreturn", "restart_syscall", "prlimit64" },
    },
};

/// The landlock tier's broker is the guard too.
const guard_groups = groups ++ [_]table.Group{
    .{
        .reason = "what it does in the workload's place, and the end of what that leaves",
        .otherwise = .allow,
        .syscalls = &.{
            "fchmodat",  "fchmodat2", "fchmod", "fchownat",          "utimensat", "truncate", "openat2",
            "statx",     "getpgid",   "tgkill", "rt_tgsigqueueinfo", "unlinkat",  "lseek",    "renameat2",
            "nanosleep",
        },
    },
};

fn program(comptime arch: std.Target.Cpu.Arch, comptime guard: bool) []const compiler.SockFilter {
    const numbers = comptime seccomp.numbersOf(arch);
    const rules = comptime seccomp.rulesOfGroups(numbers.SYS, if (guard) &guard_groups else &groups);
    return comptime compiler.compile(rules, numbers.audit_arch, numbers.limit);
}

pub fn enter(comptime guard: bool, failure: *sys.Failure) error{Syscall}!void {
    const PR_SET_NO_NEW_PRIVS: usize = 38;
    _ = try sys.check(.prctl, .{ PR_SET_NO_NEW_PRIVS, @as(usize, 1), @as(usize, 0), @as(usize, 0), @as(usize, 0) }, failure);
    try dropCapabilities(failure);
    const filter = comptime program(builtin.cpu.arch, guard);
    const bytes: seccomp.SockFprog = .{ .length = @intCast(filter.len), .filter = filter.ptr };
    const SECCOMP_SET_MODE_FILTER: u32 = 1;
    _ = try sys.check(.seccomp, .{ SECCOMP_SET_MODE_FILTER, @as(u32, 0), &bytes }, failure);
}

/// Root's broker keeps CAP_NET_BIND_SERVICE, to publish what the workload listens on below 1024, and
/// CAP_NET_RAW, for pings where the kernel gives nobody else any. What it may do in the sandbox's
/// namespaces follows from being their owner (user_namespaces(7)), not from these.
fn dropCapabilities(failure: *sys.Failure) error{Syscall}!void {
    const kept: u32 = 1 << 10 | 1 << 13;
    const Header = extern struct { version: u32 = 0x2008_0522, pid: i32 = 0 };
    var header: Header = .{};
    var data: [6]u32 = @splat(0);
    _ = try sys.check(.capget, .{ &header, &data }, failure);
    // Effective, permitted, inheritable; then those of 32 and above (capset(2)).
    data = .{ data[0] & kept, data[1] & kept, 0, 0, 0, 0 };
    _ = try sys.check(.capset, .{ &header, &data }, failure);
}
