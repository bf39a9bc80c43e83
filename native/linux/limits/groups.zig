//! The control groups of one run (cgroups(7)), version 1 and 2: made before the workload exists,
//! removed when everything in them has ended. Their name says whose they are, so that a later run
//! can remove what an owner left that was killed.

const std = @import("std");
const sys = @import("sys");
const abi = @import("abi");
const structs = abi.structs;
const files = @import("files.zig");

const Plan = abi.plan_reader.Plan;
const Flag = structs.ControlFlag;

/// Version 1 has a hierarchy for each of memory, cpu, cpuacct and pids.
const groups_max = 4;
const prefix = "mxc-";

pub const Group = struct {
    flags: u32,
    parent_path: [:0]const u8,
    parent: sys.fd_t,
    folder: sys.fd_t = -1,

    pub fn isUnified(group: Group) bool {
        return group.flags & Flag.unified != 0;
    }
};

pub const Groups = struct {
    list: [groups_max]Group = undefined,
    length: usize = 0,
    name: [96:0]u8 = @splat(0),

    /// Opens where they will be, and settles their name. Makes nothing.
    pub fn open(groups: *Groups, plan: Plan, failure: *sys.Failure) error{Syscall}!void {
        for (plan.steps) |*step| {
            if (step.kind != @backingInt(structs.StepKind.control_group) or groups.length == groups_max) continue;
            const path = plan.text(step.source);
            const O_DIRECTORY_CLOEXEC: u32 = 0o200000 | 0o2000000;
            const parent = try sys.checkFd(.openat, .{ sys.AT_FDCWD, path.ptr, O_DIRECTORY_CLOEXEC, @as(u32, 0) }, failure);
            groups.list[groups.length] = .{ .flags = step.flags, .parent_path = path, .parent = parent };
            groups.length += 1;
        }
        const owner = Owner.self() orelse {
            failure.* = .{ .syscall = .read, .errno = ENOENT };
            return error.Syscall;
        };
        _ = std.mem.printSentinel(&groups.name, prefix ++ "{d}-{d}-{s}-{d}", .{ owner.pid, owner.started, owner.boot, owner.namespace }, 0) catch unreachable;
    }

    pub fn make(groups: *Groups, failure: *sys.Failure) error{Syscall}!void {
        for (groups.list[0..groups.length]) |*group| {
            removeStale(group.parent);
            _ = try sys.check(.mkdirat, .{ group.parent, &groups.name, @as(u32, 0o755) }, failure);
            const O_DIRECTORY_CLOEXEC: u32 = 0o200000 | 0o2000000;
            group.folder = try sys.checkFd(.openat, .{ group.parent, &groups.name, O_DIRECTORY_CLOEXEC, @as(u32, 0) }, failure);
        }
    }

    pub fn enter(groups: *Groups, pid: sys.pid_t, failure: *sys.Failure) error{Syscall}!void {
        var buffer: [16]u8 = undefined;
        const text = std.mem.print(&buffer, "{d}", .{pid}) catch unreachable;
        for (groups.list[0..groups.length]) |group| try files.write(group.folder, "cgroup.procs", text, failure);
    }

    /// The one that has the controller.
    pub fn with(groups: *const Groups, flag: u32) ?Group {
        for (groups.list[0..groups.length]) |group| {
            if (group.flags & flag != 0) return group;
        }
        return null;
    }

    /// False: one is still in use.
    pub fn remove(groups: *const Groups) bool {
        var gone = true;
        for (groups.list[0..groups.length]) |group| {
            const errno = sys.errnoOf(sys.call(.unlinkat, .{ group.parent, &groups.name, AT_REMOVEDIR }));
            if (errno != 0 and errno != ENOENT) gone = false;
        }
        return gone;
    }
};

/// Who made a group: the supervisor, told from every other process there ever was on this host.
const Owner = struct {
    pid: u64,
    started: u64,
    /// First digits of the boot's id.
    boot: [8]u8,
    /// Of pids: those of another container are not ours to judge.
    namespace: u64,

    fn self() ?Owner {
        var buffer: [1024]u8 = undefined;
        const stat = files.read(sys.AT_FDCWD, "/proc/self/stat", &buffer) orelse return null;
        const started = files.statField(stat, 22) orelse return null;
        const pid = files.parse(stat[0 .. std.mem.indexOfScalar(u8, stat, ' ') orelse return null]) orelse return null;
        var boot: [8]u8 = undefined;
        if ((files.read(sys.AT_FDCWD, "/proc/sys/kernel/random/boot_id", &boot) orelse return null).len != boot.len) return null;
        return .{ .pid = pid, .started = started, .boot = boot, .namespace = namespaceOfPids() orelse return null };
    }

    fn parse(name: []const u8) ?Owner {
        if (!std.mem.startsWith(u8, name, prefix)) return null;
        var words = std.mem.splitScalar(u8, name[prefix.len..], '-');
        const pid = files.parse(words.next() orelse return null) orelse return null;
        const started = files.parse(words.next() orelse return null) orelse return null;
        const boot = words.next() orelse return null;
        const namespace = files.parse(words.next() orelse return null) orelse return null;
        if (boot.len != 8 or words.next() != null) return null;
        return .{ .pid = pid, .started = started, .boot = boot[0..8].*, .namespace = namespace };
    }

    fn isGone(owner: Owner) bool {
        var path: [40]u8 = undefined;
        var buffer: [1024]u8 = undefined;
        const stat = files.read(sys.AT_FDCWD, std.mem.printSentinel(&path, "/proc/{d}/stat", .{owner.pid}, 0) catch unreachable, &buffer) orelse return true;
        return files.statField(stat, 22) != owner.started;
    }
};

/// `pid:[4026531836]` (namespaces(7)).
fn namespaceOfPids() ?u64 {
    var buffer: [64]u8 = undefined;
    const path: [*:0]const u8 = "/proc/self/ns/pid";
    const length = sys.call(.readlinkat, .{ sys.AT_FDCWD, path, &buffer, buffer.len });
    if (sys.failed(length)) return null;
    return files.parse(std.mem.trim(u8, buffer[0..length], "pid:[]"));
}

/// Only empty ones can be removed: whatever still runs in one keeps it.
fn removeStale(parent: sys.fd_t) void {
    const own = namespaceOfPids() orelse return;
    const SEEK_SET: u32 = 0;
    _ = sys.call(.lseek, .{ parent, @as(usize, 0), SEEK_SET });
    var names: files.Names = .{ .folder = parent };
    while (names.next()) |name| {
        const owner = Owner.parse(name) orelse continue;
        if (owner.namespace == own and owner.isGone()) _ = sys.call(.unlinkat, .{ parent, name.ptr, AT_REMOVEDIR });
    }
}

const AT_REMOVEDIR: u32 = 0x200;
const ENOENT = 2;

test "owners are read from names, and nothing else is" {
    const testing = std.testing;
    const owner = Owner.parse("mxc-12-345-6c6318aa-4026531836").?;
    try testing.expectEqual(12, owner.pid);
    try testing.expectEqual(345, owner.started);
    try testing.expectEqualStrings("6c6318aa", &owner.boot);
    try testing.expectEqual(4026531836, owner.namespace);
    for ([_][]const u8{ "mxc", "mxc-", "mxc-1-2-3-4", "mxc-1-2-6c6318aa", "mxc-1-2-6c6318aa-4-5", "mxc-x-2-6c6318aa-4", "user.slice" }) |name| {
        try testing.expectEqual(null, Owner.parse(name));
    }
}
