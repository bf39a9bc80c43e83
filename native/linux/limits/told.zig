//! What is told of limits and of what a run took: on stderr, as prose or JSON, and as lines of the
//! events file.

const std = @import("std");
const sys = @import("sys");
const abi = @import("abi");
const structs = abi.structs;

const Plan = abi.plan_reader.Plan;

/// `SandboxLimit`, and the two that the kernel keeps with an error for who runs into them.
pub const Name = enum(u64) { memory = 1, cpus = 2, pids = 3, cpu_time = 4, output = 5, wall = 6, file_size = 7, disk = 8 };

pub const Reached = struct {
    name: Name,
    value: u64,
    /// As far as it came; of `pids`, how often it was refused.
    reached: ?u64,
    /// The sandbox was ended for it.
    ended: bool,
};

pub const Amount = struct { value: u64, at_least: bool = false };

/// Absent: not known.
pub const Taken = struct {
    wall_us: ?u64 = null,
    user_us: ?Amount = null,
    system_us: ?Amount = null,
    /// Bytes.
    memory: ?Amount = null,
    pids: ?Amount = null,
    /// Bytes to disks.
    written: ?Amount = null,
    /// Bytes to standard output and error, where they are counted.
    output: ?Amount = null,
};

/// How the limit is called in `extensions.limits`, what it is, its unit and what a unit has of the
/// plan's.
const Words = struct { field: []const u8, what: []const u8, unit: []const u8, divisor: u64 };

fn wordsOf(name: Name) Words {
    return switch (name) {
        .memory => .{ .field = "memoryMb", .what = "memory", .unit = " MB", .divisor = 1024 * 1024 },
        .cpus => .{ .field = "cpus", .what = "processors", .unit = "", .divisor = 100_000 },
        .pids => .{ .field = "pids", .what = "process", .unit = "", .divisor = 1 },
        .cpu_time => .{ .field = "cpuMs", .what = "processor time", .unit = " ms", .divisor = 1000 },
        .output => .{ .field = "outputMb", .what = "output", .unit = " MB", .divisor = 1024 * 1024 },
        .wall => .{ .field = "wallMs", .what = "wall time", .unit = " ms", .divisor = 1 },
        .file_size => .{ .field = "fileSizeMb", .what = "file size", .unit = " MB", .divisor = 1024 * 1024 },
        .disk => .{ .field = "diskMb", .what = "disk", .unit = " MB", .divisor = 1024 * 1024 },
    };
}

/// A limit that ended the run.
pub fn failure(plan: Plan, reached: Reached) void {
    var buffer: [512]u8 = undefined;
    var out: std.Io.Writer = .fixed(&buffer);
    if (plan.header.options & structs.PlanOption.envelope != 0) {
        out.writeAll("{\"error\":{\"code\":\"limit_reached\",\"message\":\"") catch {};
        sentence(&out, reached) catch {};
        out.writeAll("\",\"details\":") catch {};
        object(&out, reached) catch {};
        out.writeAll("}}\n") catch {};
    } else {
        out.writeAll("mxc: ") catch {};
        sentence(&out, reached) catch {};
        out.writeAll("\n") catch {};
    }
    sys.writeAll(2, out.buffered());
    event(plan, reached);
}

/// One that the workload ran into, and went on.
pub fn met(plan: Plan, reached: Reached) void {
    var buffer: [512]u8 = undefined;
    var out: std.Io.Writer = .fixed(&buffer);
    if (plan.header.options & structs.PlanOption.envelope != 0) {
        out.writeAll("{\"limit\":") catch {};
        object(&out, reached) catch {};
        out.writeAll("}\n") catch {};
    } else {
        out.writeAll("mxc: ") catch {};
        sentence(&out, reached) catch {};
        out.writeAll("\n") catch {};
    }
    sys.writeAll(2, out.buffered());
    event(plan, reached);
}

fn sentence(out: *std.Io.Writer, reached: Reached) std.Io.Writer.Error!void {
    const words = wordsOf(reached.name);
    try out.print("{s} limit of {d}{s} reached", .{ words.what, reached.value / words.divisor, words.unit });
    const value = reached.reached orelse return;
    try switch (reached.name) {
        .memory => out.print(" (peak {d} MB)", .{roundUp(value, words.divisor)}),
        .cpu_time => out.print(" (used {d} ms)", .{value / words.divisor}),
        .pids => out.print(" (refused {d} times)", .{value}),
        else => {},
    };
}

fn roundUp(value: u64, divisor: u64) u64 {
    return (value + divisor - 1) / divisor;
}

fn object(out: *std.Io.Writer, reached: Reached) std.Io.Writer.Error!void {
    const words = wordsOf(reached.name);
    try out.print("{{\"limit\":\"{s}\",\"value\":{d}", .{ words.field, reached.value / words.divisor });
    if (reached.reached) |value| {
        if (reached.name == .pids) {
            try out.print(",\"refused\":{d}", .{value});
        } else {
            try out.print(",\"reached\":{d}", .{roundUp(value, words.divisor)});
        }
    }
    try out.print(",\"ended\":{}}}", .{reached.ended});
}

/// To the file that gets the network's decisions too. One write: lines of several writers do not mix.
fn event(plan: Plan, reached: Reached) void {
    const O_WRONLY_APPEND_CREAT_CLOEXEC: u32 = 0o1 | 0o2000 | 0o100 | 0o2000000;
    for (plan.steps) |*step| {
        if (step.kind != @backingInt(structs.StepKind.events)) continue;
        const fd = sys.call(.openat, .{ sys.AT_FDCWD, plan.text(step.source).ptr, O_WRONLY_APPEND_CREAT_CLOEXEC, @as(u32, 0o600) });
        if (sys.failed(fd)) continue;
        defer sys.close(@intCast(fd));
        var buffer: [512]u8 = undefined;
        var out: std.Io.Writer = .fixed(&buffer);
        var time: [2]u64 = .{ 0, 0 };
        const CLOCK_REALTIME: u32 = 0;
        _ = sys.call(.clock_gettime, .{ CLOCK_REALTIME, &time });
        out.print("{{\"time\":{d},\"event\":\"limit\",\"details\":", .{time[0] * 1000 + time[1] / 1_000_000}) catch {};
        object(&out, reached) catch {};
        out.writeAll("}\n") catch {};
        sys.writeAll(@intCast(fd), out.buffered());
    }
}

pub fn statistics(taken: Taken, flags: u32) void {
    var buffer: [1024]u8 = undefined;
    var out: std.Io.Writer = .fixed(&buffer);
    const write = if (flags & structs.StatisticsFlag.json != 0) &asJson else &asText;
    write(&out, taken) catch {};
    sys.writeAll(2, out.buffered());
}

fn asText(out: *std.Io.Writer, taken: Taken) std.Io.Writer.Error!void {
    try out.writeAll("mxc: statistics\n");
    try seconds(out, "wall time", if (taken.wall_us) |us| .{ .value = us } else null);
    try seconds(out, "user time", taken.user_us);
    try seconds(out, "system time", taken.system_us);
    try count(out, "peak memory", taken.memory, " bytes");
    try count(out, "peak processes", taken.pids, "");
    try count(out, "written to disk", taken.written, " bytes");
    if (taken.output != null) try count(out, "output", taken.output, " bytes");
}

fn seconds(out: *std.Io.Writer, what: []const u8, amount: ?Amount) std.Io.Writer.Error!void {
    const known = amount orelse return out.print("  {s}: unknown\n", .{what});
    const least = if (known.at_least) "at least " else "";
    try out.print("  {s}: {s}{d}.{d:0>3} s\n", .{ what, least, known.value / 1_000_000, known.value % 1_000_000 / 1000 });
}

fn count(out: *std.Io.Writer, what: []const u8, amount: ?Amount, unit: []const u8) std.Io.Writer.Error!void {
    const known = amount orelse return out.print("  {s}: unknown\n", .{what});
    const least = if (known.at_least) "at least " else "";
    try out.print("  {s}: {s}{d}{s}\n", .{ what, least, known.value, unit });
}

/// Not known is null; `atLeast` names the figures that may be more.
fn asJson(out: *std.Io.Writer, taken: Taken) std.Io.Writer.Error!void {
    try out.writeAll("{\"statistics\":{");
    try member(out, "wallMs", if (taken.wall_us) |us| us / 1000 else null);
    try member(out, "userMs", if (taken.user_us) |amount| amount.value / 1000 else null);
    try member(out, "systemMs", if (taken.system_us) |amount| amount.value / 1000 else null);
    try member(out, "peakMemoryBytes", if (taken.memory) |amount| amount.value else null);
    try member(out, "peakPids", if (taken.pids) |amount| amount.value else null);
    try member(out, "writtenBytes", if (taken.written) |amount| amount.value else null);
    if (taken.output) |amount| try member(out, "outputBytes", amount.value);
    try out.writeAll("\"atLeast\":[");
    var separator: []const u8 = "";
    for ([_]?Amount{ taken.user_us, taken.system_us, taken.memory, taken.pids, taken.written }, [_][]const u8{ "userMs", "systemMs", "peakMemoryBytes", "peakPids", "writtenBytes" }) |amount, name| {
        if (amount == null or !amount.?.at_least) continue;
        try out.print("{s}\"{s}\"", .{ separator, name });
        separator = ",";
    }
    try out.writeAll("]}}\n");
}

fn member(out: *std.Io.Writer, name: []const u8, value: ?u64) std.Io.Writer.Error!void {
    if (value) |number| try out.print("\"{s}\":{d},", .{ name, number }) else try out.print("\"{s}\":null,", .{name});
}

const testing = std.testing;

test "limits in words" {
    var buffer: [512]u8 = undefined;
    var out: std.Io.Writer = .fixed(&buffer);
    try sentence(&out, .{ .name = .memory, .value = 256 << 20, .reached = 255 << 20 | 1, .ended = true });
    try testing.expectEqualStrings("memory limit of 256 MB reached (peak 256 MB)", out.buffered());
    out = .fixed(&buffer);
    try object(&out, .{ .name = .pids, .value = 20, .reached = 3, .ended = false });
    try testing.expectEqualStrings("{\"limit\":\"pids\",\"value\":20,\"refused\":3,\"ended\":false}", out.buffered());
}

test "what is not known is said to be" {
    var buffer: [1024]u8 = undefined;
    var out: std.Io.Writer = .fixed(&buffer);
    try asJson(&out, .{ .wall_us = 2500 });
    try testing.expectEqualStrings("{\"statistics\":{\"wallMs\":2,\"userMs\":null,\"systemMs\":null,\"peakMemoryBytes\":null,\"peakPids\":null,\"writtenBytes\":null,\"atLeast\":[]}}\n", out.buffered());
    out = .fixed(&buffer);
    try asText(&out, .{ .memory = .{ .value = 5, .at_least = true } });
    try testing.expect(std.mem.indexOf(u8, out.buffered(), "peak memory: at least 5 bytes\n") != null);
    try testing.expect(std.mem.indexOf(u8, out.buffered(), "wall time: unknown\n") != null);
}
