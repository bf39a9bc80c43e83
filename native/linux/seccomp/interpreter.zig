//! For tests: classic BPF as far as the compiler uses it (linux/filter.h), and the rules read as a
//! person would, to compare the two.

const std = @import("std");
const table = @import("table.zig");
const compiler = @import("compile.zig");

pub const Call = struct { number: u32, arch: u32, arguments: [6]u64 = @splat(0) };

pub fn interpret(program: []const compiler.SockFilter, call: Call) !u32 {
    var steps: usize = 0;
    return interpretCounting(program, call, &steps);
}

pub fn interpretCounting(program: []const compiler.SockFilter, call: Call, steps: *usize) !u32 {
    var data: [64]u8 = @splat(0);
    std.mem.writeInt(u32, data[0..4], call.number, .little);
    std.mem.writeInt(u32, data[4..8], call.arch, .little);
    for (call.arguments, 0..) |argument, index| std.mem.writeInt(u64, data[16 + 8 * index ..][0..8], argument, .little);
    var accumulator: u32 = 0;
    var at: usize = 0;
    while (at < program.len) : (at += 1) {
        const instruction = program[at];
        steps.* += 1;
        switch (instruction.code) {
            0x20 => accumulator = std.mem.readInt(u32, data[instruction.k..][0..4], .little),
            0x05 => at += instruction.k,
            0x15 => at += if (accumulator == instruction.k) instruction.jt else instruction.jf,
            0x35 => at += if (accumulator >= instruction.k) instruction.jt else instruction.jf,
            0x54 => accumulator &= instruction.k,
            0x06 => return instruction.k,
            else => return error.UnknownInstruction,
        }
    }
    return error.RanOffTheEnd;
}

pub fn expected(action: table.Action) u32 {
    return switch (action) {
        .allow => compiler.RET_ALLOW,
        .notify => compiler.RET_USER_NOTIF,
        .errno => |errno| compiler.RET_ERRNO | errno,
    };
}

pub fn verdictOf(rules: []const compiler.Rule, call: Call) u32 {
    for (rules) |rule| {
        if (rule.number != call.number) continue;
        next: for (rule.cases) |case| {
            for (case.when) |condition| {
                const low: u32 = @truncate(call.arguments[condition.argument]);
                if (low & condition.mask != condition.value) continue :next;
            }
            return expected(case.action);
        }
        return expected(rule.otherwise);
    }
    return compiler.RET_ERRNO | @as(u32, table.ENOSYS);
}
