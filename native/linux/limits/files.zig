//! Small files of the kernel's: read whole, numbers taken out. proc(5), cgroups(7).

const std = @import("std");
const sys = @import("sys");

/// What the file holds, cut to the buffer; nothing if it cannot be read.
pub fn read(folder: sys.fd_t, path: [*:0]const u8, buffer: []u8) ?[]const u8 {
    const fd = sys.call(.openat, .{ folder, path, O_CLOEXEC, @as(u32, 0) });
    if (sys.failed(fd)) return null;
    defer sys.close(@intCast(fd));
    return switch (sys.readAll(@intCast(fd), buffer)) {
        .ok => |length| buffer[0..length],
        .failure => null,
    };
}

/// One write, as these files want it.
pub fn write(folder: sys.fd_t, path: [*:0]const u8, text: []const u8, failure: *sys.Failure) error{Syscall}!void {
    const O_WRONLY: u32 = 1;
    const fd = try sys.checkFd(.openat, .{ folder, path, O_WRONLY | O_CLOEXEC, @as(u32, 0) }, failure);
    defer sys.close(fd);
    _ = try sys.check(.write, .{ fd, text.ptr, text.len }, failure);
}

pub fn number(folder: sys.fd_t, path: [*:0]const u8) ?u64 {
    var buffer: [64]u8 = undefined;
    return parse(std.mem.trim(u8, read(folder, path, &buffer) orelse return null, " \n"));
}

/// Of a file with a `KEY VALUE` on each line.
pub fn keyed(folder: sys.fd_t, path: [*:0]const u8, key: []const u8) ?u64 {
    var buffer: [4096]u8 = undefined;
    return valueOf(read(folder, path, &buffer) orelse return null, key);
}

/// The first number behind a key at the start of a line; `Key:   123 kB` too.
pub fn valueOf(text: []const u8, key: []const u8) ?u64 {
    var lines = std.mem.splitScalar(u8, text, '\n');
    while (lines.next()) |line| {
        if (!std.mem.startsWith(u8, line, key)) continue;
        var words = std.mem.tokenizeAny(u8, line[key.len..], ": \t");
        if (line.len > key.len and line[key.len] != ' ' and line[key.len] != ':') continue;
        return parse(words.next() orelse return null);
    }
    return null;
}

/// Number `wanted`, counted from 1, of a process' stat file (proc_pid_stat(5)). Its second may hold
/// blanks and brackets.
pub fn statField(text: []const u8, wanted: usize) ?u64 {
    const end = std.mem.lastIndexOfScalar(u8, text, ')') orelse return null;
    var words = std.mem.tokenizeAny(u8, text[end + 1 ..], " \n");
    var index: usize = 3;
    while (words.next()) |word| : (index += 1) {
        if (index == wanted) return parse(word);
    }
    return null;
}

pub fn parse(text: []const u8) ?u64 {
    return std.fmt.parseInt(u64, text, 10) catch null;
}

/// The next name in a folder, `.` and `..` left out; over getdents64(2).
pub const Names = struct {
    folder: sys.fd_t,
    buffer: [4096]u8 align(8) = undefined,
    length: usize = 0,
    at: usize = 0,

    pub fn next(names: *Names) ?[:0]const u8 {
        while (true) {
            if (names.at >= names.length) {
                const result = sys.call(.getdents64, .{ names.folder, &names.buffer, names.buffer.len });
                if (sys.failed(result) or result == 0) return null;
                names.length = result;
                names.at = 0;
            }
            // struct linux_dirent64: inode, offset, u16 length, u8 type, name.
            const record = names.buffer[names.at..];
            names.at += std.mem.readInt(u16, record[16..18], .little);
            const name = std.mem.span(@as([*:0]const u8, @ptrCast(record[19..])));
            if (name[0] != '.') return name;
        }
    }
};

const O_CLOEXEC: u32 = 0o2000000;

const testing = std.testing;

test "numbers of stat files and keyed files" {
    const stat = "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 111 222 13";
    try testing.expectEqual(1, statField(stat, 4));
    try testing.expectEqual(111, statField(stat, 14));
    try testing.expectEqual(null, statField(stat, 99));
    try testing.expectEqual(null, statField("nothing", 4));
    try testing.expectEqual(7, valueOf("low 1\noom 7\noom_kill 2\n", "oom"));
    try testing.expectEqual(2, valueOf("low 1\noom 7\noom_kill 2\n", "oom_kill"));
    try testing.expectEqual(12, valueOf("Rss:   20 kB\nPss:      12 kB\n", "Pss"));
    try testing.expectEqual(null, valueOf("a 1\n", "b"));
}
