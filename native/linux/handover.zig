//! What the prelude, the planner (Bun) and the helper agree on before there is a plan.

/// Where the planner finds the channel that it writes the plan to. High, so that a descriptor
/// that the caller passes for a config (`/dev/fd/63`) is not in its way; below 1,024, the usual
/// soft limit of open files.
pub const plan_fd: i32 = 1000;

/// Where the helper finds the plan: the other end of that channel, or a memfd that already holds it.
pub const helper_plan_fd: i32 = 3;

/// The helper's environment holds one entry, the planner's pid in decimal, or none.
pub const planner_digits = 10;

pub fn formatPid(out: *[planner_digits:0]u8, pid: u32) void {
    var rest = pid;
    var index: usize = planner_digits;
    while (index > 0) {
        index -= 1;
        out[index] = '0' + @as(u8, @intCast(rest % 10));
        rest /= 10;
    }
    out[planner_digits] = 0;
}

pub fn parsePid(text: [*:0]const u8) ?i32 {
    var value: i32 = 0;
    for (text[0..planner_digits]) |character| {
        if (character < '0' or character > '9') return null;
        value = value * 10 + (character - '0');
    }
    return if (value > 0) value else null;
}
