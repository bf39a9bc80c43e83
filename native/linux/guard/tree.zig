//! The workload's processes where no pid namespace holds them: whose they are, and their end. The
//! caller is their subreaper (prctl(2), PR_SET_CHILD_SUBREAPER): what loses its parent becomes its
//! child, however often it forks and whatever session it is in.

const std = @import("std");
const sys = @import("sys");
const notify = @import("../network/notify.zig");

const SIGKILL: u32 = 9;
const WALL: u32 = 0x4000_0000;
const WNOHANG: u32 = 1;

pub fn becomeSubreaper(failure: *sys.Failure) error{Syscall}!void {
    const PR_SET_CHILD_SUBREAPER: usize = 36;
    _ = try sys.check(.prctl, .{ PR_SET_CHILD_SUBREAPER, @as(usize, 1), @as(usize, 0), @as(usize, 0), @as(usize, 0) }, failure);
}

/// Ends every descendant and reaps it. `scoped`: a Landlock domain keeps the caller's signals to
/// them, so that one call reaches all of them at one time; forking does not run away from it.
pub fn killAll(scoped: bool) void {
    var quiet: u32 = 0;
    while (quiet < 2) {
        if (scoped) _ = sys.call(.kill, .{ @as(i32, -1), SIGKILL });
        const found = killChildren();
        reapEnded();
        // Once more after none was seen: a child of one that had just died appears a moment later.
        quiet = if (found) 0 else quiet + 1;
        if (found) pause();
    }
}

/// Sends SIGKILL to each child; false where there is none.
fn killChildren() bool {
    var path: [64]u8 = undefined;
    const self: u32 = @intCast(sys.call(.getpid, .{}));
    const name = std.fmt.bufPrintSentinel(&path, "/proc/{d}/task/{d}/children", .{ self, self }, 0) catch unreachable;
    var content: [64 * 1024]u8 = undefined;
    const text = notify.readSmall(name, &content) orelse return killListed();
    var found = false;
    var words = std.mem.tokenizeScalar(u8, text, ' ');
    while (words.next()) |word| {
        // The last one may be cut off; the next round has it.
        const pid = std.fmt.parseInt(sys.pid_t, std.mem.trim(u8, word, "\n"), 10) catch continue;
        // A child's number is its own until it is reaped, which only we do.
        _ = sys.call(.kill, .{ pid, SIGKILL });
        found = true;
    }
    return found;
}

/// Without that file (CONFIG_PROC_CHILDREN): by everybody's parent.
fn killListed() bool {
    const directory = sys.call(.openat, .{ sys.AT_FDCWD, @as([*:0]const u8, "/proc"), @as(u32, 0o200000 | 0o2000000), @as(u32, 0) });
    if (sys.failed(directory)) return false;
    defer sys.close(@intCast(directory));
    const self: u32 = @intCast(sys.call(.getpid, .{}));
    var found = false;
    var buffer: [32 * 1024]u8 align(8) = undefined;
    while (true) {
        const length = sys.call(.getdents64, .{ directory, &buffer, @as(usize, buffer.len) });
        if (sys.failed(length) or length == 0) return found;
        var at: usize = 0;
        while (at < length) {
            // struct linux_dirent64 (getdents(2)): inode, offset, record's length, type, name.
            const size = std.mem.readInt(u16, buffer[at + 16 ..][0..2], .little);
            const entry = std.mem.sliceTo(buffer[at + 19 .. at + size], 0);
            at += size;
            const pid = std.fmt.parseInt(u32, entry, 10) catch continue;
            if (parentOf(pid) != self) continue;
            _ = sys.call(.kill, .{ @as(sys.pid_t, @intCast(pid)), SIGKILL });
            found = true;
        }
    }
}

fn reapEnded() void {
    while (true) {
        const pid = sys.call(.wait4, .{ @as(isize, -1), @as(usize, 0), WNOHANG | WALL, @as(usize, 0) });
        if (sys.failed(pid) or pid == 0) return;
    }
}

fn pause() void {
    const time = [2]u64{ 0, std.time.ns_per_ms };
    _ = sys.call(.nanosleep, .{ &time, @as(usize, 0) });
}

/// From /proc/PID/stat (proc_pid_stat(5)): behind the name, which may hold anything, the state and
/// the parent.
pub fn parentOf(pid: u32) ?u32 {
    var path: [64]u8 = undefined;
    const name = std.fmt.bufPrintSentinel(&path, "/proc/{d}/stat", .{pid}, 0) catch unreachable;
    var content: [1024]u8 = undefined;
    const text = notify.readSmall(name, &content) orelse return null;
    const end = std.mem.lastIndexOfScalar(u8, text, ')') orelse return null;
    var words = std.mem.tokenizeScalar(u8, text[end + 1 ..], ' ');
    _ = words.next();
    return std.fmt.parseInt(u32, words.next() orelse return null, 10) catch null;
}

/// One of our descendants.
pub fn isBelow(pid: u32, ancestor: u32) bool {
    var at = pid;
    for (0..100_000) |_| {
        at = parentOf(at) orelse return false;
        if (at == ancestor) return true;
        if (at <= 1) return false;
    }
    return false;
}
