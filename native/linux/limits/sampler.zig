//! Looks at the sandbox's processes one by one: what they use together, where no control group counts
//! it. Memory that is no process' own, and processes that come and go between two looks, are not
//! seen. proc(5).

const std = @import("std");
const sys = @import("sys");
const files = @import("files.zig");

pub const Sample = struct {
    /// Bytes in memory, what they share divided among them, and what stands in the private tmpfs.
    memory: u64 = 0,
    /// Processes and threads, without the sandbox's init.
    pids: u64 = 0,
    /// Microseconds.
    user: u64 = 0,
    system: u64 = 0,

    pub fn cpuTime(sample: Sample) u64 {
        return sample.user + sample.system;
    }
};

pub const Sampler = struct {
    init: sys.pid_t = 0,
    /// The host's /proc: the sandbox's hides its init, and is not ours to enter.
    proc: sys.fd_t = -1,
    /// The sandbox's root, found through the first of its processes that lets it be seen.
    root: sys.fd_t = -1,
    /// /tmp and /dev/shm are the sandbox's own.
    private: [2]bool = .{ true, true },
    page: u64 = 0,
    /// What init took before there was a workload.
    before: Sample = .{},
    /// Highest of all samples.
    peak: Sample = .{},

    pub fn open(sampler: *Sampler, init: sys.pid_t) bool {
        sampler.init = init;
        sampler.page = pageSize();
        const path: [*:0]const u8 = "/proc";
        const proc = sys.call(.openat, .{ sys.AT_FDCWD, path, O_DIRECTORY_CLOEXEC, @as(u32, 0) });
        if (sys.failed(proc)) return false;
        sampler.proc = @intCast(proc);
        var name: [64]u8 = undefined;
        var buffer: [1024]u8 = undefined;
        addTimes(&sampler.before, sampler.read(&name, init, "stat", &buffer) orelse return false);
        return true;
    }

    /// `exact_above`: memory of less than that is told by a quick look, which counts shared pages once
    /// for each process.
    pub fn look(sampler: *Sampler, exact_above: u64) Sample {
        var sample = sampler.add(false);
        const private = sampler.tmpfs();
        // Exact takes longer, and is never more.
        if (sample.memory + private > @min(exact_above, sampler.peak.memory)) sample.memory = sampler.add(true).memory;
        sample.memory += private;
        sampler.peak.memory = @max(sampler.peak.memory, sample.memory);
        sampler.peak.pids = @max(sampler.peak.pids, sample.pids);
        sampler.peak.user = @max(sampler.peak.user, sample.user);
        sampler.peak.system = @max(sampler.peak.system, sample.system);
        return sample;
    }

    /// Everything in the sandbox descends from its init: who loses a parent becomes its child.
    fn add(sampler: *Sampler, exact: bool) Sample {
        var sample: Sample = .{};
        var pending: [processes_max]sys.pid_t = undefined;
        var length: usize = 1;
        pending[0] = sampler.init;
        while (length > 0) {
            length -= 1;
            const pid = pending[length];
            sampler.addProcess(&sample, pid, exact);
            sampler.addChildren(&pending, &length, pid);
        }
        sample.user -|= sampler.before.user;
        sample.system -|= sampler.before.system;
        return sample;
    }

    fn addProcess(sampler: *Sampler, sample: *Sample, pid: sys.pid_t, exact: bool) void {
        var name: [64]u8 = undefined;
        var buffer: [1024]u8 = undefined;
        const stat = sampler.read(&name, pid, "stat", &buffer) orelse return;
        addTimes(sample, stat);
        if (pid == sampler.init) return;
        sample.pids += files.statField(stat, 20) orelse 0;
        const resident = (files.statField(stat, 24) orelse 0) * sampler.page;
        sample.memory += if (exact) sampler.share(pid) orelse resident else resident;
        if (sampler.root < 0) sampler.openRoot(pid);
    }

    fn addChildren(sampler: *Sampler, pending: *[processes_max]sys.pid_t, length: *usize, pid: sys.pid_t) void {
        var path: [64]u8 = undefined;
        const name = std.mem.printSentinel(&path, "{d}/task", .{pid}, 0) catch unreachable;
        const folder = sys.call(.openat, .{ sampler.proc, name.ptr, O_DIRECTORY_CLOEXEC, @as(u32, 0) });
        if (sys.failed(folder)) return;
        defer sys.close(@intCast(folder));
        var threads: files.Names = .{ .folder = @intCast(folder) };
        while (threads.next()) |thread| {
            const file = std.mem.printSentinel(&path, "{s}/children", .{thread}, 0) catch continue;
            var buffer: [processes_max * 8]u8 = undefined;
            const text = files.read(@intCast(folder), file.ptr, &buffer) orelse continue;
            var words = std.mem.tokenizeScalar(u8, text, ' ');
            while (words.next()) |word| {
                if (length.* == processes_max) return;
                pending[length.*] = std.fmt.parseInt(sys.pid_t, word, 10) catch continue;
                length.* += 1;
            }
        }
    }

    fn read(sampler: *const Sampler, name: *[64]u8, pid: sys.pid_t, file: []const u8, buffer: []u8) ?[]const u8 {
        const path = std.mem.printSentinel(name, "{d}/{s}", .{ pid, file }, 0) catch unreachable;
        return files.read(sampler.proc, path.ptr, buffer);
    }

    fn share(sampler: *const Sampler, pid: sys.pid_t) ?u64 {
        var name: [64]u8 = undefined;
        var buffer: [1024]u8 = undefined;
        const text = sampler.read(&name, pid, "smaps_rollup", &buffer) orelse return null;
        return (files.valueOf(text, "Pss") orelse return null) * 1024;
    }

    fn openRoot(sampler: *Sampler, pid: sys.pid_t) void {
        var name: [64]u8 = undefined;
        const path = std.mem.printSentinel(&name, "{d}/root", .{pid}, 0) catch unreachable;
        const fd = sys.call(.openat, .{ sampler.proc, path.ptr, O_DIRECTORY_CLOEXEC | O_PATH, @as(u32, 0) });
        if (!sys.failed(fd)) sampler.root = @intCast(fd);
    }

    fn tmpfs(sampler: *const Sampler) u64 {
        if (sampler.root < 0) return 0;
        var total: u64 = 0;
        for ([_][*:0]const u8{ "tmp", "dev/shm" }, sampler.private) |path, private| {
            if (!private) continue;
            const fd = sys.call(.openat, .{ sampler.root, path, O_DIRECTORY_CLOEXEC | O_PATH, @as(u32, 0) });
            if (sys.failed(fd)) continue;
            defer sys.close(@intCast(fd));
            // struct statfs: type, block size, blocks, free blocks (statfs(2)).
            var status: [15]u64 = @splat(0);
            if (sys.failed(sys.call(.fstatfs, .{ @as(sys.fd_t, @intCast(fd)), &status }))) continue;
            const TMPFS_MAGIC = 0x0102_1994;
            if (status[0] == TMPFS_MAGIC) total += (status[2] -| status[3]) * status[1];
        }
        return total;
    }
};

/// More than the sandbox may have by default.
const processes_max = 8192;

/// A process' own time, and that of children that it has waited for, in clock ticks: a hundredth of a
/// second for every program (time(7)).
fn addTimes(sample: *Sample, stat: []const u8) void {
    for ([_]usize{ 14, 16 }) |field| sample.user += (files.statField(stat, field) orelse 0) * 10_000;
    for ([_]usize{ 15, 17 }) |field| sample.system += (files.statField(stat, field) orelse 0) * 10_000;
}

/// AT_PAGESZ of the auxiliary vector (getauxval(3)).
fn pageSize() u64 {
    var vector: [64][2]u64 = @splat(.{ 0, 0 });
    _ = files.read(sys.AT_FDCWD, "/proc/self/auxv", std.mem.asBytes(&vector));
    for (vector) |entry| if (entry[0] == 6) return entry[1];
    return std.heap.page_size_min;
}

const O_DIRECTORY_CLOEXEC: u32 = 0o200000 | 0o2000000;
const O_PATH: u32 = 0o10000000;
