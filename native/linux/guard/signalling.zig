//! Signals of the workload on kernels whose Landlock does not scope them (before ABI 6): sent by the
//! guard, and only to processes below it.

const std = @import("std");
const sys = @import("sys");
const notify = @import("../network/notify.zig");
const tree = @import("tree.zig");

const Notification = notify.Notification;

const EPERM = 1;
const ESRCH = 3;
const EFAULT = 14;
const EINVAL = 22;
const ENOSYS = 38;
const signal_max = 64;
/// PIDFD_SIGNAL_THREAD and the others of pidfd_send_signal(2) are newer than the kernels this is for.
const siginfo_size = 128;

pub const Signalling = struct {
    listener: *notify.Listener,
    /// The guard's own pid.
    guard: u32,

    /// What the call answers; null where the caller has gone.
    pub fn perform(signalling: *const Signalling, notification: *const Notification, number: sys.SYS) ?u16 {
        const a = notification.arguments;
        return switch (number) {
            .kill => signalling.kill(notification, signed(a[0]), low(a[1])),
            .tkill => signalling.toThread(null, signed(a[0]), low(a[1]), null),
            .tgkill => signalling.toThread(signed(a[0]), signed(a[1]), low(a[2]), null),
            .rt_sigqueueinfo => signalling.queue(notification, signed(a[0]), null, low(a[1]), a[2]),
            .rt_tgsigqueueinfo => signalling.queue(notification, signed(a[0]), signed(a[1]), low(a[2]), a[3]),
            .pidfd_send_signal => signalling.toFile(notification),
            else => ENOSYS,
        };
    }

    fn kill(signalling: *const Signalling, notification: *const Notification, target: i32, signal: u32) ?u16 {
        if (signal > signal_max) return EINVAL;
        if (target > 0) return signalling.toProcess(@intCast(target), signal);
        if (target == std.math.minInt(i32)) return ESRCH;
        const caller = notify.statusNumber(notification.thread, "Tgid:", 10) orelse return null;
        const group: ?u32 = if (target == -1) null else if (target == 0) groupOf(caller) orelse return null else @intCast(-target);
        return signalling.toGroup(caller, group, signal);
    }

    /// Every process of the group that is ours; without a group, every one but the caller.
    fn toGroup(signalling: *const Signalling, caller: u32, group: ?u32, signal: u32) u16 {
        const O_DIRECTORY_CLOEXEC: u32 = 0o200000 | 0o2000000;
        const directory = sys.call(.openat, .{ sys.AT_FDCWD, @as([*:0]const u8, "/proc"), O_DIRECTORY_CLOEXEC, @as(u32, 0) });
        if (sys.failed(directory)) return EPERM;
        defer sys.close(@intCast(directory));
        var buffer: [32 * 1024]u8 align(8) = undefined;
        var seen = false;
        var sent = false;
        while (true) {
            const length = sys.call(.getdents64, .{ directory, &buffer, @as(usize, buffer.len) });
            if (sys.failed(length) or length == 0) break;
            var at: usize = 0;
            while (at < length) {
                const size = std.mem.readInt(u16, buffer[at + 16 ..][0..2], .little);
                const entry = std.mem.sliceTo(buffer[at + 19 .. at + size], 0);
                at += size;
                const pid = std.fmt.parseInt(u32, entry, 10) catch continue;
                if (group) |wanted| {
                    if (groupOf(pid) != wanted) continue;
                } else if (pid == caller) continue;
                seen = true;
                if (signalling.toProcess(pid, signal) == 0) sent = true;
            }
        }
        return if (sent) 0 else if (seen) EPERM else ESRCH;
    }

    /// The process is held before it is looked at: its number cannot become another's meanwhile.
    fn toProcess(signalling: *const Signalling, pid: u32, signal: u32) u16 {
        const opened = sys.call(.pidfd_open, .{ pid, @as(u32, 0) });
        if (sys.failed(opened)) return ESRCH;
        defer sys.close(@intCast(opened));
        if (!tree.isBelow(pid, signalling.guard)) return EPERM;
        return sys.errnoOf(sys.call(.pidfd_send_signal, .{ opened, signal, @as(usize, 0), @as(u32, 0) }));
    }

    fn toThread(signalling: *const Signalling, process: ?i32, thread: i32, signal: u32, info: ?*const [siginfo_size]u8) u16 {
        if (signal > signal_max or thread <= 0) return EINVAL;
        const leader = notify.statusNumber(@intCast(thread), "Tgid:", 10) orelse return ESRCH;
        if (process) |wanted| if (wanted != leader) return ESRCH;
        const opened = sys.call(.pidfd_open, .{ leader, @as(u32, 0) });
        if (sys.failed(opened)) return ESRCH;
        defer sys.close(@intCast(opened));
        if (!tree.isBelow(leader, signalling.guard)) return EPERM;
        // The kernel asks again whether the thread is that process'; the process is held alive by nobody,
        // so it is asked for once more.
        if (sys.failed(sys.call(.pidfd_send_signal, .{ opened, @as(u32, 0), @as(usize, 0), @as(u32, 0) }))) return ESRCH;
        if (info) |value| return sys.errnoOf(sys.call(.rt_tgsigqueueinfo, .{ leader, @as(u32, @intCast(thread)), signal, value }));
        return sys.errnoOf(sys.call(.tgkill, .{ leader, @as(u32, @intCast(thread)), signal }));
    }

    fn queue(signalling: *const Signalling, notification: *const Notification, process: i32, thread: ?i32, signal: u32, address: u64) ?u16 {
        if (signal > signal_max or process <= 0) return EINVAL;
        var info: [siginfo_size]u8 align(8) = undefined;
        if (!notify.readMemory(notification.thread, address, &info)) return EFAULT;
        // A sender may not claim to be the kernel or kill(2) (rt_sigqueueinfo(2)).
        const code = std.mem.readInt(i32, info[8..12], .little);
        if (code >= 0 or code == -6) return EPERM;
        return signalling.toThread(process, thread orelse process, signal, &info);
    }

    fn toFile(signalling: *const Signalling, notification: *const Notification) ?u16 {
        const a = notification.arguments;
        if (a[3] & 0xffff_ffff != 0) return EINVAL;
        const file = switch (signalling.listener.takeFile(notification)) {
            .file => |file| file,
            .errno => |errno| return errno,
            .gone => return null,
        };
        defer sys.close(file);
        var path: [64]u8 = undefined;
        const name = std.fmt.bufPrintSentinel(&path, "/proc/self/fdinfo/{d}", .{file}, 0) catch unreachable;
        var content: [1024]u8 = undefined;
        const text = notify.readSmall(name, &content) orelse return EPERM;
        const pid = notify.numberAfter(text, "Pid:", 10) orelse return ESRCH;
        if (!tree.isBelow(pid, signalling.guard)) return EPERM;
        return sys.errnoOf(sys.call(.pidfd_send_signal, .{ file, low(a[1]), @as(usize, 0), @as(u32, 0) }));
    }
};

fn groupOf(pid: u32) ?u32 {
    const result = sys.call(.getpgid, .{pid});
    return if (sys.failed(result)) null else @intCast(result);
}

fn signed(word: u64) i32 {
    return @bitCast(@as(u32, @truncate(word)));
}

fn low(word: u64) u32 {
    return @truncate(word);
}
