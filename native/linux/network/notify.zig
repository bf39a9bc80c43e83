//! Seccomp user notification (seccomp_unotify(2)): what the workload asks for, with its memory and
//! descriptors taken once. Every answer may come too late: the thread that asked can die between
//! any two steps, and then the kernel says ENOENT, which is no failure.

const std = @import("std");
const sys = @import("sys");
const sockets = @import("sockets.zig");

/// linux/seccomp.h
const RECV: u32 = 0xc050_2100;
const SEND: u32 = 0xc018_2101;
const ID_VALID: u32 = 0x4008_2102;
const ADDFD: u32 = 0x4018_2103;
const SET_FLAGS: u32 = 0x4008_2104;
const ADDFD_FLAG_SETFD: u32 = 1;
/// Linux 6.6: the waker hands its processor over.
const SYNC_WAKE_UP: u64 = 1;

pub const Notification = extern struct {
    id: u64 = 0,
    /// The thread, as this process' pid namespace numbers it.
    thread: u32 = 0,
    flags: u32 = 0,
    number: i32 = 0,
    architecture: u32 = 0,
    instruction: u64 = 0,
    arguments: [6]u64 = @splat(0),

    pub fn descriptor(notification: *const Notification) i32 {
        return @bitCast(@as(u32, @truncate(notification.arguments[0])));
    }
};

const Response = extern struct { id: u64, value: i64 = 0, errno: i32 = 0, flags: u32 = 0 };
const AddFd = extern struct { id: u64, flags: u32, source: u32, target: u32, target_flags: u32 };

comptime {
    std.debug.assert(@sizeOf(Notification) == 80);
    std.debug.assert(@sizeOf(Response) == 24 and @sizeOf(AddFd) == 24);
}

/// Longest address that the kernel takes (struct sockaddr_storage).
pub const address_max = 128;

pub const Listener = struct {
    fd: sys.fd_t,
    threads: Threads = .{},

    pub fn init(fd: sys.fd_t) Listener {
        _ = sys.call(.ioctl, .{ fd, SET_FLAGS, SYNC_WAKE_UP });
        return .{ .fd = fd };
    }

    /// Null when there is none, or it is gone again.
    pub fn receive(listener: *const Listener, notification: *Notification) bool {
        notification.* = .{};
        return !sys.failed(sys.call(.ioctl, .{ listener.fd, RECV, notification }));
    }

    /// Still the same thread in the same call: what was read by its number is its own.
    pub fn isValid(listener: *const Listener, id: u64) bool {
        return !sys.failed(sys.call(.ioctl, .{ listener.fd, ID_VALID, &id }));
    }

    /// `errno` 0 is success.
    pub fn answer(listener: *const Listener, id: u64, errno: u16) void {
        const response: Response = .{ .id = id, .errno = -@as(i32, errno) };
        _ = sys.call(.ioctl, .{ listener.fd, SEND, &response });
    }

    /// Puts a copy of `file` in place of the thread's descriptor `target`.
    pub fn replace(listener: *const Listener, id: u64, file: sys.fd_t, target: i32, close_on_exec: bool) u16 {
        const O_CLOEXEC: u32 = 0o2000000;
        const request: AddFd = .{
            .id = id,
            .flags = ADDFD_FLAG_SETFD,
            .source = @intCast(file),
            .target = @bitCast(target),
            .target_flags = if (close_on_exec) O_CLOEXEC else 0,
        };
        return sys.errnoOf(sys.call(.ioctl, .{ listener.fd, ADDFD, &request }));
    }

    pub const Taken = union(enum) { file: sys.fd_t, errno: u16, gone };

    /// The file behind the notification's first argument, as a descriptor of this process.
    pub fn takeFile(listener: *Listener, notification: *const Notification) Taken {
        return listener.takeDescriptor(notification, notification.descriptor());
    }

    pub fn takeDescriptor(listener: *Listener, notification: *const Notification, descriptor: i32) Taken {
        const pidfd = listener.threads.open(notification.thread) orelse return .gone;
        const result = sys.call(.pidfd_getfd, .{ pidfd, descriptor, @as(u32, 0) });
        const errno = sys.errnoOf(result);
        if (errno == ESRCH) listener.threads.forget(notification.thread);
        if (!listener.isValid(notification.id)) {
            if (errno == 0) sys.close(@intCast(result));
            listener.threads.forget(notification.thread);
            return .gone;
        }
        return if (errno == 0) .{ .file = @intCast(result) } else .{ .errno = if (errno == EBADF) EBADF else EPERM };
    }

    /// The object behind one of the caller's descriptors, as O_PATH: where pidfd_getfd(2) is refused. It
    /// may be another than at the time of the call, and nothing is known of how it was opened.
    pub fn openDescriptor(listener: *Listener, notification: *const Notification, number: i32) Taken {
        if (number < 0) return .{ .errno = EBADF };
        var path: [64]u8 = undefined;
        const name = std.fmt.bufPrintSentinel(&path, "/proc/{d}/fd/{d}", .{ notification.thread, number }, 0) catch unreachable;
        const O_PATH_CLOEXEC: u32 = 0o10000000 | 0o2000000;
        const result = sys.call(.openat, .{ sys.AT_FDCWD, name.ptr, O_PATH_CLOEXEC, @as(u32, 0) });
        const errno = sys.errnoOf(result);
        if (!listener.isValid(notification.id)) {
            if (errno == 0) sys.close(@intCast(result));
            return .gone;
        }
        return if (errno == 0) .{ .file = @intCast(result) } else .{ .errno = if (errno == ENOENT) EBADF else EPERM };
    }

    pub const Copied = union(enum) { bytes: []const u8, errno: u16 };

    /// The address argument, copied once into `buffer`.
    pub fn copyAddress(notification: *const Notification, buffer: *[address_max]u8) Copied {
        const length: i32 = @bitCast(@as(u32, @truncate(notification.arguments[2])));
        if (length < 0 or length > address_max) return .{ .errno = sockets.EINVAL };
        if (length == 0) return .{ .bytes = buffer[0..0] };
        const size: usize = @intCast(length);
        if (!readMemory(notification.thread, notification.arguments[1], buffer[0..size])) return .{ .errno = sockets.EFAULT };
        return .{ .bytes = buffer[0..size] };
    }
};

/// All of `out` from the thread's memory (process_vm_readv(2)); false where not all of it is there.
pub fn readMemory(thread: u32, address: u64, out: []u8) bool {
    const Vector = extern struct { base: usize, length: usize };
    const local: Vector = .{ .base = @intFromPtr(out.ptr), .length = out.len };
    const remote: Vector = .{ .base = @intCast(address), .length = out.len };
    const result = sys.call(.process_vm_readv, .{ thread, &local, @as(usize, 1), &remote, @as(usize, 1), @as(usize, 0) });
    return !sys.failed(result) and result == out.len;
}

/// Whether this process may take a descriptor of another: a container's seccomp profile may forbid it.
pub fn canTakeDescriptors() bool {
    const self = sys.call(.pidfd_open, .{ @as(i32, @intCast(sys.call(.getpid, .{}))), @as(u32, 0) });
    if (sys.failed(self)) return false;
    defer sys.close(@intCast(self));
    const taken = sys.call(.pidfd_getfd, .{ @as(i32, @intCast(self)), @as(i32, @intCast(self)), @as(u32, 0) });
    if (sys.failed(taken)) return false;
    sys.close(@intCast(taken));
    return true;
}

const ENOENT = 2;
const ESRCH = 3;
const EBADF = 9;
const EPERM = sockets.EPERM;

/// Descriptors of the threads that asked last. One stays true while its thread lives, so a number
/// that is given to another thread is noticed by the first use (ESRCH).
const Threads = struct {
    const Entry = struct { thread: u32 = 0, pidfd: sys.fd_t = -1 };

    entries: [8]Entry = @splat(.{}),
    next: usize = 0,

    fn open(threads: *Threads, thread: u32) ?sys.fd_t {
        for (&threads.entries) |*entry| {
            if (entry.thread != thread or entry.pidfd < 0) continue;
            if (isAlive(entry.pidfd)) return entry.pidfd;
            threads.drop(entry);
        }
        const pidfd = openThread(thread) orelse return null;
        const entry = &threads.entries[threads.next];
        threads.next = (threads.next + 1) % threads.entries.len;
        threads.drop(entry);
        entry.* = .{ .thread = thread, .pidfd = pidfd };
        return pidfd;
    }

    fn forget(threads: *Threads, thread: u32) void {
        for (&threads.entries) |*entry| if (entry.thread == thread) threads.drop(entry);
    }

    fn drop(_: *Threads, entry: *Entry) void {
        if (entry.pidfd >= 0) sys.close(entry.pidfd);
        entry.* = .{};
    }
};

fn isAlive(pidfd: sys.fd_t) bool {
    return !sys.failed(sys.call(.pidfd_send_signal, .{ pidfd, @as(u32, 0), @as(usize, 0), @as(u32, 0) }));
}

fn openThread(thread: u32) ?sys.fd_t {
    // Linux 6.9: a thread that leads no group.
    const PIDFD_THREAD: u32 = 0o200;
    const exact = sys.call(.pidfd_open, .{ thread, PIDFD_THREAD });
    if (!sys.failed(exact)) return @intCast(exact);
    const leader = statusNumber(thread, "Tgid:", 10) orelse return null;
    const result = sys.call(.pidfd_open, .{ leader, @as(u32, 0) });
    return if (sys.failed(result)) null else @intCast(result);
}

/// A number from /proc/PID/status (proc_pid_status(5)).
pub fn statusNumber(thread: u32, key: []const u8, base: u8) ?u32 {
    var path: [64]u8 = undefined;
    const name = std.fmt.bufPrintSentinel(&path, "/proc/{d}/status", .{thread}, 0) catch unreachable;
    var content: [4096]u8 = undefined;
    const text = readSmall(name, &content) orelse return null;
    return numberAfter(text, key, base);
}

/// A number from a text of lines `key:<blanks>number`.
pub fn numberAfter(text: []const u8, key: []const u8, base: u8) ?u32 {
    var lines = std.mem.tokenizeScalar(u8, text, '\n');
    while (lines.next()) |line| {
        if (!std.mem.startsWith(u8, line, key)) continue;
        return std.fmt.parseInt(u32, std.mem.trim(u8, line[key.len..], " \t"), base) catch null;
    }
    return null;
}

/// What a small file holds, as far as `buffer` takes it.
pub fn readSmall(path: [:0]const u8, buffer: []u8) ?[]const u8 {
    const O_CLOEXEC: u32 = 0o2000000;
    const fd = sys.call(.openat, .{ sys.AT_FDCWD, path.ptr, O_CLOEXEC, @as(u32, 0) });
    if (sys.failed(fd)) return null;
    defer sys.close(@intCast(fd));
    return switch (sys.readAll(@intCast(fd), buffer)) {
        .ok => |length| buffer[0..length],
        .failure => null,
    };
}

/// Closed by exec? From /proc/PID/fdinfo/FD (proc_pid_fdinfo(5)).
pub fn closesOnExec(thread: u32, descriptor: i32) bool {
    var path: [64]u8 = undefined;
    const name = std.fmt.bufPrintSentinel(&path, "/proc/{d}/fdinfo/{d}", .{ thread, descriptor }, 0) catch unreachable;
    var content: [512]u8 = undefined;
    const flags = numberAfter(readSmall(name, &content) orelse return true, "flags:", 8) orelse return true;
    return flags & 0o2000000 != 0;
}
