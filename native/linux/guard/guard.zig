//! The workload's parent in the landlock tier: what PID 1 is where there is a pid namespace. It starts
//! the workload, reaps, forwards signals, does for it what Landlock cannot judge, and ends every
//! process of it when the command or the supervisor has ended.

const std = @import("std");
const sys = @import("sys");
const abi = @import("abi");
const structs = abi.structs;
const landlock = @import("../landlock.zig");
const brokers = @import("../network/broker.zig");
const loops = @import("../network/loop.zig");
const notify = @import("../network/notify.zig");
const sockets = @import("../network/sockets.zig");
const shared_memory = @import("../shared.zig");
const workload = @import("../workload.zig");
const Launch = @import("../launch.zig").Launch;
const metadata_ = @import("metadata.zig");
const scratch = @import("scratch.zig");
const signalling_ = @import("signalling.zig");
const tree = @import("tree.zig");

const Plan = abi.plan_reader.Plan;

const SIGCHLD: u32 = 17;
const POLLIN: u16 = 1;
const POLLHUP: u16 = 16;
const PollFd = extern struct { fd: i32, events: u16, revents: u16 = 0 };

const Watched = struct { guard: *Guard, watcher: loops.Watcher };

pub const Guard = struct {
    /// Closes when the supervisor dies.
    lifeline: sys.fd_t,
    supervisor: sys.pid_t,
    listener: notify.Listener = .{ .fd = -1 },
    signals: sys.fd_t = -1,
    /// Landlock keeps our signals to the workload's processes.
    scoped: bool = false,
    pid: u32 = 0,
    /// The command's process.
    main: sys.pid_t = 0,
    header: *shared_memory.Header = undefined,
    metadata: metadata_.Metadata = undefined,
    signalling: signalling_.Signalling = undefined,
    /// Where the network has rules.
    broker: ?*brokers.Broker = null,

    /// Returns when the workload has ended, all of it; what happened is in `header`.
    pub fn run(guard: *Guard, launch: *Launch, plan: Plan, header: *shared_memory.Header, umask: usize, started: sys.fd_t) void {
        var failure: sys.Failure = undefined;
        guard.watch(launch, plan, header, umask, started, &failure) catch {
            if (header.stage == 0) header.fail(.confine, 0, failure, false);
        };
        tree.killAll(guard.scoped);
        if (launch.scratch) |folder| scratch.remove(folder.path, folder.identity);
    }

    fn watch(guard: *Guard, launch: *Launch, plan: Plan, header: *shared_memory.Header, umask: usize, started: sys.fd_t, failure: *sys.Failure) error{Syscall}!void {
        guard.pid = @intCast(sys.call(.getpid, .{}));
        try tree.becomeSubreaper(failure);
        // A session of our own: what is sent to the caller's group does not reach us.
        _ = try sys.check(.setsid, .{}, failure);
        var pair: [2]sys.fd_t = undefined;
        const AF_UNIX: u32 = 1;
        const SOCK_SEQPACKET_CLOEXEC: u32 = 5 | 0o2000000;
        _ = try sys.check(.socketpair, .{ AF_UNIX, SOCK_SEQPACKET_CLOEXEC, @as(u32, 0), &pair }, failure);
        launch.channel = pair[1];
        const all: u64 = ~@as(u64, 0);
        const O_CLOEXEC_NONBLOCK: u32 = 0o2000000 | 0o4000;
        guard.signals = try sys.checkFd(.signalfd4, .{ @as(isize, -1), &all, @as(usize, 8), O_CLOEXEC_NONBLOCK }, failure);
        const prepared = try workload.prepare(launch, plan, failure);
        if (launch.landlock_abi >= landlock.abi_scopes) {
            try landlock.scopeSignals(failure);
            // What was promised is tried: the supervisor is outside.
            guard.scoped = sys.errnoOf(sys.call(.kill, .{ guard.supervisor, @as(u32, 0) })) == EPERM;
            if (!guard.scoped) {
                failure.* = .{ .syscall = .landlock_restrict_self, .errno = EPERM };
                return error.Syscall;
            }
        }
        var broker: brokers.Broker = undefined;
        if (launch.brokered) brokers.setUp(&broker, plan) catch |err| {
            failure.* = .{ .syscall = .pidfd_getfd, .errno = EPERM };
            // That one is told as the launch's failure.
            if (err != error.NoDescriptors) {
                brokers.tell(err);
                failure.syscall = .socket;
            }
            return error.Syscall;
        };
        // The guard is an ancestor without capabilities: Yama's first level lets it take descriptors and
        // read memory, the second does not (Documentation/admin-guide/LSM/Yama.rst).
        if (launch.brokered and ptraceScope() >= 2) {
            failure.* = .{ .syscall = .pidfd_getfd, .errno = EPERM };
            return error.Syscall;
        }
        guard.main = try workload.start(launch, plan, prepared, header, umask, failure);
        sys.close(pair[1]);
        sys.close(started);
        guard.header = header;
        guard.metadata = .{ .listener = &guard.listener, .writable = launch.writable };
        guard.signalling = .{ .listener = &guard.listener, .guard = guard.pid };
        if (launch.brokered) return guard.broke(&broker, pair[0], failure);
        guard.poll(pair[0]);
    }

    /// Until the workload or the supervisor has ended.
    fn poll(guard: *Guard, from_workload: sys.fd_t) void {
        // Until the workload's process has sent what is to be listened to.
        var channel = from_workload;
        while (true) {
            var polls = [_]PollFd{
                .{ .fd = guard.lifeline, .events = 0 },
                .{ .fd = guard.signals, .events = POLLIN },
                .{ .fd = guard.listener.fd, .events = POLLIN },
                .{ .fd = channel, .events = POLLIN },
            };
            _ = sys.call(.ppoll, .{ &polls, @as(usize, polls.len), @as(usize, 0), @as(usize, 0), @as(usize, 8) });
            if (polls[0].revents & POLLHUP != 0) return;
            if (polls[1].revents != 0 and guard.takeSignals()) return;
            if (polls[3].revents != 0) {
                if (sockets.receiveDescriptor(channel)) |received| {
                    if (received.fd) |fd| guard.listener = .init(fd);
                }
                sys.close(channel);
                channel = -1;
            }
            if (polls[2].revents & POLLIN != 0) {
                var notification: notify.Notification = undefined;
                if (!guard.listener.receive(&notification)) continue;
                if (perform(guard, &notification)) |errno| guard.listener.answer(notification.id, errno);
            } else if (polls[2].revents != 0) {
                // Nobody is left under the filter.
                sys.close(guard.listener.fd);
                guard.listener.fd = -1;
            }
        }
    }

    /// The same, with the broker's loop: rules for the network.
    fn broke(guard: *Guard, broker: *brokers.Broker, channel: sys.fd_t, failure: *sys.Failure) error{Syscall}!void {
        broker.maker.is_host = true;
        broker.connections.shared = .{
            .context = guard,
            .perform = perform,
            .resolver = if (broker.flags & structs.NetworkFlag.resolver != 0) &broker.resolver else null,
        };
        guard.broker = broker;
        brokers.startInGuard(broker) catch |err| {
            brokers.tell(err);
            failure.* = .{ .syscall = .seccomp, .errno = EPERM };
            return error.Syscall;
        };
        var watched = [_]Watched{
            .{ .guard = guard, .watcher = .{ .callback = onSupervisorGone } },
            .{ .guard = guard, .watcher = .{ .callback = onSignals } },
            .{ .guard = guard, .watcher = .{ .callback = onChannel } },
        };
        try broker.loop.add(&watched[0].watcher, guard.lifeline, 0);
        try broker.loop.add(&watched[1].watcher, guard.signals, loops.IN);
        try broker.loop.add(&watched[2].watcher, channel, loops.IN);
        broker.loop.run();
        broker.decisions.conclude();
    }

    fn onSupervisorGone(watcher: *loops.Watcher, _: u32) void {
        const of: *Watched = @fieldParentPtr("watcher", watcher);
        of.guard.broker.?.loop.stopped = true;
    }

    fn onSignals(watcher: *loops.Watcher, _: u32) void {
        const of: *Watched = @fieldParentPtr("watcher", watcher);
        if (of.guard.takeSignals()) of.guard.broker.?.loop.stopped = true;
    }

    fn onChannel(watcher: *loops.Watcher, _: u32) void {
        const of: *Watched = @fieldParentPtr("watcher", watcher);
        const guard = of.guard;
        const broker = guard.broker.?;
        const received = sockets.receiveDescriptor(watcher.fd);
        const channel = watcher.fd;
        broker.loop.remove(watcher);
        sys.close(channel);
        // Without it the workload has not come as far as its first call.
        const fd = (received orelse return).fd orelse return;
        guard.listener = .init(fd);
        broker.connections.listener = .init(fd);
        broker.connections.start() catch {
            brokers.tell(error.OutOfMemory);
            broker.loop.stopped = true;
        };
    }

    /// What of the workload's calls is no connection; null where the caller has gone.
    fn perform(context: *const anyopaque, notification: *const notify.Notification) ?u16 {
        const guard: *const Guard = @ptrCast(@alignCast(context));
        const number: sys.SYS = @fromBackingInt(@as(usize, @intCast(notification.number)));
        return switch (number) {
            .kill, .tkill, .tgkill, .rt_sigqueueinfo, .rt_tgsigqueueinfo, .pidfd_send_signal => guard.signalling.perform(notification, number),
            else => guard.metadata.perform(notification, number),
        };
    }

    /// Reaps, and forwards what the supervisor sends; whether the command has ended.
    fn takeSignals(guard: *Guard) bool {
        var info: [32]u32 = @splat(0);
        while (true) {
            const result = sys.call(.read, .{ guard.signals, &info, @as(usize, 128) });
            if (sys.failed(result) or result != 128) break;
            // struct signalfd_siginfo: number, errno, code, pid.
            if (info[0] == SIGCHLD or info[3] != guard.supervisor) continue;
            if (sys.failed(sys.call(.kill, .{ -guard.main, info[0] }))) _ = sys.call(.kill, .{ guard.main, info[0] });
        }
        while (true) {
            var status: u32 = 0;
            const WNOHANG_ALL: u32 = 1 | 0x4000_0000;
            const pid = sys.call(.wait4, .{ @as(isize, -1), &status, WNOHANG_ALL, @as(usize, 0) });
            if (sys.failed(pid) or pid == 0) return false;
            if (pid != guard.main) continue;
            guard.header.status = status;
            guard.header.finished = 1;
            return true;
        }
    }
};

/// 0 where there is no Yama.
fn ptraceScope() u8 {
    var content: [8]u8 = undefined;
    const text = notify.readSmall("/proc/sys/kernel/yama/ptrace_scope", &content) orelse return 0;
    return std.fmt.parseInt(u8, std.mem.trim(u8, text, "\n"), 10) catch 0;
}

const EPERM = 1;
