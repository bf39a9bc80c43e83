//! epoll(7) sets that already hold a socket which is about to be replaced: they know the file, not
//! the number, so the new file is added to them under the same number, with the same events and
//! data. poll(2) and select(2) need nothing. Some reactors register before they connect (asio, Netty).

const std = @import("std");
const sys = @import("sys");
const notify = @import("notify.zig");
const sockets = @import("sockets.zig");

/// Descriptors of the caller that are looked at, lowest first: reactors are made early, and a process
/// with ten thousand sockets must not pay for each on every connect.
const looked_at = 128;

/// Call before the descriptor is replaced. `file`: the new one.
pub fn carryOver(listener: *notify.Listener, notification: *const notify.Notification, file: sys.fd_t) void {
    const thread = notification.thread;
    var path: [64]u8 = undefined;
    const folder = std.fmt.bufPrintSentinel(&path, "/proc/{d}/fd", .{thread}, 0) catch unreachable;
    const O_DIRECTORY_CLOEXEC: u32 = 0o200000 | 0o2000000;
    const opened = sys.call(.openat, .{ sys.AT_FDCWD, folder.ptr, O_DIRECTORY_CLOEXEC, @as(u32, 0) });
    if (sys.failed(opened)) return;
    const directory: sys.fd_t = @intCast(opened);
    defer sys.close(directory);
    var entries: [4096]u8 align(8) = undefined;
    const length = sys.call(.getdents64, .{ directory, &entries, entries.len });
    if (sys.failed(length)) return;
    var at: usize = 0;
    var seen: usize = 0;
    while (at + 19 < length and seen < looked_at) : (seen += 1) {
        // struct linux_dirent64: inode, offset, record length at 16, type at 18, name from 19.
        const record = std.mem.readInt(u16, entries[at + 16 ..][0..2], .little);
        if (record < 20 or at + record > length) return;
        const name = std.mem.sliceTo(entries[at + 19 .. at + record], 0);
        at += record;
        const number = std.fmt.parseInt(i32, name, 10) catch continue;
        var link: [32]u8 = undefined;
        var terminated: [16:0]u8 = undefined;
        const text = std.fmt.bufPrintSentinel(&terminated, "{d}", .{number}, 0) catch continue;
        const size = sys.call(.readlinkat, .{ directory, text.ptr, &link, link.len });
        if (sys.failed(size) or !std.mem.eql(u8, link[0..size], "anon_inode:[eventpoll]")) continue;
        const item = registered(thread, number, notification.descriptor()) orelse continue;
        const set = switch (listener.takeDescriptor(notification, number)) {
            .file => |fd| fd,
            else => continue,
        };
        defer sys.close(set);
        add(set, file, notification.descriptor(), item);
    }
}

const Item = struct { events: u32, data: u64 };

/// The line `tfd: N events: HEX data: HEX ...` of proc_pid_fdinfo(5).
fn registered(thread: u32, set: i32, target: i32) ?Item {
    var path: [64]u8 = undefined;
    const name = std.fmt.bufPrintSentinel(&path, "/proc/{d}/fdinfo/{d}", .{ thread, set }, 0) catch unreachable;
    var content: [32 * 1024]u8 = undefined;
    const text = notify.readSmall(name, &content) orelse return null;
    var lines = std.mem.tokenizeScalar(u8, text, '\n');
    while (lines.next()) |line| {
        var words = std.mem.tokenizeAny(u8, line, " \t");
        if (!std.mem.eql(u8, words.next() orelse continue, "tfd:")) continue;
        const number = std.fmt.parseInt(i32, words.next() orelse continue, 10) catch continue;
        if (number != target) continue;
        var item: Item = .{ .events = 0, .data = 0 };
        while (words.next()) |word| {
            if (std.mem.eql(u8, word, "events:")) item.events = std.fmt.parseInt(u32, words.next() orelse break, 16) catch 0;
            if (std.mem.eql(u8, word, "data:")) item.data = std.fmt.parseInt(u64, words.next() orelse break, 16) catch 0;
        }
        return item;
    }
    return null;
}

/// A set names its members by file and number, so the number must be that of the caller: it is, in a
/// process of ours that ends at once.
fn add(set: sys.fd_t, file: sys.fd_t, number: i32, item: Item) void {
    const SIGCHLD: usize = 17;
    const pid = sys.call(.clone, .{ SIGCHLD, @as(usize, 0), @as(usize, 0), @as(usize, 0), @as(usize, 0) });
    if (sys.failed(pid)) return;
    if (pid == 0) {
        // Neither of the two may stand where the other is wanted.
        const F_DUPFD: u32 = 0;
        const high: u32 = @intCast(number + 1);
        const kept = sys.call(.fcntl, .{ set, F_DUPFD, high });
        const source = sys.call(.fcntl, .{ file, F_DUPFD, high });
        if (sys.failed(kept) or sys.failed(source)) sys.exit(1);
        if (sys.failed(sys.call(.dup3, .{ @as(i32, @intCast(source)), number, @as(u32, 0) }))) sys.exit(1);
        const Event = if (@import("builtin").cpu.arch == .x86_64)
            extern struct { events: u32, data: u64 align(4) }
        else
            extern struct { events: u32, data: u64 };
        const event: Event = .{ .events = item.events, .data = item.data };
        const EPOLL_CTL_ADD: u32 = 1;
        _ = sys.call(.epoll_ctl, .{ @as(i32, @intCast(kept)), EPOLL_CTL_ADD, number, &event });
        sys.exit(0);
    }
    _ = sys.call(.wait4, .{ @as(sys.pid_t, @intCast(pid)), @as(usize, 0), @as(u32, 0), @as(usize, 0) });
}
