//! A process that outlives the supervisor, where there is a control group to remove: when the
//! supervisor ends without having done so, by SIGKILL, the lifeline closes, and this removes it.

const sys = @import("sys");
const groups_ = @import("groups.zig");

/// Milliseconds that the sandbox's processes may take to end with their init.
const patience_ms = 10_000;

/// In a process of its own; `lifeline` is readable when the supervisor is gone. Ends the process.
pub fn run(groups: *groups_.Groups, lifeline: sys.fd_t) noreturn {
    // A signal to the caller's whole group is not for this one.
    _ = sys.call(.setsid, .{});
    const name: [*:0]const u8 = "mxc-keeper";
    const PR_SET_NAME: usize = 15;
    _ = sys.call(.prctl, .{ PR_SET_NAME, name, @as(usize, 0), @as(usize, 0), @as(usize, 0) });
    keepOnly(groups, lifeline);
    const root: [*:0]const u8 = "/";
    _ = sys.call(.chdir, .{root});
    var poll = [_]extern struct { fd: i32, events: u16, revents: u16 = 0 }{.{ .fd = lifeline, .events = 0 }};
    while (poll[0].revents == 0) {
        _ = sys.call(.ppoll, .{ &poll, @as(usize, 1), @as(usize, 0), @as(usize, 0), @as(usize, 8) });
    }
    for (0..patience_ms) |_| {
        if (groups.remove()) break;
        const millisecond = [2]u64{ 0, 1_000_000 };
        _ = sys.call(.nanosleep, .{ &millisecond, @as(usize, 0) });
    }
    sys.exit(0);
}

/// The caller's streams above all: whoever reads them waits for their end.
fn keepOnly(groups: *groups_.Groups, lifeline: sys.fd_t) void {
    var fd: sys.fd_t = 0;
    var highest = lifeline;
    for (groups.list[0..groups.length]) |group| highest = @max(highest, group.parent);
    while (fd < highest) : (fd += 1) {
        if (fd == lifeline) continue;
        for (groups.list[0..groups.length]) |group| {
            if (fd == group.parent) break;
        } else sys.close(fd);
    }
    _ = sys.call(.close_range, .{ @as(u32, @intCast(highest + 1)), @as(u32, 0xffff_ffff), @as(u32, 0) });
}
