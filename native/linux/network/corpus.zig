//! What the parsers' fuzz tests share: entries in the form that std.testing.Smith reads a slice
//! from, and a bounded run of changed entries for the ordinary test run, where no fuzzer drives.

const std = @import("std");

/// A u32 length in front of each text.
pub inline fn entries(comptime texts: []const []const u8) []const []const u8 {
    comptime {
        var all: [texts.len][]const u8 = undefined;
        for (texts, &all) |text, *entry| {
            const length = std.mem.toBytes(std.mem.nativeToLittle(u32, @intCast(text.len)));
            entry.* = &length ++ text;
        }
        const final = all;
        return &final;
    }
}

/// `check` sees each text changed `rounds` times: bytes overwritten, parts of other texts put in,
/// ends cut off. The same changes each time.
pub fn changed(texts: []const []const u8, rounds: usize, check: *const fn ([]const u8) anyerror!void) !void {
    var prng: std.Random.DefaultPrng = .init(0x6d78_63);
    const random = prng.random();
    var buffer: [2048]u8 = undefined;
    for (texts) |text| {
        try check(text);
        for (0..rounds) |_| {
            var length: usize = @min(text.len, buffer.len);
            @memcpy(buffer[0..length], text[0..length]);
            for (0..random.uintAtMost(usize, 3)) |_| {
                if (length == 0) break;
                const at = random.uintLessThan(usize, length);
                switch (random.uintLessThan(u8, 4)) {
                    0 => buffer[at] = random.int(u8),
                    1 => buffer[at] = " \t\r\n:.,;@[]/0"[random.uintLessThan(usize, 13)],
                    2 => {
                        const other = texts[random.uintLessThan(usize, texts.len)];
                        const from = random.uintAtMost(usize, other.len);
                        const part = other[from..@min(other.len, from + random.uintAtMost(usize, 24))];
                        const put = @min(part.len, buffer.len - at);
                        @memcpy(buffer[at..][0..put], part[0..put]);
                        length = @max(length, at + put);
                    },
                    else => length = at,
                }
            }
            try check(buffer[0..length]);
        }
    }
}
