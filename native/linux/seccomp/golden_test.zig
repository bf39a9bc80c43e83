//! The programs are those of the golden files; golden.zig rewrites these.

const std = @import("std");
const disassemble = @import("disassemble.zig");
const seccomp = @import("program.zig");

test "programs are as reviewed" {
    inline for (disassemble.goldens) |golden| {
        var buffer: [64 * 1024]u8 = undefined;
        var out: std.Io.Writer = .fixed(&buffer);
        try disassemble.render(golden, &out);
        try std.testing.expectEqualStrings(@embedFile(comptime "golden/" ++ disassemble.fileName(golden)), out.buffered());
    }
}

test "a sandbox without a network has the program of one with the host's" {
    inline for (.{ .x86_64, .aarch64 }) |arch| {
        const none = comptime seccomp.program(arch, .{ .network = .none, .unix_sockets = true });
        const host = comptime seccomp.program(arch, .{ .network = .host, .unix_sockets = true });
        try std.testing.expectEqualSlices(seccomp.SockFilter, host, none);
    }
}
