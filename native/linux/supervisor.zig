//! The process that the caller started: it owns the sandbox's PID 1 and the planner, and is all
//! that stays of mxc while the workload runs. It takes the plan, forwards signals, keeps the time
//! limit, and turns what happened into an exit code. It must not know how a step is carried out.

const std = @import("std");
const sys = @import("sys");
const abi = @import("abi");
const structs = abi.structs;
const handover = @import("handover");
const opening = @import("opening");
const guards = @import("guard/guard.zig");
const scratch = @import("guard/scratch.zig");
const tree = @import("guard/tree.zig");
const landlock = @import("landlock.zig");
const launch = @import("launch.zig");
const limits_ = @import("limits/limits.zig");
const mounts = @import("mounts.zig");
const report = @import("report.zig");
const shared_memory = @import("shared.zig");
const signals = @import("signals.zig");
const terminal = @import("terminal.zig");
const workload = @import("workload.zig");
const addresses = @import("network/address.zig");
const broker = @import("network/broker.zig");
const sockets = @import("network/sockets.zig");

const Plan = abi.plan_reader.Plan;
const Shared = shared_memory.Shared;

/// Exit codes of the contract (§5.1).
const exit_config: u8 = 1;
const exit_backend: u8 = 255;

/// Where the process' own argv and environment texts are, so that PID 1 can erase its copy.
pub const Arguments = struct { start: [*]u8, length: usize };

const Supervisor = struct {
    shared: Shared,
    identity: launch.Identity,
    arguments: Arguments,
    pid: sys.pid_t,
    planner: ?sys.pid_t,
    init: ?sys.pid_t = null,
    /// Namespaces that `init` was made with.
    namespaces: u32 = 0,
    /// errno of the clone that made no `init`.
    clone_errno: u16 = 0,
    /// Its write end is open in this process alone: it closes when we die.
    lifeline: [2]sys.fd_t = .{ -1, -1 },
    /// Its write end is open in PID 1 and in the workload until its exec: it closes when the
    /// workload starts, or will not.
    started: [2]sys.fd_t = .{ -1, -1 },
    /// Between PID 1, at the second end, and the broker.
    channel: [2]sys.fd_t = .{ -1, -1 },
    broker: ?sys.pid_t = null,
    plan: ?Plan = null,
    /// PID 1 is made when the plan has come.
    waits: bool = false,
    /// The landlock tier: `init` is the guard, and nothing but us and it ends the workload's processes.
    guarded: bool = false,
    plan_bytes: usize = 0,
    limits: limits_.Limits = .{},
    signal_fd: sys.fd_t = -1,
};

pub fn run(planner: ?sys.pid_t, arguments: Arguments) noreturn {
    const uid: u32 = @intCast(sys.call(.getuid, .{}));
    const gid: u32 = @intCast(sys.call(.getgid, .{}));
    if (uid != sys.call(.geteuid, .{}) or gid != sys.call(.getegid, .{})) {
        report.plain("mxc must not be installed set-user-ID or set-group-ID");
        sys.exit(exit_config);
    }
    refuseFolders();
    signals.blockAll();
    // A caller that ignores SIGCHLD has the kernel reap its children, and their status is lost.
    signals.restoreDefault(SIGCHLD);
    const shared = Shared.create() orelse fatal("out of memory");
    var supervisor: Supervisor = .{
        .shared = shared,
        .identity = .{ .uid = uid, .gid = gid },
        .arguments = arguments,
        .pid = @intCast(sys.call(.getpid, .{})),
        .planner = planner,
    };
    var failure: sys.Failure = undefined;
    // Root's other groups would stay with the workload, mapped or not.
    if (uid == 0) _ = sys.check(.setgroups, .{ @as(usize, 0), @as(usize, 0) }, &failure) catch {};
    _ = sys.check(.pipe2, .{ &supervisor.lifeline, @as(usize, O_CLOEXEC) }, &failure) catch fatal("no pipe");
    openChannels(&supervisor);
    supervisor.waits = isForLandlock(arguments);
    if (!supervisor.waits) start(&supervisor, opening.all_namespaces, true);

    var mask: u64 = 0;
    for (1..32) |number| {
        if (isForwarded(@intCast(number)) and !signals.isIgnored(@intCast(number))) mask |= @as(u64, 1) << @intCast(number - 1);
    }
    mask |= @as(u64, 1) << (SIGCHLD - 1);
    supervisor.signal_fd = sys.checkFd(.signalfd4, .{ @as(isize, -1), &mask, @as(usize, 8), @as(u32, O_CLOEXEC | O_NONBLOCK) }, &failure) catch fatal("no signalfd");

    const name: [*:0]const u8 = "mxc";
    _ = sys.call(.prctl, .{ PR_SET_NAME, name, @as(usize, 0), @as(usize, 0), @as(usize, 0) });
    const saved = terminal.save();
    const code = supervise(&supervisor);
    supervisor.limits.end();
    terminal.restore(saved);
    sys.exit(code);
}

/// Whether the caller's words ask for the landlock tier, as far as one can tell before they are
/// parsed: only what is done early depends on it.
fn isForLandlock(arguments: Arguments) bool {
    var words = std.mem.splitScalar(u8, arguments.start[0..arguments.length], 0);
    while (words.next()) |word| {
        if (std.mem.eql(u8, word, "--tier=landlock")) return true;
        if (std.mem.eql(u8, word, "--")) return false;
    }
    return false;
}

/// What one launch uses up.
fn openChannels(supervisor: *Supervisor) void {
    var failure: sys.Failure = undefined;
    _ = sys.check(.pipe2, .{ &supervisor.started, @as(usize, O_CLOEXEC) }, &failure) catch fatal("no pipe");
    const AF_UNIX: u32 = 1;
    const SOCK_SEQPACKET_CLOEXEC: u32 = 5 | O_CLOEXEC;
    _ = sys.check(.socketpair, .{ AF_UNIX, SOCK_SEQPACKET_CLOEXEC, @as(u32, 0), &supervisor.channel }, &failure) catch fatal("no socket pair");
}

/// A standard stream that is a folder would be a way to everything above and below it.
fn refuseFolders() void {
    for (0..3) |stream| {
        var failure: sys.Failure = undefined;
        const object = mounts.stat(@intCast(stream), &failure) catch continue;
        if (object.kind() != mounts.S_IFDIR) continue;
        report.plain("standard input, output and error must not be folders: the workload could walk out through them");
        sys.exit(exit_config);
    }
}

/// PID 1, in new namespaces: it does the opening, if wanted, and waits for the plan.
fn start(supervisor: *Supervisor, namespaces: u32, with_opening: bool) void {
    const result = sys.call(.clone, .{ @as(usize, namespaces) | SIGCHLD, @as(usize, 0), @as(usize, 0), @as(usize, 0), @as(usize, 0) });
    supervisor.namespaces = namespaces;
    if (sys.failed(result)) {
        supervisor.clone_errno = sys.errnoOf(result);
        return;
    }
    if (result == 0) beInit(supervisor, with_opening);
    supervisor.init = @intCast(result);
}

fn beInit(supervisor: *Supervisor, with_opening: bool) noreturn {
    const header = supervisor.shared.header();
    // Our own copy of the write end would hide that the supervisor is gone.
    sys.close(supervisor.lifeline[1]);
    sys.close(supervisor.started[0]);
    sys.close(supervisor.channel[0]);
    // The guard outlives us, to end what is left.
    if (!supervisor.guarded) dieWithParent(supervisor);
    supervisor.limits.relays.takePlace();
    // Descriptors that only the supervisor needs. The lifeline's read end stays until exec.
    sys.close(handover.helper_plan_fd);
    if (supervisor.signal_fd >= 0) sys.close(supervisor.signal_fd);
    // The policy and the caller's words are not for the workload to read in /proc/1.
    @memset(supervisor.arguments.start[0..supervisor.arguments.length], 0);
    const name: [*:0]const u8 = "mxc-init";
    _ = sys.call(.prctl, .{ PR_SET_NAME, name, @as(usize, 0), @as(usize, 0), @as(usize, 0) });
    const umask = sys.call(.umask, .{@as(usize, 0)});

    var state: launch.Launch = .{ .identity = supervisor.identity, .landlock_abi = landlock.abiVersion(), .channel = supervisor.channel[1] };
    if (with_opening) {
        for (opening.steps, 0..) |step, index| {
            state.openingStep(step) catch |err| {
                header.fail(.opening, index, state.failure, err == error.Changed);
                sys.exit(1);
            };
        }
    }
    waitForPlan(header);
    const length = @atomicLoad(u32, &header.plan_length, .acquire);
    const plan = abi.plan_reader.read(supervisor.shared.planBuffer()[0..length]) catch sys.exit(1);
    for (plan.steps, 0..) |*step, index| {
        state.planStep(plan, step) catch |err| {
            header.fail(.plan, index, state.failure, err == error.Changed);
            if (state.scratch) |folder| scratch.remove(folder.path, folder.identity);
            sys.exit(1);
        };
        // For the supervisor, if it must do the guard's work.
        if (state.scratch) |folder| header.scratch = folder.identity;
    }
    // From here nothing may look into this process, and it still dies with its parent.
    _ = sys.call(.prctl, .{ PR_SET_DUMPABLE, @as(usize, 0), @as(usize, 0), @as(usize, 0), @as(usize, 0) });
    if (supervisor.guarded) {
        var guard: guards.Guard = .{ .lifeline = supervisor.lifeline[0], .supervisor = supervisor.pid };
        guard.run(&state, plan, header, umask, supervisor.started[1]);
        sys.exit(0);
    }
    dieWithParent(supervisor);
    workload.run(&state, plan, header, umask, supervisor.started[1]);
    sys.exit(0);
}

/// SIGKILL when the supervisor dies. It may be dead already: then no signal comes, and the lifeline
/// is closed, since a dying process closes its files before it tells its children.
fn dieWithParent(supervisor: *Supervisor) void {
    _ = sys.call(.prctl, .{ PR_SET_PDEATHSIG, @as(usize, SIGKILL), @as(usize, 0), @as(usize, 0), @as(usize, 0) });
    var poll = [_]PollFd{.{ .fd = supervisor.lifeline[0], .events = 0 }};
    const immediately = [2]u64{ 0, 0 };
    const ready = sys.call(.ppoll, .{ &poll, @as(usize, 1), &immediately, @as(usize, 0), @as(usize, 8) });
    if (!sys.failed(ready) and poll[0].revents & POLLHUP != 0) sys.exit(1);
}

fn waitForPlan(header: *shared_memory.Header) void {
    const FUTEX_WAIT = 0;
    while (@atomicLoad(u32, &header.plan_length, .acquire) == 0) {
        _ = sys.call(.futex, .{ &header.plan_length, @as(usize, FUTEX_WAIT), @as(u32, 0), @as(usize, 0), @as(usize, 0), @as(usize, 0) });
    }
}

fn supervise(supervisor: *Supervisor) u8 {
    var deadline: ?u64 = null;
    while (true) {
        var polls = [_]PollFd{
            .{ .fd = supervisor.signal_fd, .events = POLLIN },
            .{ .fd = if (supervisor.plan == null) handover.helper_plan_fd else -1, .events = POLLIN },
            .{ .fd = if (supervisor.plan != null) supervisor.started[0] else -1, .events = POLLIN },
            .{ .fd = supervisor.limits.events, .events = POLLIN },
        };
        const timeout = remaining(deadline);
        if (timeout) |left| {
            if (left[0] == 0 and left[1] == 0) return timedOut(supervisor);
        }
        const wait: ?*const [2]u64 = if (timeout) |*left| left else null;
        _ = sys.call(.ppoll, .{ &polls, @as(usize, polls.len), wait, @as(usize, 0), @as(usize, 8) });

        if (polls[1].revents != 0) {
            if (receivePlan(supervisor)) |code| return code;
            deadline = null;
            if (supervisor.plan) |plan| {
                if (plan.header.timeout_ms != 0) deadline = now() + plan.header.timeout_ms * std.time.ns_per_ms;
            }
        }
        if (polls[2].revents != 0) {
            sys.close(supervisor.started[0]);
            supervisor.started[0] = -1;
            if (supervisor.init) |init| supervisor.limits.started(init);
            endPlanner(supervisor);
        }
        if (polls[3].revents != 0 and supervisor.limits.turn()) return limitReached(supervisor);
        if (polls[0].revents != 0) {
            if (handleSignals(supervisor)) |code| return code;
        }
    }
}

/// Reads what there is of the plan. An exit code when there will be none.
fn receivePlan(supervisor: *Supervisor) ?u8 {
    const buffer = supervisor.shared.planBuffer();
    const result = sys.call(.read, .{ handover.helper_plan_fd, buffer.ptr + supervisor.plan_bytes, buffer.len - supervisor.plan_bytes });
    switch (sys.errnoOf(result)) {
        0 => {},
        EINTR, EAGAIN => return null,
        else => return lostPlanner(supervisor),
    }
    if (result == 0) return plannerEnded(supervisor);
    supervisor.plan_bytes += result;
    if (supervisor.plan_bytes < @sizeOf(structs.PlanHeader)) return null;
    const announced = @as(*const structs.PlanHeader, @ptrCast(buffer.ptr)).total_size;
    if (supervisor.plan_bytes < announced and announced <= buffer.len) return null;

    const plan = abi.plan_reader.read(buffer[0..supervisor.plan_bytes]) catch |err| {
        report.badPlan(err);
        killAll(supervisor);
        return exit_backend;
    };
    if (!hasAlternative(plan)) sys.close(handover.helper_plan_fd);
    if (!refuseForeignStreams(plan)) {
        killAll(supervisor);
        return exit_config;
    }
    if (!begin(supervisor, plan)) return exit_backend;
    sys.close(supervisor.started[1]);
    supervisor.started[1] = -1;
    // The guard brings its own.
    if (supervisor.init != null and !supervisor.guarded and broker.stepOf(plan) != null) startBroker(supervisor, plan);
    for (supervisor.channel) |end| sys.close(end);
    if (supervisor.init == null) {
        const header = supervisor.shared.header();
        if (header.stage == 0) header.fail(.namespaces, 0, .{ .syscall = .clone, .errno = supervisor.clone_errno }, false);
        if (offerAlternative(supervisor, plan)) return null;
        killAll(supervisor);
        return report.launchFailure(supervisor.shared.header(), plan);
    }
    supervisor.plan = plan;
    return null;
}

/// The network's side of the run, in a process of its own: what it reads is hostile.
fn startBroker(supervisor: *Supervisor, plan: Plan) void {
    const self = sys.call(.getpid, .{});
    const pid = sys.call(.clone, .{ @as(usize, SIGCHLD), @as(usize, 0), @as(usize, 0), @as(usize, 0), @as(usize, 0) });
    if (sys.failed(pid)) return;
    supervisor.broker = @intCast(pid);
    if (pid != 0) return;
    _ = sys.call(.prctl, .{ PR_SET_PDEATHSIG, @as(usize, SIGKILL), @as(usize, 0), @as(usize, 0), @as(usize, 0) });
    if (sys.call(.getppid, .{}) != self) sys.exit(1);
    for ([_]sys.fd_t{ supervisor.lifeline[0], supervisor.lifeline[1], supervisor.started[0], supervisor.signal_fd, supervisor.channel[1] }) |fd| sys.close(fd);
    if (hasAlternative(plan)) sys.close(handover.helper_plan_fd);
    const name: [*:0]const u8 = "mxc-broker";
    _ = sys.call(.prctl, .{ PR_SET_NAME, name, @as(usize, 0), @as(usize, 0), @as(usize, 0) });
    broker.run(plan, supervisor.init.?, supervisor.channel[0]);
}

/// The broker has the last word, the summary; it ends with PID 1.
fn endBroker(supervisor: *Supervisor) void {
    const pid = supervisor.broker orelse return;
    supervisor.broker = null;
    waitUntilEnded(pid, 2);
    _ = reapAfterKill(pid);
}

fn waitUntilEnded(pid: sys.pid_t, seconds: u64) void {
    const opened = sys.call(.pidfd_open, .{ pid, @as(u32, 0) });
    if (sys.failed(opened)) return;
    defer sys.close(@intCast(opened));
    var poll = [_]PollFd{.{ .fd = @intCast(opened), .events = POLLIN }};
    const patience = [2]u64{ seconds, 0 };
    _ = sys.call(.ppoll, .{ &poll, @as(usize, 1), &patience, @as(usize, 0), @as(usize, 8) });
}

/// A socket of another network is a way out: a standard stream that is an Internet socket could be
/// connected elsewhere, or send to any address. Only where the host's network is the policy does that
/// add nothing.
fn refuseForeignStreams(plan: Plan) bool {
    for (plan.steps) |*step| {
        if (step.kind != @backingInt(structs.StepKind.seccomp)) continue;
        if (step.argument == @backingInt(structs.SeccompProfile.network_host)) return true;
    }
    for (0..3) |stream| {
        var errno: u16 = 0;
        const domain = sockets.intOption(@intCast(stream), sockets.SOL_SOCKET, sockets.SO_DOMAIN, &errno);
        if (errno != 0 or domain == addresses.AF_UNIX) continue;
        report.plain("standard input, output and error must not be network sockets, unless the host's network is granted: the workload could connect them elsewhere\n  Pass the data through a pipe.");
        return false;
    }
    return true;
}

/// Lets the waiting PID 1 go on, or makes one that does every step itself. False: the limits cannot
/// be kept, which has been told.
fn begin(supervisor: *Supervisor, plan: Plan) bool {
    const header = supervisor.shared.header();
    var failure: sys.Failure = undefined;
    supervisor.limits.read(plan, &failure) catch return refuseLimits(supervisor, plan, failure);
    if (isGuarded(plan)) {
        startGuard(supervisor);
    } else if (!startsWithOpening(plan) or (supervisor.waits and supervisor.init == null)) {
        if (supervisor.init) |init| _ = reapAfterKill(init);
        supervisor.init = null;
        header.* = .{};
        supervisor.clone_errno = 0;
        start(supervisor, namespacesOf(plan), startsWithOpening(plan));
    }
    const init = supervisor.init orelse return true;
    supervisor.limits.enclose(init, &failure) catch return refuseLimits(supervisor, plan, failure);
    @atomicStore(u32, &header.plan_length, @intCast(supervisor.plan_bytes), .release);
    const FUTEX_WAKE = 1;
    _ = sys.call(.futex, .{ &header.plan_length, @as(usize, FUTEX_WAKE), @as(u32, 1), @as(usize, 0), @as(usize, 0), @as(usize, 0) });
    return true;
}

fn refuseLimits(supervisor: *Supervisor, plan: Plan, failure: sys.Failure) bool {
    killAll(supervisor);
    report.limitsFailed(plan, failure);
    return false;
}

/// No namespaces: the PID 1 that waits in some is not needed.
fn startGuard(supervisor: *Supervisor) void {
    if (supervisor.init) |init| _ = reapAfterKill(init);
    supervisor.init = null;
    supervisor.shared.header().* = .{};
    supervisor.guarded = true;
    supervisor.clone_errno = 0;
    var failure: sys.Failure = undefined;
    tree.becomeSubreaper(&failure) catch {
        supervisor.clone_errno = failure.errno;
        return;
    };
    start(supervisor, 0, false);
}

fn isGuarded(plan: Plan) bool {
    for (plan.steps) |*step| {
        if (step.kind == @backingInt(structs.StepKind.landlock_tier)) return true;
    }
    return false;
}

/// The guard ends the workload's processes and goes; where it was killed itself, that is left to us.
fn endGuard(supervisor: *Supervisor) void {
    if (supervisor.init) |guard| {
        sys.close(supervisor.lifeline[1]);
        supervisor.lifeline[1] = -1;
        waitUntilEnded(guard, 5);
        supervisor.limits.usage = reapAfterKill(guard);
        supervisor.init = null;
    }
    if (supervisor.planner) |planner| _ = reapAfterKill(planner);
    supervisor.planner = null;
    tree.killAll(false);
    const plan = abi.plan_reader.read(supervisor.shared.planBuffer()[0..supervisor.plan_bytes]) catch return;
    for (plan.steps) |*step| {
        if (step.kind == @backingInt(structs.StepKind.scratch)) scratch.remove(plan.text(step.target), supervisor.shared.header().scratch);
    }
}

fn namespacesOf(plan: Plan) u32 {
    for (plan.steps) |*step| {
        if (step.kind == @backingInt(structs.StepKind.namespaces)) return step.flags;
    }
    return opening.all_namespaces;
}

fn hasAlternative(plan: Plan) bool {
    return plan.header.options & structs.PlanOption.has_alternative != 0;
}

/// Tells the planner that namespaces cannot be had here, and why; it may have another plan. False
/// where that is not what failed, or nobody is there to ask.
fn offerAlternative(supervisor: *Supervisor, plan: Plan) bool {
    const header = supervisor.shared.header();
    const stage: shared_memory.Stage = @fromBackingInt(header.stage);
    const of_namespaces = header.changed == 0 and switch (stage) {
        .namespaces, .opening => true,
        .plan => header.step < plan.steps.len and isOfNamespaces(@fromBackingInt(plan.steps[header.step].kind)),
        else => false,
    };
    if (!of_namespaces or !hasAlternative(plan) or supervisor.planner == null) return false;
    endBroker(supervisor);
    supervisor.limits.reset();
    for ([_]*sys.fd_t{ &supervisor.started[0], &supervisor.started[1] }) |end| {
        if (end.* >= 0) sys.close(end.*);
        end.* = -1;
    }
    openChannels(supervisor);
    supervisor.plan = null;
    supervisor.plan_bytes = 0;
    const answer: structs.Setback = .{
        .stage = header.stage,
        .step = header.step,
        .syscall = header.syscall,
        .errno = header.errno,
        .landlock_abi = landlock.abiVersion(),
    };
    sys.writeAll(handover.helper_plan_fd, std.mem.asBytes(&answer));
    return true;
}

/// Steps that only fail where namespaces, or the private file systems in them, are not for the caller.
fn isOfNamespaces(kind: structs.StepKind) bool {
    return switch (kind) {
        .namespaces, .loopback, .root, .proc, .devpts, .mqueue, .tmpfs, .stand_ins => true,
        else => false,
    };
}

fn startsWithOpening(plan: Plan) bool {
    return plan.header.options & structs.PlanOption.constant_opening != 0;
}

/// The channel closed without a whole plan: help was printed, the config refused, a dry run done.
/// The planner's exit code is ours.
fn plannerEnded(supervisor: *Supervisor) u8 {
    const planner = supervisor.planner orelse return lostPlanner(supervisor);
    var status: u32 = 0;
    _ = sys.call(.wait4, .{ planner, &status, @as(u32, 0), @as(usize, 0) });
    supervisor.planner = null;
    killAll(supervisor);
    if (status & 0x7f == 0) return @truncate(status >> 8);
    report.plannerDied(@truncate(status & 0x7f));
    return exit_backend;
}

fn lostPlanner(supervisor: *Supervisor) u8 {
    report.plain("the plan ended early");
    killAll(supervisor);
    return exit_backend;
}

/// Takes what signalfd has. An exit code when the sandbox has ended.
fn handleSignals(supervisor: *Supervisor) ?u8 {
    // struct signalfd_siginfo (signalfd(2)): number first, 128 bytes in all.
    var info: [32]u32 = @splat(0);
    var ended: ?u32 = null;
    while (true) {
        const result = sys.call(.read, .{ supervisor.signal_fd, &info, @as(usize, 128) });
        if (sys.failed(result) or result != 128) break;
        if (info[0] != SIGCHLD) {
            if (pass(supervisor, info[0])) |code| return code;
        }
    }
    while (true) {
        var status: u32 = 0;
        const WNOHANG: u32 = 1;
        var usage: limits_.Usage = @splat(0);
        const pid = sys.call(.wait4, .{ @as(isize, -1), &status, WNOHANG, &usage });
        if (sys.failed(pid) or pid == 0) break;
        if (supervisor.init != null and pid == supervisor.init.?) {
            ended = status;
            supervisor.limits.usage = usage;
        }
        if (supervisor.limits.reaped(@intCast(pid)) and ended == null) return limitReached(supervisor);
        if (supervisor.broker != null and pid == supervisor.broker.? and ended == null) {
            supervisor.broker = null;
            // PID 1 may have ended a moment before, which ends the broker too.
            if (supervisor.init != null and isRunning(supervisor.init.?)) {
                killAll(supervisor);
                report.plain("the network broker ended; the run was stopped");
                return exit_backend;
            }
        }
        // Before the plan the channel's end tells about the planner, with its exit code.
        if (supervisor.planner != null and pid == supervisor.planner.?) {
            supervisor.planner = null;
            if (supervisor.plan == null) {
                killAll(supervisor);
                if (status & 0x7f == 0) return @truncate(status >> 8);
                report.plannerDied(@truncate(status & 0x7f));
                return exit_backend;
            }
        }
    }
    if (ended) |status| {
        supervisor.init = null;
        if (supervisor.plan) |plan| {
            if (offerAlternative(supervisor, plan)) return null;
            endPlanner(supervisor);
            return conclude(supervisor, plan, status);
        }
        // The opening failed, or PID 1 was killed; the plan, when it comes, tells which. Only a
        // plan that begins otherwise can still succeed.
        supervisor.clone_errno = 0;
    }
    return null;
}

/// A signal that reached us. Before there is a workload, it ends the launch as it would have
/// ended us.
fn pass(supervisor: *Supervisor, number: u32) ?u8 {
    if (supervisor.plan != null) {
        if (supervisor.init) |init| _ = sys.call(.kill, .{ init, number });
        if (number == SIGTSTP) _ = sys.call(.kill, .{ @as(i32, @intCast(sys.call(.getpid, .{}))), @as(u32, SIGSTOP) });
        return null;
    }
    if (number == SIGWINCH or number == SIGCONT or number == SIGTSTP) return null;
    killAll(supervisor);
    return @intCast(128 + number);
}

fn isRunning(pid: sys.pid_t) bool {
    // siginfo_t stays zero where the child has not ended (waitid(2)); it is not reaped.
    var info: [32]u32 = @splat(0);
    const P_PID: usize = 1;
    const WEXITED_WNOHANG_WNOWAIT: u32 = 4 | 1 | 0x0100_0000;
    const result = sys.call(.waitid, .{ P_PID, pid, &info, WEXITED_WNOHANG_WNOWAIT, @as(usize, 0) });
    return !sys.failed(result) and info[0] == 0;
}

fn conclude(supervisor: *Supervisor, plan: Plan, init_status: u32) u8 {
    if (supervisor.guarded) endGuard(supervisor);
    endBroker(supervisor);
    const header = supervisor.shared.header();
    if (header.stage != 0) return report.launchFailure(header, plan);
    if (supervisor.limits.conclude()) return tellReached(supervisor, plan);
    if (header.finished == 0) {
        report.initDied(init_status, plan);
        return exit_backend;
    }
    const status = header.status;
    const signal: u8 = @truncate(status & 0x7f);
    const code: u8 = if (signal == 0) @truncate(status >> 8) else 128 + signal;
    supervisor.limits.tellMet(plan, status, header.disk_full != 0);
    report.trailer(plan, code);
    return code;
}

fn timedOut(supervisor: *Supervisor) u8 {
    const plan = supervisor.plan.?;
    if (supervisor.limits.timedOut()) return limitReached(supervisor);
    supervisor.limits.lastLook();
    killAll(supervisor);
    _ = supervisor.limits.conclude();
    report.timedOut(plan);
    return exit_backend;
}

/// A limit of the whole sandbox, which ends it as the time limit does.
fn limitReached(supervisor: *Supervisor) u8 {
    supervisor.limits.lastLook();
    killAll(supervisor);
    _ = supervisor.limits.conclude();
    return tellReached(supervisor, supervisor.plan.?);
}

fn tellReached(supervisor: *Supervisor, plan: Plan) u8 {
    supervisor.limits.tellReached();
    report.trailer(plan, exit_backend);
    return exit_backend;
}

fn killAll(supervisor: *Supervisor) void {
    if (supervisor.guarded) endGuard(supervisor);
    if (supervisor.init) |init| supervisor.limits.usage = reapAfterKill(init);
    supervisor.init = null;
    endBroker(supervisor);
    if (supervisor.planner) |planner| _ = reapAfterKill(planner);
    supervisor.planner = null;
}

/// The planner has said all it had to say and waits for this. Not before the workload runs: its
/// death keeps a processor in the kernel for a millisecond, and leaving the old root waits for every
/// processor (RCU). Nothing of it runs any more once this returns.
fn endPlanner(supervisor: *Supervisor) void {
    if (supervisor.planner) |planner| _ = sys.call(.kill, .{ planner, @as(u32, SIGKILL) });
}

/// PID 1's death is the death of all in its pid namespace, and wait4 returns after theirs.
fn reapAfterKill(pid: sys.pid_t) limits_.Usage {
    var usage: limits_.Usage = @splat(0);
    _ = sys.call(.kill, .{ pid, @as(u32, SIGKILL) });
    _ = sys.call(.wait4, .{ pid, @as(usize, 0), @as(u32, 0), &usage });
    return usage;
}

fn fatal(message: []const u8) noreturn {
    report.plain(message);
    sys.exit(exit_backend);
}

/// Nanoseconds of CLOCK_MONOTONIC.
fn now() u64 {
    var time: [2]u64 = .{ 0, 0 };
    const CLOCK_MONOTONIC = 1;
    _ = sys.call(.clock_gettime, .{ @as(usize, CLOCK_MONOTONIC), &time });
    return time[0] * std.time.ns_per_s + time[1];
}

fn remaining(deadline: ?u64) ?[2]u64 {
    const end = deadline orelse return null;
    const left = end -| now();
    return .{ left / std.time.ns_per_s, left % std.time.ns_per_s };
}

/// What a terminal or a caller sends; not what the kernel raises for a fault of ours.
fn isForwarded(number: u32) bool {
    return switch (number) {
        SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGCONT, SIGTSTP, SIGWINCH => true,
        else => false,
    };
}

const PollFd = extern struct { fd: i32, events: u16, revents: u16 = 0 };
const POLLIN = 1;
const POLLHUP = 16;
const O_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const EINTR = 4;
const EAGAIN = 11;
const PR_SET_PDEATHSIG: usize = 1;
const PR_SET_DUMPABLE: usize = 4;
const PR_SET_NAME: usize = 15;
const SIGHUP = 1;
const SIGINT = 2;
const SIGQUIT = 3;
const SIGKILL = 9;
const SIGUSR1 = 10;
const SIGUSR2 = 12;
const SIGALRM = 14;
const SIGTERM = 15;
const SIGCHLD = 17;
const SIGCONT = 18;
const SIGSTOP = 19;
const SIGTSTP = 20;
const SIGWINCH = 28;
