//! Signals as data: blocked everywhere in the helper, taken one at a time, so that nothing runs
//! in a handler. signal(7).

const sys = @import("sys");

pub const Received = struct {
    number: u32,
    /// Sender's pid as seen from here; 0 for one outside this pid namespace, or the kernel.
    sender: i32,
};

const SIG_BLOCK = 0;
const SIG_SETMASK = 2;
const all: u64 = ~@as(u64, 0);

pub fn blockAll() void {
    const mask = all;
    _ = sys.call(.rt_sigprocmask, .{ @as(usize, SIG_BLOCK), &mask, @as(usize, 0), @as(usize, 8) });
}

/// Waits for any signal. The caller has blocked all.
pub fn next() Received {
    const mask = all;
    var info: [32]u32 align(8) = @splat(0);
    while (true) {
        const result = sys.call(.rt_sigtimedwait, .{ &mask, &info, @as(usize, 0), @as(usize, 8) });
        if (!sys.failed(result)) return .{ .number = @intCast(result), .sender = @bitCast(info[4]) };
    }
}

/// struct kernel sigaction; its members' order is that of both architectures here.
const Action = extern struct { handler: usize, flags: usize = 0, restorer: usize = 0, mask: u64 = 0 };
const SIG_IGN: usize = 1;

pub fn restoreDefault(number: u32) void {
    const action: Action = .{ .handler = 0 };
    _ = sys.call(.rt_sigaction, .{ number, &action, @as(usize, 0), @as(usize, 8) });
}

/// Nothing blocked, nothing ignored: as a login shell starts a program.
pub fn restoreDefaults() void {
    var number: u32 = 1;
    while (number <= 64) : (number += 1) restoreDefault(number);
    const none: u64 = 0;
    _ = sys.call(.rt_sigprocmask, .{ @as(usize, SIG_SETMASK), &none, @as(usize, 0), @as(usize, 8) });
}

pub fn isIgnored(number: u32) bool {
    var action: Action = .{ .handler = 0 };
    _ = sys.call(.rt_sigaction, .{ number, @as(usize, 0), &action, @as(usize, 8) });
    return action.handler == SIG_IGN;
}
