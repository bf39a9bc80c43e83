//! Checks a plan's bytes completely before any step of it runs. The bytes come from our own
//! planner, but they cross a process boundary: every offset, length, count and enum is checked
//! here, once, and nothing after this file checks them again. Allocates nothing.

const std = @import("std");
const structs = @import("structs.zig");

pub const Error = error{
    TooShort,
    TooLong,
    BadMagic,
    OtherBuild,
    BadSize,
    TooManySteps,
    UnknownStep,
    TextOutOfBounds,
    TextNotTerminated,
    TextHasNul,
    BadPath,
    BadValue,
    MissingStep,
};

pub const Plan = struct {
    bytes: []align(8) const u8,
    header: structs.PlanHeader,
    steps: []align(8) const structs.Step,

    /// The text and the NUL behind it.
    pub fn text(plan: Plan, reference: structs.Text) [:0]const u8 {
        return plan.bytes[reference.offset..][0..reference.length :0];
    }
};

/// Shapes: `bytes` is the whole buffer. The returned plan points into it.
pub fn read(bytes: []align(8) const u8) Error!Plan {
    if (bytes.len < @sizeOf(structs.PlanHeader)) return error.TooShort;
    if (bytes.len > structs.plan_bytes_max) return error.TooLong;
    const header: structs.PlanHeader = @as(*const structs.PlanHeader, @ptrCast(bytes.ptr)).*;
    if (header.magic != structs.plan_magic) return error.BadMagic;
    if (header.digest != structs.digest) return error.OtherBuild;
    if (header.size != @sizeOf(structs.PlanHeader)) return error.BadSize;
    if (header.total_size != bytes.len) return error.BadSize;
    if (header.step_count > structs.plan_steps_max) return error.TooManySteps;

    const steps_end = @sizeOf(structs.PlanHeader) + @as(u64, header.step_count) * @sizeOf(structs.Step);
    if (steps_end > bytes.len) return error.TooShort;
    const first: [*]align(8) const structs.Step = @ptrCast(@alignCast(bytes.ptr + @sizeOf(structs.PlanHeader)));
    const plan: Plan = .{ .bytes = bytes, .header = header, .steps = first[0..header.step_count] };

    var seen: Seen = .{};
    for (plan.steps) |*step| {
        try checkText(plan, step.source, steps_end);
        try checkText(plan, step.target, steps_end);
        try checkStep(plan, step, &seen);
    }
    if (!seen.enter_root or !seen.seccomp or seen.words == 0) return error.MissingStep;
    return plan;
}

const Seen = struct { enter_root: bool = false, seccomp: bool = false, words: u32 = 0 };

fn checkText(plan: Plan, reference: structs.Text, steps_end: u64) Error!void {
    const end = @as(u64, reference.offset) + reference.length;
    if (reference.offset < steps_end or end >= plan.bytes.len) return error.TextOutOfBounds;
    if (plan.bytes[@intCast(end)] != 0) return error.TextNotTerminated;
    const content = plan.bytes[reference.offset..@intCast(end)];
    if (std.mem.indexOfScalar(u8, content, 0) != null) return error.TextHasNul;
}

fn checkStep(plan: Plan, step: *align(8) const structs.Step, seen: *Seen) Error!void {
    const kind: structs.StepKind = @fromBackingInt(step.kind);
    switch (kind) {
        .namespaces => if (step.flags & ~namespace_flags != 0) return error.BadValue,
        .root, .directory, .symlink, .tmpfs, .proc, .devpts, .stand_ins, .protect, .tunable, .file, .screen, .seal, .mirror, .mqueue => {},
        .bind => if (plan.text(step.source).len == 0 or plan.text(step.source)[0] != '/') return error.BadPath,
        .deny => if (step.argument > @backingInt(structs.ObjectType.any)) return error.BadValue,
        .loopback => {},
        .enter_root, .landlock_tier => seen.enter_root = true,
        .scratch, .kernel_mounts => {},
        .landlock_rule => if (step.argument > @backingInt(structs.Access.use)) return error.BadValue,
        .limit => if (step.argument > 15) return error.BadValue,
        .seccomp => {
            if (step.argument > @backingInt(structs.SeccompProfile.landlock_brokered)) return error.BadValue;
            seen.seccomp = true;
        },
        .working_folder, .environment, .content => {},
        .network => if (step.argument > 65535) return error.BadValue,
        .network_rule => {
            // Bits of an address, and two ports of 16 bits behind them.
            if (step.argument & 0xffff > 128 or step.argument >> 48 != 0) return error.BadValue;
            if (plan.text(step.target).len > 253) return error.BadValue;
        },
        .events => if (plan.text(step.source).len == 0 or plan.text(step.source)[0] != '/') return error.BadPath,
        .control_group => {
            if (step.flags & ~control_flags != 0) return error.BadValue;
            if (plan.text(step.source).len == 0 or plan.text(step.source)[0] != '/') return error.BadPath;
        },
        .sandbox_limit => {
            if (step.argument == 0 or step.argument > @backingInt(structs.SandboxLimit.wall)) return error.BadValue;
            if (step.extra == 0 or step.extra >> 53 != 0) return error.BadValue;
        },
        .statistics => if (step.flags & ~structs.StatisticsFlag.json != 0) return error.BadValue,
        .word => seen.words += 1,
        _ => return error.UnknownStep,
    }
    if (hasTarget(kind)) try checkTarget(plan.text(step.target));
}

fn hasTarget(kind: structs.StepKind) bool {
    return switch (kind) {
        .directory, .symlink, .bind, .tmpfs, .proc, .devpts, .stand_ins, .deny => true,
        .scratch, .protect, .tunable, .landlock_rule, .working_folder, .file, .screen, .seal, .mirror, .mqueue, .content => true,
        else => false,
    };
}

/// Targets are absolute and plain: they are walked below the new root without following links.
fn checkTarget(path: []const u8) Error!void {
    if (path.len == 0 or path[0] != '/' or path.len > 4095) return error.BadPath;
    var parts = std.mem.splitScalar(u8, path[1..], '/');
    while (parts.next()) |part| {
        if (path.len == 1) return;
        if (part.len == 0 or std.mem.eql(u8, part, ".") or std.mem.eql(u8, part, "..")) return error.BadPath;
    }
}

const control_flags: u32 = (structs.ControlFlag.pids << 1) - 1;

/// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (linux/sched.h).
const namespace_flags: u32 = 0x0002_0000 | 0x0200_0000 | 0x0400_0000 | 0x0800_0000 | 0x1000_0000 | 0x2000_0000 | 0x4000_0000;

const testing = std.testing;

/// Whatever is accepted can be walked without leaving the buffer.
fn checkPlan(bytes: []align(8) const u8) !void {
    const plan = read(bytes) catch return;
    for (plan.steps) |step| {
        inline for (.{ step.source, step.target }) |reference| {
            const text = plan.text(reference);
            try testing.expectEqual(0, text.ptr[text.len]);
            try testing.expect(@intFromPtr(text.ptr) > @intFromPtr(plan.steps.ptr));
            try testing.expect(@intFromPtr(text.ptr) + text.len < @intFromPtr(bytes.ptr) + bytes.len);
        }
    }
}

fn fuzzOnce(random: std.Random, buffer: []align(8) u8, valid: []const u8) !void {
    @memcpy(buffer[0..valid.len], valid);
    const changes = random.intRangeAtMost(usize, 0, 6);
    for (0..changes) |_| {
        buffer[random.uintLessThan(usize, valid.len)] = random.int(u8);
    }
    const length = if (random.boolean()) valid.len else random.uintAtMost(usize, valid.len);
    try checkPlan(buffer[0..length]);
}

/// The smallest plan that is accepted: used by the fuzzer and by the tests below.
fn smallest(buffer: []align(8) u8) []align(8) u8 {
    const kinds = [_]structs.StepKind{ .namespaces, .directory, .bind, .enter_root, .landlock_rule, .seccomp, .word };
    const steps_end = @sizeOf(structs.PlanHeader) + kinds.len * @sizeOf(structs.Step);
    const text = "/etc\x00";
    const total = steps_end + text.len;
    const header: *structs.PlanHeader = @ptrCast(buffer.ptr);
    header.* = .{
        .size = @sizeOf(structs.PlanHeader),
        .magic = structs.plan_magic,
        .digest = structs.digest,
        .total_size = @intCast(total),
        .step_count = kinds.len,
        .reserved0 = 0,
        .options = 0,
        .timeout_ms = 0,
        .reserved = 0,
    };
    const steps: [*]structs.Step = @ptrCast(@alignCast(buffer.ptr + @sizeOf(structs.PlanHeader)));
    for (kinds, 0..) |kind, index| {
        const reference: structs.Text = .{ .offset = @intCast(steps_end), .length = 4 };
        steps[index] = .{ .kind = @backingInt(kind), .flags = 0, .source = reference, .target = reference, .device = 0, .inode = 0, .argument = 0, .extra = 0 };
    }
    @memcpy(buffer[steps_end..total], text);
    return buffer[0..total];
}

test "the smallest plan is accepted and each missing part refused" {
    var buffer: [4096]u8 align(8) = undefined;
    const valid = smallest(&buffer);
    const plan = try read(valid);
    try testing.expectEqualStrings("/etc", plan.text(plan.steps[1].target));
    try testing.expectError(error.BadSize, read(valid[0 .. valid.len - 1]));
    try testing.expectError(error.TooShort, read(valid[0..8]));

    const header: *structs.PlanHeader = @ptrCast(valid.ptr);
    header.digest +%= 1;
    try testing.expectError(error.OtherBuild, read(valid));
    header.digest -%= 1;
    header.step_count = 0xffff_ffff;
    try testing.expectError(error.TooManySteps, read(valid));
    header.step_count = 6;
    try testing.expectError(error.MissingStep, read(valid));
}

test "targets that climb or are relative are refused" {
    for ([_][]const u8{ "", "etc", "/etc/", "//etc", "/a/../b", "/.", "/a/./b" }) |path| {
        try testing.expectError(error.BadPath, checkTarget(path));
    }
    for ([_][]const u8{ "/", "/etc", "/a/..b/c" }) |path| try checkTarget(path);
}

test "changed plans are refused or stay inside their buffer" {
    var original: [4096]u8 align(8) = undefined;
    var buffer: [4096]u8 align(8) = undefined;
    const valid = smallest(&original);
    var prng: std.Random.DefaultPrng = .init(0x6d78_63);
    for (0..200_000) |_| try fuzzOnce(prng.random(), &buffer, valid);
}

test "fuzz: plans" {
    const Once = struct {
        fn one(_: void, smith: *testing.Smith) !void {
            var buffer: [4096]u8 align(8) = undefined;
            const length = smith.slice(&buffer);
            if (length >= @sizeOf(structs.PlanHeader)) {
                const header: *structs.PlanHeader = @ptrCast(&buffer);
                header.magic = structs.plan_magic;
                // Changes from build to build, as kept entries do not.
                header.digest = structs.digest;
                // Mostly right, or little else would ever be looked at; nothing left to draw is 0.
                if (smith.value(u8) < 0xf0) {
                    header.size = @sizeOf(structs.PlanHeader);
                    header.total_size = length;
                }
            }
            try checkPlan(buffer[0..length]);
        }
    };
    // As Smith.slice reads it: the length, then the plan.
    var entry: [4 + 4096]u8 align(8) = undefined;
    var plan: [4096]u8 align(8) = undefined;
    const valid = smallest(&plan);
    std.mem.writeInt(u32, entry[0..4], @intCast(valid.len), .little);
    @memcpy(entry[4..][0..valid.len], valid);
    try testing.fuzz({}, Once.one, .{ .corpus = &.{entry[0 .. 4 + valid.len]} });
}
