//! Keeps the caller's terminal as it was: a workload may leave it in raw mode. ioctl_tty(2).

const sys = @import("sys");

const TCGETS: u32 = 0x5401;
const TCSETS: u32 = 0x5402;

/// struct termios as the kernel has it, with room to spare.
pub const Saved = struct { settings: [64]u8 = @splat(0), valid: bool = false };

pub fn save() Saved {
    var saved: Saved = .{};
    saved.valid = !sys.failed(sys.call(.ioctl, .{ @as(i32, 0), TCGETS, &saved.settings }));
    return saved;
}

/// The caller has SIGTTOU blocked, so this works from the background too.
pub fn restore(saved: Saved) void {
    if (saved.valid) _ = sys.call(.ioctl, .{ @as(i32, 0), TCSETS, &saved.settings });
}
