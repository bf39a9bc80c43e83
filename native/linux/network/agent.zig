//! Unix sockets by path: connected and bound by a process of ours that has entered the sandbox's
//! user and mount namespaces, stands in the caller's folder and has no capability there. The
//! workload's own call is never continued: it could have changed the path, or put another socket in
//! the descriptor's place, after it was looked at. One process per call, since a connect may wait.

const std = @import("std");
const sys = @import("sys");
const notify = @import("notify.zig");

pub const Operation = enum { connect, bind };

pub const Started = struct { pid: sys.pid_t, pidfd: sys.fd_t };

/// The sandbox's namespaces, as PID 1 opened them: it cannot be looked into once it is closed to
/// tracing (ptrace(2), PR_SET_DUMPABLE).
pub const Namespaces = struct {
    user: sys.fd_t = -1,
    mount: sys.fd_t = -1,
    network: sys.fd_t = -1,

    /// The caller stands in the user namespace and one more.
    pub fn enter(namespaces: Namespaces, other: sys.fd_t) bool {
        return !sys.failed(sys.call(.setns, .{ namespaces.user, @as(u32, 0) })) and
            !sys.failed(sys.call(.setns, .{ other, @as(u32, 0) }));
    }
};

/// Null: no process could be made.
pub fn start(namespaces: Namespaces, thread: u32, operation: Operation, file: sys.fd_t, address: []const u8) ?Started {
    const folder = openFolder(thread) orelse return null;
    defer sys.close(folder);
    const umask = notify.statusNumber(thread, "Umask:", 8) orelse 0o077;
    var pidfd: sys.fd_t = -1;
    const CLONE_PIDFD: usize = 0x1000;
    const SIGCHLD: usize = 17;
    const flags = CLONE_PIDFD | SIGCHLD;
    // The third argument is where the pidfd goes on both architectures (clone(2)).
    const pid = sys.call(.clone, .{ flags, @as(usize, 0), &pidfd, @as(usize, 0), @as(usize, 0) });
    if (sys.failed(pid)) return null;
    if (pid == 0) work(namespaces, folder, umask, operation, file, address);
    return .{ .pid = @intCast(pid), .pidfd = pidfd };
}

/// The errno of the finished call; the process has ended, or is ended here.
pub fn finish(started: Started) u16 {
    var status: u32 = 0;
    _ = sys.call(.wait4, .{ started.pid, &status, @as(u32, 0), @as(usize, 0) });
    sys.close(started.pidfd);
    return if (status & 0x7f == 0) @intCast(status >> 8 & 0xff) else EPERM;
}

pub fn cancel(started: Started) void {
    const SIGKILL: u32 = 9;
    _ = sys.call(.kill, .{ started.pid, SIGKILL });
    _ = finish(started);
}

fn openFolder(thread: u32) ?sys.fd_t {
    var path: [64]u8 = undefined;
    const name = std.fmt.bufPrintSentinel(&path, "/proc/{d}/cwd", .{thread}, 0) catch unreachable;
    const O_PATH_CLOEXEC: u32 = 0o10000000 | 0o2000000;
    const fd = sys.call(.openat, .{ sys.AT_FDCWD, name.ptr, O_PATH_CLOEXEC, @as(u32, 0) });
    return if (sys.failed(fd)) null else @intCast(fd);
}

fn work(namespaces: Namespaces, folder: sys.fd_t, umask: u32, operation: Operation, file: sys.fd_t, address: []const u8) noreturn {
    const PR_SET_PDEATHSIG: usize = 1;
    const SIGKILL: usize = 9;
    _ = sys.call(.prctl, .{ PR_SET_PDEATHSIG, SIGKILL, @as(usize, 0), @as(usize, 0), @as(usize, 0) });
    if (!namespaces.enter(namespaces.mount)) sys.exit(EPERM);
    if (sys.failed(sys.call(.fchdir, .{folder}))) sys.exit(EPERM);
    _ = sys.call(.umask, .{umask});
    dropCapabilities() catch sys.exit(EPERM);
    const result = switch (operation) {
        .connect => sys.call(.connect, .{ file, address.ptr, address.len }),
        .bind => sys.call(.bind, .{ file, address.ptr, address.len }),
    };
    sys.exit(@intCast(sys.errnoOf(result)));
}

/// capset(2): permitted, effective and inheritable, none.
fn dropCapabilities() error{Syscall}!void {
    const Header = extern struct { version: u32 = 0x2008_0522, pid: i32 = 0 };
    const header: Header = .{};
    const data: [6]u32 = @splat(0);
    var failure: sys.Failure = undefined;
    _ = try sys.check(.capset, .{ &header, &data }, &failure);
}

const EPERM = 1;
