//! Which of the host's mounts are no store of files but the kernel's interface, as
//! proc_pid_mountinfo(5) lists them. Pure.

const std = @import("std");
const opening = @import("opening");

pub const Iterator = struct {
    lines: std.mem.SplitIterator(u8, .scalar),
    point: [4096]u8 = undefined,

    pub fn init(mountinfo: []const u8) Iterator {
        return .{ .lines = std.mem.splitScalar(u8, mountinfo, '\n') };
    }

    /// Where the next one is mounted. Points too long for a path are left out: nobody gets there.
    pub fn next(iterator: *Iterator) ?[:0]const u8 {
        while (iterator.lines.next()) |line| {
            const separator = std.mem.indexOf(u8, line, " - ") orelse continue;
            if (!isKernelType(line[separator + 3 ..])) continue;
            var words = std.mem.splitScalar(u8, line[0..separator], ' ');
            for (0..4) |_| _ = words.next();
            return plain(words.next() orelse continue, &iterator.point) orelse continue;
        }
        return null;
    }
};

fn isKernelType(rest: []const u8) bool {
    const end = std.mem.indexOfScalar(u8, rest, ' ') orelse return false;
    for (opening.kernel_file_systems) |name| if (std.mem.eql(u8, name, rest[0..end])) return true;
    return false;
}

/// The octal escapes undone: of blank, tab, line feed and backslash.
fn plain(text: []const u8, out: *[4096]u8) ?[:0]const u8 {
    var length: usize = 0;
    var at: usize = 0;
    while (at < text.len) : (length += 1) {
        if (length == out.len - 1) return null;
        if (text[at] == '\\' and at + 4 <= text.len) {
            if (std.fmt.parseInt(u8, text[at + 1 ..][0..3], 8)) |character| {
                out[length] = character;
                at += 4;
                continue;
            } else |_| {}
        }
        out[length] = text[at];
        at += 1;
    }
    out[length] = 0;
    return out[0..length :0];
}

test "points of the kernel's file systems alone, unescaped" {
    var iterator: Iterator = .init(
        \\24 29 0:22 / /sys rw,nosuid - sysfs sysfs rw
        \\30 29 8:1 / /usr rw shared:1 - ext4 /dev/sda1 rw
        \\31 30 0:5 / /usr/a\040b rw - proc proc rw
        \\32 30 0:6 / /usr/proc rw - tmpfs proc rw
        \\
    );
    try std.testing.expectEqualStrings("/sys", iterator.next().?);
    try std.testing.expectEqualStrings("/usr/a b", iterator.next().?);
    try std.testing.expectEqual(null, iterator.next());
}
