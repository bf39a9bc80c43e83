//! Runs the compiled programs in a small interpreter and compares every system call's verdict with
//! the table, as it would be read by a person.

const std = @import("std");
const table = @import("table.zig");
const compiler = @import("compile.zig");
const seccomp = @import("program.zig");

const testing = std.testing;
const Call = struct { number: u32, arch: u32, arguments: [6]u64 = @splat(0) };

/// Classic BPF as far as the compiler uses it (linux/filter.h).
fn interpret(program: []const compiler.SockFilter, call: Call) !u32 {
    var data: [64]u8 = @splat(0);
    std.mem.writeInt(u32, data[0..4], call.number, .little);
    std.mem.writeInt(u32, data[4..8], call.arch, .little);
    for (call.arguments, 0..) |argument, index| std.mem.writeInt(u64, data[16 + 8 * index ..][0..8], argument, .little);
    var accumulator: u32 = 0;
    var at: usize = 0;
    while (at < program.len) : (at += 1) {
        const instruction = program[at];
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

fn expected(action: table.Action) u32 {
    return switch (action) {
        .allow => compiler.RET_ALLOW,
        .errno => |errno| compiler.RET_ERRNO | errno,
    };
}

fn verdictOf(rules: []const compiler.Rule, call: Call) u32 {
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

const profiles = [_]table.Profile{
    .{ .network = .none, .unix_sockets = true },
    .{ .network = .host, .unix_sockets = true },
    .{ .network = .host, .unix_sockets = false },
};

const x86_64: u32 = 0xc000_003e;
const aarch64: u32 = 0xc000_00b7;

test "every number has the table's verdict, whatever its arguments" {
    var prng: std.Random.DefaultPrng = .init(1);
    const random = prng.random();
    const interesting = [_]u64{ 0, 1, 2, 3, 10, 16, 17, 0o100, 0o4755, 0o2755, 0o020666, 0x5412, 0x541c, 0x1000_0000, 0x2_0000, 0xffff_ffff, 35, 38, 0x5356_4d41 };
    inline for (.{ .{ std.Target.Cpu.Arch.x86_64, x86_64, std.os.linux.syscalls.X64 }, .{ std.Target.Cpu.Arch.aarch64, aarch64, std.os.linux.syscalls.Arm64 } }) |target| {
        inline for (profiles) |profile| {
            const program = comptime seccomp.program(target[0], profile);
            const rules = comptime seccomp.rulesOf(target[2], profile);
            var number: u32 = 0;
            while (number < 1024) : (number += 1) {
                for (0..32) |_| {
                    var call: Call = .{ .number = number, .arch = target[1] };
                    for (&call.arguments) |*argument| {
                        argument.* = interesting[random.uintLessThan(usize, interesting.len)];
                        // The kernel ignores the upper half; a program may leave anything there.
                        if (random.boolean()) argument.* |= @as(u64, random.int(u32)) << 32;
                    }
                    try testing.expectEqual(verdictOf(rules, call), try interpret(program, call));
                }
            }
        }
    }
}

test "another architecture's and x32's calls are killed" {
    const program = comptime seccomp.program(.x86_64, profiles[0]);
    for ([_]u32{ 0x4000_0003, aarch64, 0 }) |arch| {
        try testing.expectEqual(compiler.RET_KILL_PROCESS, try interpret(program, .{ .number = 0, .arch = arch }));
    }
    for ([_]u32{ 0x4000_0000, 0x4000_0001, 0xffff_ffff }) |number| {
        try testing.expectEqual(compiler.RET_KILL_PROCESS, try interpret(program, .{ .number = number, .arch = x86_64 }));
    }
}

test "what must never be allowed is not" {
    const program = comptime seccomp.program(.x86_64, profiles[1]);
    const SYS = std.os.linux.syscalls.X64;
    inline for (.{ "mount", "umount2", "pivot_root", "setns", "bpf", "ptrace", "keyctl", "io_uring_setup", "open_by_handle_at", "init_module", "kexec_load", "clone3", "openat2", "userfaultfd", "process_vm_writev", "pidfd_getfd", "chroot", "reboot", "move_mount", "fsopen" }) |name| {
        const verdict = try interpret(program, .{ .number = @intCast(@backingInt(@field(SYS, name))), .arch = x86_64 });
        try testing.expect(verdict != compiler.RET_ALLOW);
    }
    const clone: u32 = @intCast(@backingInt(SYS.clone));
    inline for (.{ 0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000 }) |flag| {
        const verdict = try interpret(program, .{ .number = clone, .arch = x86_64, .arguments = .{ 17 | flag, 0, 0, 0, 0, 0 } });
        try testing.expectEqual(compiler.RET_ERRNO | @as(u32, table.EPERM), verdict);
    }
    try testing.expectEqual(compiler.RET_ALLOW, try interpret(program, .{ .number = clone, .arch = x86_64, .arguments = .{ 0x003d_0f00, 0, 0, 0, 0, 0 } }));
}

test "no call stands in two groups" {
    @setEvalBranchQuota(20_000_000);
    inline for (profiles) |profile| {
        inline for (.{ std.os.linux.syscalls.X64, std.os.linux.syscalls.Arm64 }) |SYS| {
            const rules = comptime seccomp.rulesOf(SYS, profile);
            for (rules[1..], rules[0 .. rules.len - 1]) |later, earlier| try testing.expect(later.number > earlier.number);
        }
    }
}

test "programs stay short, so that a call stays cheap" {
    inline for (profiles) |profile| {
        try testing.expect(comptime seccomp.program(.x86_64, profile).len < 700);
    }
}
