//! The limits of a sandbox as a whole, and what it used: what the supervisor asks before the workload
//! runs, while it runs, and when it has ended. Without such a step in the plan, none of it does
//! anything.

const std = @import("std");
const sys = @import("sys");
const abi = @import("abi");
const structs = abi.structs;
const files = @import("files.zig");
const groups_ = @import("groups.zig");
const keeper = @import("keeper.zig");
const relays_ = @import("relay.zig");
const samplers = @import("sampler.zig");
const told = @import("told.zig");

const Plan = abi.plan_reader.Plan;
const Flag = structs.ControlFlag;
const Means = structs.MeansFlag;
pub const Name = structs.SandboxLimit;

const names_count = @backingInt(Name.wall) + 1;

/// Microseconds in which `cpus` is counted (cpu.max, cpu.cfs_period_us).
const period_us = 100_000;
/// Between two samples; the second where memory comes near its limit.
const sample_ms = 50;
const sample_near_ms = 10;

const Limit = struct { value: u64 = 0, means: u32 = 0 };

pub const Limits = struct {
    plan: ?Plan = null,
    list: [names_count]Limit = @splat(.{}),
    /// `StatisticsFlag`, where they are wanted.
    statistics: ?u32 = null,
    groups: groups_.Groups = .{},
    keeper: ?sys.pid_t = null,
    /// Closes when this process is gone: the keeper's turn. Not the one of PID 1, which may be closed
    /// to end it while the groups still have something to tell.
    lifeline: sys.fd_t = -1,
    relays: relays_.Relays = .{},
    sampler: samplers.Sampler = .{},
    is_sampled: bool = false,
    /// Readable when `turn` has something to do: holds `timer` and `oom`.
    events: sys.fd_t = -1,
    timer: sys.fd_t = -1,
    oom: sys.fd_t = -1,
    /// Nanoseconds of CLOCK_MONOTONIC.
    began: u64 = 0,
    ended: u64 = 0,
    /// Of PID 1 and all that it waited for (getrusage(2)).
    usage: Usage = @splat(0),
    reached: ?told.Reached = null,

    pub fn of(limits: *const Limits, name: Name) Limit {
        return limits.list[@backingInt(name)];
    }

    /// True: PID 1 must be made with the relays' pipes, not before them.
    pub fn read(limits: *Limits, plan: Plan, failure: *sys.Failure) error{Syscall}!void {
        for (plan.steps) |*step| switch (@as(structs.StepKind, @fromBackingInt(step.kind))) {
            .sandbox_limit => {
                limits.plan = plan;
                limits.list[step.argument] = .{ .value = step.extra, .means = step.flags };
                if (step.flags & Means.sampling != 0) limits.is_sampled = true;
            },
            .statistics => {
                limits.plan = plan;
                limits.statistics = step.flags;
            },
            .control_group => limits.plan = plan,
            else => {},
        };
        if (limits.plan == null) return;
        if (limits.of(.output).value != 0) try limits.relays.open(failure);
        try limits.groups.open(plan, failure);
    }

    /// PID 1 exists and waits: everything that it starts will be inside.
    pub fn enclose(limits: *Limits, init: sys.pid_t, failure: *sys.Failure) error{Syscall}!void {
        if (limits.plan == null) return;
        try limits.relays.start(limits.of(.output).value, failure);
        const O_NONBLOCK_CLOEXEC: u32 = 0o4000 | 0o2000000;
        limits.events = try sys.checkFd(.epoll_create1, .{@as(u32, 0o2000000)}, failure);
        const CLOCK_MONOTONIC: u32 = 1;
        limits.timer = try sys.checkFd(.timerfd_create, .{ CLOCK_MONOTONIC, O_NONBLOCK_CLOEXEC }, failure);
        try limits.watch(limits.timer, failure);
        if (limits.groups.length == 0) return;
        var lifeline: [2]sys.fd_t = undefined;
        const O_CLOEXEC: u32 = 0o2000000;
        _ = try sys.check(.pipe2, .{ &lifeline, O_CLOEXEC }, failure);
        const pid = try sys.check(.clone, .{ SIGCHLD, @as(usize, 0), @as(usize, 0), @as(usize, 0), @as(usize, 0) }, failure);
        if (pid == 0) {
            sys.close(lifeline[1]);
            keeper.run(&limits.groups, lifeline[0]);
        }
        sys.close(lifeline[0]);
        limits.lifeline = lifeline[1];
        limits.keeper = @intCast(pid);
        try limits.groups.make(failure);
        for (limits.groups.list[0..limits.groups.length]) |group| try limits.set(group, failure);
        try limits.groups.enter(init, failure);
    }

    fn watch(limits: *Limits, fd: sys.fd_t, failure: *sys.Failure) error{Syscall}!void {
        // struct epoll_event: u32 events, u64 data, packed on x86-64 (epoll_ctl(2)).
        var event: [16]u8 = @splat(0);
        event[0] = 1;
        const EPOLL_CTL_ADD: u32 = 1;
        _ = try sys.check(.epoll_ctl, .{ limits.events, EPOLL_CTL_ADD, fd, &event }, failure);
    }

    fn set(limits: *Limits, group: groups_.Group, failure: *sys.Failure) error{Syscall}!void {
        var buffer: [64]u8 = undefined;
        const memory = limits.kept(.memory);
        if (group.flags & Flag.memory != 0 and memory != 0) {
            const text = std.mem.print(&buffer, "{d}", .{memory}) catch unreachable;
            var ignored: sys.Failure = undefined;
            if (group.isUnified()) {
                try files.write(group.folder, "memory.max", text, failure);
                // Not there without swap. The sandbox ends as a whole, not some process of it.
                files.write(group.folder, "memory.swap.max", "0", &ignored) catch {};
                files.write(group.folder, "memory.oom.group", "1", &ignored) catch {};
            } else {
                try files.write(group.folder, "memory.limit_in_bytes", text, failure);
                files.write(group.folder, "memory.memsw.limit_in_bytes", text, &ignored) catch
                    files.write(group.folder, "memory.swappiness", "0", &ignored) catch {};
                try limits.watchMemory(group, failure);
            }
        }
        const cpus = limits.kept(.cpus);
        if (group.flags & Flag.cpu != 0 and cpus != 0) {
            if (group.isUnified()) {
                try files.write(group.folder, "cpu.max", std.mem.print(&buffer, "{d} {d}", .{ cpus, period_us }) catch unreachable, failure);
            } else {
                try files.write(group.folder, "cpu.cfs_period_us", std.mem.print(&buffer, "{d}", .{period_us}) catch unreachable, failure);
                try files.write(group.folder, "cpu.cfs_quota_us", std.mem.print(&buffer, "{d}", .{cpus}) catch unreachable, failure);
            }
        }
        const pids = limits.kept(.pids);
        if (group.flags & Flag.pids != 0 and pids != 0) {
            // One more for the sandbox's init.
            try files.write(group.folder, "pids.max", std.mem.print(&buffer, "{d}", .{pids + 1}) catch unreachable, failure);
        }
    }

    fn kept(limits: *const Limits, name: Name) u64 {
        const limit = limits.of(name);
        return if (limit.means & Means.control_group != 0) limit.value else 0;
    }

    /// Version 1 ends one process and lets the others go on; this tells of it
    /// (Documentation/admin-guide/cgroup-v1/memory.rst, 10).
    fn watchMemory(limits: *Limits, group: groups_.Group, failure: *sys.Failure) error{Syscall}!void {
        const EFD_CLOEXEC_NONBLOCK: u32 = 0o2000000 | 0o4000;
        limits.oom = try sys.checkFd(.eventfd2, .{ @as(u32, 0), EFD_CLOEXEC_NONBLOCK }, failure);
        const path: [*:0]const u8 = "memory.oom_control";
        const control = try sys.checkFd(.openat, .{ group.folder, path, @as(u32, 0o2000000), @as(u32, 0) }, failure);
        defer sys.close(control);
        var buffer: [32]u8 = undefined;
        const text = std.mem.print(&buffer, "{d} {d}", .{ limits.oom, control }) catch unreachable;
        try files.write(group.folder, "cgroup.event_control", text, failure);
        try limits.watch(limits.oom, failure);
    }

    /// The workload runs.
    pub fn started(limits: *Limits, init: sys.pid_t) void {
        const plan = limits.plan orelse return;
        limits.began = now();
        const counted = limits.groups.with(Flag.memory) != null;
        if (limits.is_sampled or (limits.statistics != null and !counted)) {
            limits.sampler.private = .{ !isHosts(plan, "/tmp"), !isHosts(plan, "/dev/shm") };
            limits.is_sampled = limits.sampler.open(init);
        }
        limits.arm();
    }

    /// When to look again.
    fn arm(limits: *Limits) void {
        var wait: u64 = 0;
        if (limits.is_sampled) {
            const memory = limits.of(.memory);
            const is_near = memory.means & Means.sampling != 0 and limits.sampler.peak.memory > memory.value / 2;
            wait = if (is_near or limits.sampler.peak.pids == 0) sample_near_ms else sample_ms;
        }
        const cpu_time = limits.of(.cpu_time).value;
        if (cpu_time != 0) {
            if (limits.cpuTime()) |used| {
                // As fast as every processor of the sandbox can use it up, and not slower than needed.
                const left_ms = (cpu_time -| used) / 1000 / processors();
                const next = std.math.clamp(left_ms, 2, 1000);
                wait = if (wait == 0) next else @min(wait, next);
            }
        }
        if (wait == 0) return;
        const time = [4]u64{ 0, 0, wait / 1000, wait % 1000 * std.time.ns_per_ms };
        _ = sys.call(.timerfd_settime, .{ limits.timer, @as(u32, 0), &time, @as(usize, 0) });
    }

    /// Microseconds, where a group counts them.
    fn cpuTime(limits: *const Limits) ?u64 {
        const group = limits.groups.with(Flag.accounting) orelse return null;
        if (group.isUnified()) return files.keyed(group.folder, "cpu.stat", "usage_usec");
        return (files.number(group.folder, "cpuacct.usage") orelse return null) / 1000;
    }

    /// Something of `events` is ready. True: the sandbox has to end.
    pub fn turn(limits: *Limits) bool {
        var count: [1]u64 = undefined;
        if (limits.oom >= 0 and sys.call(.read, .{ limits.oom, &count, @as(usize, 8) }) == 8) {
            limits.reach(.memory, limits.peakMemory());
        }
        _ = sys.call(.read, .{ limits.timer, &count, @as(usize, 8) });
        if (limits.is_sampled) {
            const memory = limits.of(.memory);
            const cpu_time = limits.of(.cpu_time);
            const sample = limits.sampler.look(memory.value);
            if (memory.means & Means.sampling != 0 and sample.memory > memory.value) limits.reach(.memory, sample.memory);
            if (cpu_time.means & Means.sampling != 0 and sample.cpuTime() >= cpu_time.value) limits.reach(.cpu_time, sample.cpuTime());
        }
        const cpu_time = limits.of(.cpu_time).value;
        if (cpu_time != 0) {
            if (limits.cpuTime()) |used| if (used >= cpu_time) limits.reach(.cpu_time, used);
        }
        limits.arm();
        return limits.reached != null;
    }

    fn reach(limits: *Limits, name: Name, value: ?u64) void {
        if (limits.reached == null) limits.reached = .{ .name = @fromBackingInt(@backingInt(name)), .value = limits.of(name).value, .reached = value, .ended = true };
    }

    /// A child of the supervisor's has ended. True: the sandbox has to end.
    pub fn reaped(limits: *Limits, pid: sys.pid_t) bool {
        if (limits.keeper != null and limits.keeper.? == pid) limits.keeper = null;
        limits.relays.reaped(pid);
        return limits.tooMuchOutput();
    }

    fn tooMuchOutput(limits: *Limits) bool {
        const output = limits.of(.output).value;
        if (output == 0 or limits.relays.bytes() <= output) return false;
        limits.reach(.output, limits.relays.bytes());
        return true;
    }

    /// The sandbox is about to be killed, and what its processes took is not told to whoever waits.
    pub fn lastLook(limits: *Limits) void {
        if (limits.is_sampled) _ = limits.sampler.look(0);
    }

    /// The time limit has passed. True: it is one of these.
    pub fn timedOut(limits: *Limits) bool {
        if (limits.of(.wall).value == 0) return false;
        limits.reach(.wall, null);
        return true;
    }

    /// Everything in the sandbox has ended. True: a limit has ended it.
    pub fn conclude(limits: *Limits) bool {
        if (limits.plan == null) return false;
        limits.ended = now();
        limits.drain();
        _ = limits.tooMuchOutput();
        if (limits.kept(.memory) != 0) {
            const group = limits.groups.with(Flag.memory).?;
            const kills = if (group.isUnified())
                files.keyed(group.folder, "memory.events", "oom") orelse 0
            else
                files.keyed(group.folder, "memory.oom_control", "oom_kill") orelse 0;
            if (kills > 0) limits.reach(.memory, limits.peakMemory());
        }
        const cpu_time = limits.of(.cpu_time).value;
        if (cpu_time != 0) {
            const used = limits.cpuTime() orelse userOf(limits.usage) + systemOf(limits.usage);
            if (used > cpu_time) limits.reach(.cpu_time, used);
        }
        return limits.reached != null;
    }

    /// What the workload still had in the pipes goes to a caller that reads it; one that does not may
    /// end the wait by a signal.
    fn drain(limits: *Limits) void {
        while (limits.relays.isRunning()) {
            const pid = sys.call(.wait4, .{ @as(isize, -1), @as(usize, 0), WNOHANG, @as(usize, 0) });
            if (sys.failed(pid)) return;
            if (pid != 0) {
                _ = limits.reaped(@intCast(pid));
                continue;
            }
            const deadly: u64 = 1 << (1 - 1) | 1 << (2 - 1) | 1 << (3 - 1) | 1 << (15 - 1);
            const set_: u64 = deadly | 1 << (SIGCHLD - 1);
            const received = sys.call(.rt_sigtimedwait, .{ &set_, @as(usize, 0), @as(usize, 0), @as(usize, 8) });
            if (sys.failed(received) or received == SIGCHLD) continue;
            for (limits.relays.list[0..limits.relays.length]) |relay| {
                if (relay.process) |process| _ = sys.call(.kill, .{ process, @as(u32, 9) });
            }
        }
    }

    fn peakMemory(limits: *const Limits) ?u64 {
        const group = limits.groups.with(Flag.memory) orelse return null;
        return files.number(group.folder, if (group.isUnified()) "memory.peak" else "memory.max_usage_in_bytes");
    }

    /// A limit that ended the run: a failure of mxc's, told as those are.
    pub fn tellReached(limits: *Limits) void {
        const reached = limits.reached orelse return;
        told.failure(limits.plan.?, reached);
    }

    /// The workload's own end; `status`: of wait(2). Limits that it ran into and went on, or died of.
    /// `disk_full`: nothing was free in its /tmp.
    pub fn tellMet(limits: *Limits, plan: Plan, status: u32, disk_full: bool) void {
        if (limits.kept(.pids) != 0) {
            const refused = if (limits.groups.with(Flag.pids)) |group| files.keyed(group.folder, "pids.events", "max") orelse 0 else 0;
            if (refused > 0) told.met(plan, .{ .name = .pids, .value = limits.of(.pids).value, .reached = refused, .ended = false });
        }
        const SIGXFSZ = 25;
        const RLIMIT_FSIZE = 1;
        if (status & 0x7f != SIGXFSZ and !disk_full) return;
        for (plan.steps) |*step| {
            if (step.kind == @backingInt(structs.StepKind.limit) and step.argument == RLIMIT_FSIZE and status & 0x7f == SIGXFSZ) {
                told.met(plan, .{ .name = .file_size, .value = step.extra, .reached = null, .ended = false });
            }
            if (step.kind == @backingInt(structs.StepKind.tmpfs) and disk_full and std.mem.eql(u8, plan.text(step.target), "/tmp")) {
                told.met(plan, .{ .name = .disk, .value = step.argument, .reached = null, .ended = false });
            }
        }
    }

    /// Leaves nothing behind. The last thing before the supervisor's own end.
    pub fn end(limits: *Limits) void {
        if (limits.plan == null) return;
        if (limits.statistics) |flags| {
            if (limits.ended != 0) told.statistics(limits.taken(), flags);
        }
        for (0..2000) |_| {
            if (limits.groups.remove()) break;
            const millisecond = [2]u64{ 0, 1_000_000 };
            _ = sys.call(.nanosleep, .{ &millisecond, @as(usize, 0) });
        } else return; // The keeper goes on trying.
        const process = limits.keeper orelse return;
        limits.keeper = null;
        // Where it has been reaped with others, its number is nobody's, or somebody else's.
        if (sys.call(.wait4, .{ process, @as(usize, 0), WNOHANG, @as(usize, 0) }) != 0) return;
        _ = sys.call(.kill, .{ process, @as(u32, 9) });
        _ = sys.call(.wait4, .{ process, @as(usize, 0), @as(u32, 0), @as(usize, 0) });
    }

    /// The plan that they were for is not carried out; another may come.
    pub fn reset(limits: *Limits) void {
        limits.end();
        for ([_]sys.fd_t{ limits.events, limits.timer, limits.oom, limits.lifeline }) |fd| if (fd >= 0) sys.close(fd);
        for (limits.groups.list[0..limits.groups.length]) |group| {
            for ([_]sys.fd_t{ group.parent, group.folder }) |fd| if (fd >= 0) sys.close(fd);
        }
        for (limits.relays.list[0..limits.relays.length]) |relay| {
            if (relay.process == null) for (relay.pipe) |fd| sys.close(fd);
        }
        limits.* = .{};
    }

    fn taken(limits: *const Limits) told.Taken {
        var out: told.Taken = .{};
        if (limits.began != 0 and limits.ended != 0) out.wall_us = (limits.ended - limits.began) / 1000;
        if (limits.ended != 0) {
            // What nobody waited for is missing in what init is told of, and the rest between samples.
            const seen = limits.sampler.peak;
            const before = limits.sampler.before;
            out.user_us = .{ .value = @max(userOf(limits.usage) -| before.user, seen.user), .at_least = true };
            out.system_us = .{ .value = @max(systemOf(limits.usage) -| before.system, seen.system), .at_least = true };
            out.written = .{ .value = limits.usage[usage_blocks_out] * 512, .at_least = true };
        }
        if (limits.groups.with(Flag.accounting)) |group| {
            if (group.isUnified()) {
                if (files.keyed(group.folder, "cpu.stat", "user_usec")) |us| out.user_us = .{ .value = us };
                if (files.keyed(group.folder, "cpu.stat", "system_usec")) |us| out.system_us = .{ .value = us };
            } else {
                if (files.number(group.folder, "cpuacct.usage_user")) |ns| out.user_us = .{ .value = ns / 1000 };
                if (files.number(group.folder, "cpuacct.usage_sys")) |ns| out.system_us = .{ .value = ns / 1000 };
            }
        }
        if (limits.peakMemory()) |bytes| {
            out.memory = .{ .value = bytes };
        } else if (limits.is_sampled and limits.sampler.peak.pids > 0) {
            out.memory = .{ .value = limits.sampler.peak.memory, .at_least = true };
        }
        if (limits.groups.with(Flag.pids)) |group| {
            // Init is one of them.
            if (files.number(group.folder, "pids.peak")) |count| out.pids = .{ .value = count -| 1 };
        } else if (limits.is_sampled and limits.sampler.peak.pids > 0) {
            out.pids = .{ .value = limits.sampler.peak.pids, .at_least = true };
        }
        if (limits.relays.length > 0) out.output = .{ .value = limits.relays.bytes() };
        return out;
    }
};

/// struct rusage (getrusage(2)): user and system time in seconds and microseconds, then 14 numbers.
pub const Usage = [18]u64;
const usage_blocks_out = 11;

fn userOf(usage: Usage) u64 {
    return usage[0] * 1_000_000 + usage[1];
}

fn systemOf(usage: Usage) u64 {
    return usage[2] * 1_000_000 + usage[3];
}

/// The private one is covered by a grant, or there is none.
fn isHosts(plan: Plan, path: []const u8) bool {
    for (plan.steps) |*step| {
        if (step.kind == @backingInt(structs.StepKind.landlock_tier)) return true;
        if (step.kind == @backingInt(structs.StepKind.bind) and std.mem.eql(u8, plan.text(step.target), path)) return true;
    }
    return false;
}

/// How many may run at one time (sched_getaffinity(2)).
fn processors() u64 {
    var mask: [128]u64 = @splat(0);
    const bytes = sys.call(.sched_getaffinity, .{ @as(u32, 0), @as(usize, @sizeOf(@TypeOf(mask))), &mask });
    if (sys.failed(bytes)) return 64;
    var count: u64 = 0;
    for (mask) |word| count += @popCount(word);
    return @max(count, 1);
}

/// Nanoseconds of CLOCK_MONOTONIC.
fn now() u64 {
    var time: [2]u64 = .{ 0, 0 };
    const CLOCK_MONOTONIC: u32 = 1;
    _ = sys.call(.clock_gettime, .{ CLOCK_MONOTONIC, &time });
    return time[0] * std.time.ns_per_s + time[1];
}

const SIGCHLD: usize = 17;
const WNOHANG: u32 = 1;
