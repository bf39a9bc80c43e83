//! Starts the workload inside the finished sandbox and is its init until it ends: PID 1 reaps,
//! forwards signals, and takes the whole pid namespace with it when it exits.

const std = @import("std");
const builtin = @import("builtin");
const sys = @import("sys");
const abi = @import("abi");
const structs = abi.structs;
const capabilities = @import("capabilities.zig");
const landlock = @import("landlock.zig");
const seccomp = @import("seccomp/program.zig");
const Launch = @import("launch.zig").Launch;
const broker = @import("network/broker.zig");
const sockets = @import("network/sockets.zig");
const shared_memory = @import("shared.zig");
const signals = @import("signals.zig");

const Plan = abi.plan_reader.Plan;

/// What execve(2) takes, made before the workload's process exists.
pub const Image = struct {
    argv: [*:null]?[*:0]const u8,
    envp: [*:null]?[*:0]const u8,
    /// The value of the workload's own PATH.
    search_path: [:0]const u8,
};

/// execvp(3)'s path where the environment has none.
const default_search_path = "/bin:/usr/bin";

/// Returns when the workload has ended; what happened is in `header`. `started` is closed when the
/// workload is on its way.
pub fn run(launch: *Launch, plan: Plan, header: *shared_memory.Header, umask: usize, started: sys.fd_t) void {
    var failure: sys.Failure = undefined;
    const image = prepare(launch, plan, &failure) catch return header.fail(.confine, 0, failure, false);
    const child = start(launch, plan, image, header, umask, &failure) catch return header.fail(.confine, 0, failure, false);
    sys.close(started);
    header.status = waitFor(child);
    if (plan.header.options & structs.PlanOption.constant_opening == 0) header.disk_full = @intFromBool(isFull("/tmp"));
    header.finished = 1;
}

/// Whatever can be done before the workload's process exists; without a capability from then on.
pub fn prepare(launch: *Launch, plan: Plan, failure: *sys.Failure) error{Syscall}!Image {
    const image = try imageOf(plan, failure);
    if (launch.ruleset) |ruleset| {
        for (0..3) |stream| ruleset.allowStream(@intCast(stream));
    }
    try capabilities.dropAll(failure);
    return image;
}

/// The workload's process.
pub fn start(launch: *Launch, plan: Plan, image: Image, header: *shared_memory.Header, umask: usize, failure: *sys.Failure) error{Syscall}!sys.pid_t {
    const child = try sys.check(.clone, .{ @as(usize, SIGCHLD), @as(usize, 0), @as(usize, 0), @as(usize, 0), @as(usize, 0) }, failure);
    if (child == 0) {
        _ = sys.call(.umask, .{umask});
        become(launch, plan, image, header);
        sys.exit(127);
    }
    return @intCast(child);
}

/// Ends in execve(2), or returns with the failure in `header`.
fn become(launch: *Launch, plan: Plan, image: Image, header: *shared_memory.Header) void {
    var failure: sys.Failure = undefined;
    confine(launch, plan, header, &failure) catch {
        if (header.stage == 0) header.fail(.confine, 0, failure, false);
        return;
    };
    const errno = execute(image);
    header.fail(.execute, 0, .{ .syscall = .execve, .errno = errno }, false);
}

fn confine(launch: *Launch, plan: Plan, header: *shared_memory.Header, failure: *sys.Failure) error{Syscall}!void {
    // A session of its own: the caller's terminal is not the workload's controlling terminal.
    _ = try sys.check(.setsid, .{}, failure);
    signals.restoreDefaults();
    _ = sys.check(.chdir, .{launch.working_folder.ptr}, failure) catch |err| {
        header.fail(.working_folder, 0, failure.*, false);
        return err;
    };
    for (plan.steps) |*step| {
        if (step.kind != @backingInt(structs.StepKind.limit)) continue;
        // struct rlimit64: soft, hard (prlimit(2)).
        const limit = [2]u64{ step.extra, step.extra };
        _ = try sys.check(.prlimit64, .{ @as(usize, 0), step.argument, &limit, @as(usize, 0) }, failure);
    }
    if (launch.ruleset) |ruleset| {
        // Its own entry of the host's /proc, by number: that of the first process stays the same.
        if (launch.tier == .landlock) try ruleset.allowOwnProcess(failure);
        try ruleset.restrictSelf(failure);
    }
    // All but the channel to whoever listens, which stands at the first free number and ends with exec.
    const is_listened_to = launch.brokered or launch.tier == .landlock;
    if (is_listened_to and launch.channel != first_free) {
        _ = try sys.check(.dup3, .{ launch.channel, first_free, O_CLOEXEC }, failure);
    }
    const rest = @as(u32, first_free) + @intFromBool(is_listened_to);
    _ = try sys.check(.close_range, .{ rest, @as(u32, 0xffff_ffff), @as(u32, 0) }, failure);
    const program = switch (launch.seccomp) {
        .network_none => comptime seccomp.program(builtin.cpu.arch, .{ .network = .none, .unix_sockets = true }),
        .network_host => if (launch.ruleset != null and launch.landlock_abi >= landlock.abi_scopes)
            comptime seccomp.program(builtin.cpu.arch, .{ .network = .host, .unix_sockets = true })
        else
            comptime seccomp.program(builtin.cpu.arch, .{ .network = .host, .unix_sockets = false }),
        .network_brokered => comptime seccomp.program(builtin.cpu.arch, .{ .network = .brokered, .unix_sockets = true }),
        .landlock_none => if (launch.landlock_abi >= landlock.abi_scopes)
            comptime seccomp.program(builtin.cpu.arch, seccomp.landlock_none)
        else
            comptime seccomp.program(builtin.cpu.arch, seccomp.older(seccomp.landlock_none)),
        .landlock_host => if (launch.landlock_abi >= landlock.abi_scopes)
            comptime seccomp.program(builtin.cpu.arch, seccomp.landlock_host)
        else
            comptime seccomp.program(builtin.cpu.arch, seccomp.older(seccomp.landlock_host)),
        .landlock_brokered => if (launch.landlock_abi >= landlock.abi_scopes)
            comptime seccomp.program(builtin.cpu.arch, seccomp.landlock_brokered)
        else
            comptime seccomp.program(builtin.cpu.arch, seccomp.older(seccomp.landlock_brokered)),
        _ => unreachable,
    };
    const filter: seccomp.SockFprog = .{ .length = @intCast(program.len), .filter = program.ptr };
    if (is_listened_to) return confineWithListener(&filter, failure);
    _ = try sys.check(.seccomp, .{ SECCOMP_SET_MODE_FILTER, @as(u32, 0), &filter }, failure);
}

/// The listener goes to the broker, or the guard; no process of the sandbox keeps it.
fn confineWithListener(filter: *const seccomp.SockFprog, failure: *sys.Failure) error{Syscall}!void {
    const NEW_LISTENER: u32 = 1 << 3;
    // Linux 5.19: once the broker has taken a call up, only a deadly signal interrupts it. Before, any
    // signal does, and the call is made again.
    const WAIT_KILLABLE_RECV: u32 = 1 << 5;
    const EINVAL = 22;
    const listener = sys.checkFd(.seccomp, .{ SECCOMP_SET_MODE_FILTER, NEW_LISTENER | WAIT_KILLABLE_RECV, filter }, failure) catch |err| blk: {
        if (failure.errno != EINVAL) return err;
        break :blk try sys.checkFd(.seccomp, .{ SECCOMP_SET_MODE_FILTER, NEW_LISTENER, filter }, failure);
    };
    try sockets.sendDescriptor(first_free, broker.Tag.listener, listener, failure);
    sys.close(listener);
    sys.close(first_free);
}

/// execvp(3) without its fall-back to a shell. Returns the errno that says most: EACCES where a
/// file was there but not executable, else that of the last try.
fn execute(image: Image) u16 {
    const word = image.argv[0].?;
    const name = std.mem.span(word);
    if (std.mem.indexOfScalar(u8, name, '/') != null) {
        return sys.errnoOf(sys.call(.execve, .{ word, image.argv, image.envp }));
    }
    var denied = false;
    var buffer: [4096]u8 = undefined;
    var folders = std.mem.splitScalar(u8, image.search_path, ':');
    while (folders.next()) |entry| {
        const folder = if (entry.len == 0) "." else entry;
        if (name.len == 0 or folder.len + name.len + 2 > buffer.len) continue;
        @memcpy(buffer[0..folder.len], folder);
        buffer[folder.len] = '/';
        @memcpy(buffer[folder.len + 1 ..][0..name.len], name);
        buffer[folder.len + 1 + name.len] = 0;
        const path: [*:0]const u8 = @ptrCast(&buffer);
        const errno = sys.errnoOf(sys.call(.execve, .{ path, image.argv, image.envp }));
        switch (errno) {
            ENOENT, ENOTDIR => {},
            EACCES => denied = true,
            else => return errno,
        }
    }
    return if (denied) EACCES else ENOENT;
}

fn imageOf(plan: Plan, failure: *sys.Failure) error{Syscall}!Image {
    var words: usize = 0;
    var variables: usize = 0;
    for (plan.steps) |*step| {
        switch (@as(structs.StepKind, @fromBackingInt(step.kind))) {
            .word => words += 1,
            .environment => variables += 1,
            else => {},
        }
    }
    const bytes = (words + variables + 2) * @sizeOf(usize);
    const PROT_READ_WRITE = 3;
    const MAP_PRIVATE_ANONYMOUS = 0x02 | 0x20;
    const memory = try sys.check(.mmap, .{ @as(usize, 0), bytes, @as(usize, PROT_READ_WRITE), @as(usize, MAP_PRIVATE_ANONYMOUS), @as(isize, -1), @as(usize, 0) }, failure);
    const argv: [*:null]?[*:0]const u8 = @ptrFromInt(memory);
    const envp: [*:null]?[*:0]const u8 = @ptrFromInt(memory + (words + 1) * @sizeOf(usize));
    var image: Image = .{ .argv = argv, .envp = envp, .search_path = default_search_path };
    words = 0;
    variables = 0;
    for (plan.steps) |*step| {
        const text = plan.text(step.source);
        switch (@as(structs.StepKind, @fromBackingInt(step.kind))) {
            .word => {
                argv[words] = text.ptr;
                words += 1;
            },
            .environment => {
                envp[variables] = text.ptr;
                variables += 1;
                if (std.mem.startsWith(u8, text, "PATH=")) image.search_path = text["PATH=".len..];
            },
            else => {},
        }
    }
    return image;
}

/// Reaps everything, forwards what the supervisor sends, until `main` has ended; its status.
fn waitFor(main: sys.pid_t) u32 {
    while (true) {
        const received = signals.next();
        if (received.number != SIGCHLD) {
            // Only from outside the pid namespace (its sender has no pid here): the workload
            // cannot make init do anything.
            if (received.sender == 0) forward(main, received.number);
            continue;
        }
        while (true) {
            var status: u32 = 0;
            const WNOHANG_ALL: u32 = 1 | 0x4000_0000;
            const pid = sys.call(.wait4, .{ @as(isize, -1), &status, WNOHANG_ALL, @as(usize, 0) });
            if (sys.failed(pid) or pid == 0) break;
            if (pid == main) return status;
        }
    }
}

fn isFull(path: [*:0]const u8) bool {
    // struct statfs: type, block size, blocks, free blocks, available blocks, inodes, free inodes
    // (statfs(2)).
    var status: [15]u64 = @splat(1);
    return !sys.failed(sys.call(.statfs, .{ path, &status })) and (status[3] == 0 or status[6] == 0);
}

/// To the workload's process group, as a terminal would.
fn forward(main: sys.pid_t, number: u32) void {
    if (sys.failed(sys.call(.kill, .{ -main, number }))) _ = sys.call(.kill, .{ main, number });
}

/// Behind the standard streams.
const first_free: sys.fd_t = 3;
const O_CLOEXEC: u32 = 0o2000000;
const SECCOMP_SET_MODE_FILTER: u32 = 1;
const SIGCHLD = 17;
const ENOENT = 2;
const EACCES = 13;
const ENOTDIR = 20;
