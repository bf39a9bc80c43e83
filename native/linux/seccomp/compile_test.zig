//! The compiler on rules that no policy would write: long, overlapping, one after the other on the
//! same argument, and so many that searches need far jumps.

const std = @import("std");
const table = @import("table.zig");
const compiler = @import("compile.zig");
const interpreter = @import("interpreter.zig");

const arch = 7;
const limit = 5000;
const masks = [_]u32{ 0xffff_ffff, 0xffff_ffff, 0xf, 0x8000_0001 };
const wanted = [_]u32{ 0, 1, 2, 0x8000_0000 };

/// `count` rules with up to six cases of up to three conditions, over few arguments, masks and
/// values, so that they often meet.
fn madeUp(comptime seed: u64, comptime count: u32, comptime most_cases: u32) []const compiler.Rule {
    @setEvalBranchQuota(2_000_000);
    var state: u64 = seed;
    var rules: []const compiler.Rule = &.{};
    var number: u32 = 0;
    for (0..count) |_| {
        number += 1 + pick(&state, 3);
        var cases: []const table.Case = &.{};
        for (0..pick(&state, most_cases + 1)) |_| {
            var when: []const table.Condition = &.{};
            for (0..1 + pick(&state, 3)) |_| {
                const mask = masks[pick(&state, masks.len)];
                when = when ++ [_]table.Condition{.{
                    .argument = @intCast(pick(&state, 2)),
                    .mask = mask,
                    .value = wanted[pick(&state, wanted.len)] & mask,
                }};
            }
            cases = cases ++ [_]table.Case{.{ .when = when, .action = actionOf(&state) }};
        }
        rules = rules ++ [_]compiler.Rule{.{ .number = number, .cases = cases, .otherwise = actionOf(&state) }};
    }
    return rules;
}

fn actionOf(comptime state: *u64) table.Action {
    const errno: u16 = @intCast(pick(state, 4));
    return if (errno == 0) .allow else .{ .errno = errno };
}

fn pick(comptime state: *u64, comptime below: u32) u32 {
    state.* = state.* *% 6364136223846793005 +% 1442695040888963407;
    return @as(u32, @intCast(state.* >> 33)) % below;
}

test "programs mean what their rules mean" {
    var prng: std.Random.DefaultPrng = .init(3);
    const random = prng.random();
    const values = [_]u64{ 0, 1, 2, 3, 0x8000_0000, 0x8000_0001, 0x10, 0x1_0000_0000, 0xffff_ffff_0000_0001 };
    inline for (.{ .{ 1, 0, 0 }, .{ 2, 1, 6 }, .{ 3, 2, 0 }, .{ 4, 40, 6 }, .{ 5, 41, 6 }, .{ 6, 120, 3 }, .{ 7, 150, 0 } }) |shape| {
        const rules = comptime madeUp(shape[0], shape[1], shape[2]);
        const program = comptime compiler.compile(rules, arch, limit);
        var number: u32 = 0;
        while (number < 500) : (number += 1) {
            for (0..if (shape[2] == 0) 1 else 100) |_| {
                var call: interpreter.Call = .{ .number = number, .arch = arch };
                for (call.arguments[0..2]) |*argument| argument.* = values[random.uintLessThan(usize, values.len)];
                try std.testing.expectEqual(interpreter.verdictOf(rules, call), try interpreter.interpret(program, call));
            }
        }
        try std.testing.expectEqual(compiler.RET_KILL_PROCESS, try interpreter.interpret(program, .{ .number = 1, .arch = arch + 1 }));
        try std.testing.expectEqual(compiler.RET_KILL_PROCESS, try interpreter.interpret(program, .{ .number = limit, .arch = arch }));
    }
}

test "programs hold to what the kernel checks: jumps stay inside, the last instruction returns" {
    const program = comptime compiler.compile(madeUp(6, 120, 3), arch, limit);
    try std.testing.expect(program.len > 512);
    for (program, 0..) |instruction, at| switch (instruction.code) {
        0x05 => try std.testing.expect(at + 1 + instruction.k < program.len),
        0x15, 0x35 => try std.testing.expect(at + 1 + @max(instruction.jt, instruction.jf) < program.len),
        else => {},
    };
    try std.testing.expectEqual(0x06, program[program.len - 1].code);
}
