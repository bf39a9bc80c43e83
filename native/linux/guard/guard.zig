//! The workload's parent in the landlock tier: what PID 1 is where there is a pid namespace. It starts
//! the workload, reaps, forwards signals, does for it what Landlock cannot judge, and ends every
//! process of it when the command or the supervisor has ended.

const std = @import("std");
const sys = @import("sys");
const abi = @import("abi");
const landlock = @import("../landlock.zig");
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

pub const Guard = struct {
    /// Closes when the supervisor dies.
    lifeline: sys.fd_t,
    supervisor: sys.pid_t,
    listener: notify.Listener = .{ .fd = -1 },
    signals: sys.fd_t = -1,
    /// Landlock keeps our signals to the workload's processes.
    scoped: bool = false,
    pid: u32 = 0,

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
        const main = try workload.start(launch, plan, prepared, header, umask, failure);
        sys.close(pair[1]);
        sys.close(started);
        const metadata: metadata_.Metadata = .{ .listener = &guard.listener, .writable = launch.writable };
        const signalling: signalling_.Signalling = .{ .listener = &guard.listener, .guard = guard.pid };
        // Until the workload's process has sent what is to be listened to.
        var channel = pair[0];
        while (true) {
            var polls = [_]PollFd{
                .{ .fd = guard.lifeline, .events = 0 },
                .{ .fd = guard.signals, .events = POLLIN },
                .{ .fd = guard.listener.fd, .events = POLLIN },
                .{ .fd = channel, .events = POLLIN },
            };
            _ = sys.call(.ppoll, .{ &polls, @as(usize, polls.len), @as(usize, 0), @as(usize, 0), @as(usize, 8) });
            if (polls[0].revents & POLLHUP != 0) return;
            if (polls[1].revents != 0) {
                if (guard.takeSignals(main)) |status| {
                    header.status = status;
                    header.finished = 1;
                    return;
                }
            }
            if (polls[3].revents != 0) {
                if (sockets.receiveDescriptor(channel)) |received| {
                    if (received.fd) |fd| guard.listener = .init(fd);
                }
                sys.close(channel);
                channel = -1;
            }
            if (polls[2].revents & POLLIN != 0) {
                guard.serve(&metadata, &signalling);
            } else if (polls[2].revents != 0) {
                // Nobody is left under the filter.
                sys.close(guard.listener.fd);
                guard.listener.fd = -1;
            }
        }
    }

    fn serve(guard: *Guard, metadata: *const metadata_.Metadata, signalling: *const signalling_.Signalling) void {
        var notification: notify.Notification = undefined;
        if (!guard.listener.receive(&notification)) return;
        const number: sys.SYS = @fromBackingInt(@as(usize, @intCast(notification.number)));
        const answer = switch (number) {
            .kill, .tkill, .tgkill, .rt_sigqueueinfo, .rt_tgsigqueueinfo, .pidfd_send_signal => signalling.perform(&notification, number),
            else => metadata.perform(&notification, number),
        };
        if (answer) |errno| guard.listener.answer(notification.id, errno);
    }

    /// Reaps, and forwards what the supervisor sends; the status of `main` once it has ended.
    fn takeSignals(guard: *Guard, main: sys.pid_t) ?u32 {
        var info: [32]u32 = @splat(0);
        while (true) {
            const result = sys.call(.read, .{ guard.signals, &info, @as(usize, 128) });
            if (sys.failed(result) or result != 128) break;
            // struct signalfd_siginfo: number, errno, code, pid.
            if (info[0] == SIGCHLD or info[3] != guard.supervisor) continue;
            if (sys.failed(sys.call(.kill, .{ -main, info[0] }))) _ = sys.call(.kill, .{ main, info[0] });
        }
        while (true) {
            var status: u32 = 0;
            const WNOHANG_ALL: u32 = 1 | 0x4000_0000;
            const pid = sys.call(.wait4, .{ @as(isize, -1), &status, WNOHANG_ALL, @as(usize, 0) });
            if (sys.failed(pid) or pid == 0) return null;
            if (pid == main) return status;
        }
    }
};

const EPERM = 1;
