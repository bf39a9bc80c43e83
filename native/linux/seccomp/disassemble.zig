//! A program as text: first what it means, a line per system call, then its instructions. Golden
//! files hold both, so that a review sees what a change of the table or of the compiler does.

const std = @import("std");
const table = @import("table.zig");
const compiler = @import("compile.zig");
const seccomp = @import("program.zig");

pub const Golden = struct { arch: std.Target.Cpu.Arch, profile: seccomp.NamedProfile };

/// Without a network the program is that of the host's (a test holds that), hence not listed.
pub const goldens = [_]Golden{
    .{ .arch = .x86_64, .profile = seccomp.named_profiles[1] },
    .{ .arch = .x86_64, .profile = seccomp.named_profiles[2] },
    .{ .arch = .x86_64, .profile = seccomp.named_profiles[3] },
    .{ .arch = .x86_64, .profile = seccomp.named_profiles[5] },
    .{ .arch = .x86_64, .profile = seccomp.named_profiles[6] },
    .{ .arch = .x86_64, .profile = seccomp.named_profiles[8] },
    .{ .arch = .aarch64, .profile = seccomp.named_profiles[1] },
    .{ .arch = .aarch64, .profile = seccomp.named_profiles[2] },
    .{ .arch = .aarch64, .profile = seccomp.named_profiles[3] },
    .{ .arch = .aarch64, .profile = seccomp.named_profiles[5] },
    .{ .arch = .aarch64, .profile = seccomp.named_profiles[6] },
    .{ .arch = .aarch64, .profile = seccomp.named_profiles[8] },
};

pub fn fileName(comptime golden: Golden) [:0]const u8 {
    return @tagName(golden.arch) ++ "-" ++ golden.profile.name ++ ".txt";
}

/// Fails with WriteFailed when the writer's buffer ends; 64 KiB are ample.
pub fn render(comptime golden: Golden, out: *std.Io.Writer) !void {
    const SYS = comptime seccomp.numbersOf(golden.arch).SYS;
    const rules = comptime seccomp.rulesOf(SYS, golden.profile.profile);
    for (rules) |rule| {
        const call: SYS = @fromBackingInt(rule.number);
        try out.print("{s}:", .{@tagName(call)});
        for (rule.cases) |case| {
            for (case.when, 0..) |condition, index| {
                try out.print("{s}arg{d}", .{ if (index == 0) " if " else " and ", condition.argument });
                if (condition.mask != 0xffff_ffff) try out.print(" & 0x{x}", .{condition.mask});
                try out.print(" == 0x{x}", .{condition.value});
            }
            try action(out, case.action);
            try out.writeAll(";");
        }
        try action(out, rule.otherwise);
        try out.writeAll("\n");
    }
    try out.writeAll("\n");
    const program = comptime seccomp.program(golden.arch, golden.profile.profile);
    for (program, 0..) |instruction, at| {
        try out.print("{d:0>3} ", .{at});
        switch (instruction.code) {
            0x20 => try out.print("load [{d}]", .{instruction.k}),
            0x05 => try out.print("jump {d}", .{at + 1 + instruction.k}),
            0x15, 0x35 => try out.print("if {s} 0x{x} {d} else {d}", .{
                if (instruction.code == 0x15) "==" else ">=", instruction.k,
                at + 1 + instruction.jt,                      at + 1 + instruction.jf,
            }),
            0x54 => try out.print("and 0x{x}", .{instruction.k}),
            0x06 => try out.print("return 0x{x}", .{instruction.k}),
            else => unreachable,
        }
        try out.writeAll("\n");
    }
}

fn action(out: *std.Io.Writer, value: table.Action) !void {
    switch (value) {
        .allow => try out.writeAll(" allow"),
        .notify => try out.writeAll(" notify"),
        .errno => |errno| try out.print(" errno {d}", .{errno}),
    }
}
