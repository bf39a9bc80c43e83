//! Rewrites the golden files: `zig run native/linux/seccomp/golden.zig -- native/linux/seccomp/golden`.
//! Read the difference before you keep it.

const std = @import("std");
const disassemble = @import("disassemble.zig");

pub fn main(init: std.process.Init) !void {
    const words = init.minimal.args.vector;
    if (words.len != 2) return error.OneFolderWanted;
    const folder = try std.Io.Dir.cwd().openDir(init.io, std.mem.span(words[1]), .{});
    defer folder.close(init.io);
    inline for (disassemble.goldens) |golden| {
        var buffer: [64 * 1024]u8 = undefined;
        var out: std.Io.Writer = .fixed(&buffer);
        try disassemble.render(golden, &out);
        try folder.writeFile(init.io, .{ .sub_path = comptime disassemble.fileName(golden), .data = out.buffered() });
    }
}
