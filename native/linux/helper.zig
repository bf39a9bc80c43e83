//! The static program that an executing mxc becomes: supervisor first, and after clone(2) the
//! sandbox's init. It has no libc and no thread; the prelude or the library executes it from a
//! memfd with the plan at `handover.helper_plan_fd`.

const std = @import("std");
const builtin = @import("builtin");
const sys = @import("sys");
const handover = @import("handover");
const supervisor = @import("supervisor.zig");

pub const panic = std.debug.no_panic;

pub export fn _start() callconv(.naked) noreturn {
    switch (builtin.cpu.arch) {
        .x86_64 => asm volatile (
            \\ xorl %%ebp, %%ebp
            \\ movq %%rsp, %%rdi
            \\ andq $-16, %%rsp
            \\ call helperMain
        ),
        .aarch64 => asm volatile (
            \\ mov x29, #0
            \\ mov x30, #0
            \\ mov x0, sp
            \\ b helperMain
        ),
        else => @compileError("no helper for this architecture"),
    }
}

export fn helperMain(stack: [*]usize) callconv(.c) noreturn {
    const argc = stack[0];
    const argv: [*:null]?[*:0]u8 = @ptrCast(stack + 1);
    const envp: [*:null]?[*:0]u8 = @ptrCast(stack + 1 + argc + 1);
    const planner = if (envp[0]) |text| handover.parsePid(text) else null;

    // What the caller left open is not for the sandbox.
    _ = sys.call(.close_range, .{ @as(u32, handover.helper_plan_fd + 1), @as(u32, 0xffff_ffff), @as(u32, 0) });
    supervisor.run(planner, argumentArea(argc, argv, envp));
}

/// The kernel lays the texts of argv and of the environment out one behind the other (execve(2)).
fn argumentArea(argc: usize, argv: [*:null]?[*:0]u8, envp: [*:null]?[*:0]u8) supervisor.Arguments {
    const first: [*:0]u8 = argv[0] orelse envp[0] orelse return .{ .start = @ptrCast(envp), .length = 0 };
    var last: [*:0]u8 = first;
    if (argc > 0) last = argv[argc - 1].?;
    var index: usize = 0;
    while (envp[index]) |text| : (index += 1) last = text;
    const end = @intFromPtr(last) + std.mem.len(last);
    return .{ .start = first, .length = end - @intFromPtr(first) };
}
