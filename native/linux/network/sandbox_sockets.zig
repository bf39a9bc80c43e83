//! Sockets of the sandbox's own network, for what the broker serves in it while it runs: made by a
//! process of ours that has entered the sandbox's user and network namespaces, and passed back. It
//! is started when the first is needed.

const std = @import("std");
const sys = @import("sys");
const agent = @import("agent.zig");
const sockets = @import("sockets.zig");

pub const SandboxSockets = struct {
    namespaces: agent.Namespaces = .{},
    channel: sys.fd_t = -1,
    /// The sandbox's network is the host's.
    is_host: bool = false,

    /// A non-blocking socket; null where none could be made.
    pub fn open(maker: *SandboxSockets, family: u16, kind: u32) ?sys.fd_t {
        var errno: u16 = 0;
        if (maker.is_host) return sockets.open(family, kind, 0, &errno);
        if (maker.channel < 0 and !maker.start()) return null;
        const request = [2]u8{ @truncate(family), @truncate(kind) };
        if (sys.failed(sys.call(.write, .{ maker.channel, &request, request.len }))) return null;
        return receive(maker.channel);
    }

    fn start(maker: *SandboxSockets) bool {
        const AF_UNIX: u32 = 1;
        const SOCK_SEQPACKET_CLOEXEC: u32 = 5 | sockets.SOCK_CLOEXEC;
        var pair: [2]sys.fd_t = undefined;
        if (sys.failed(sys.call(.socketpair, .{ AF_UNIX, SOCK_SEQPACKET_CLOEXEC, @as(u32, 0), &pair }))) return false;
        const SIGCHLD: usize = 17;
        const pid = sys.call(.clone, .{ SIGCHLD, @as(usize, 0), @as(usize, 0), @as(usize, 0), @as(usize, 0) });
        if (sys.failed(pid)) return false;
        if (pid == 0) {
            sys.close(pair[0]);
            serve(maker.namespaces, pair[1]);
        }
        sys.close(pair[1]);
        maker.channel = pair[0];
        return true;
    }
};

/// Waits for the answer: the maker only makes sockets, and is ours.
fn receive(channel: sys.fd_t) ?sys.fd_t {
    const PollFd = extern struct { fd: i32, events: u16, revents: u16 = 0 };
    var poll = [_]PollFd{.{ .fd = channel, .events = 1 }};
    while (sys.errnoOf(sys.call(.ppoll, .{ &poll, @as(usize, 1), @as(usize, 0), @as(usize, 0), @as(usize, 8) })) == sockets.EINTR) {}
    const received = sockets.receiveDescriptor(channel) orelse return null;
    return received.fd;
}

fn serve(namespaces: agent.Namespaces, channel: sys.fd_t) noreturn {
    const PR_SET_PDEATHSIG: usize = 1;
    const SIGKILL: usize = 9;
    _ = sys.call(.prctl, .{ PR_SET_PDEATHSIG, SIGKILL, @as(usize, 0), @as(usize, 0), @as(usize, 0) });
    // All but the channel, which goes where close_range(2) leaves it.
    _ = sys.call(.dup3, .{ channel, @as(i32, 1), @as(u32, 0) });
    if (!namespaces.enter(namespaces.network)) sys.exit(1);
    _ = sys.call(.close_range, .{ @as(u32, 2), @as(u32, 0xffff_ffff), @as(u32, 0) });
    while (true) {
        var request: [2]u8 = undefined;
        const length = sys.call(.read, .{ @as(i32, 1), &request, request.len });
        if (sys.errnoOf(length) == sockets.EINTR) continue;
        if (sys.failed(length) or length != request.len) sys.exit(0);
        var errno: u16 = 0;
        var failure: sys.Failure = undefined;
        if (sockets.open(request[0], request[1], 0, &errno)) |fd| {
            sockets.sendDescriptor(1, 's', fd, &failure) catch sys.exit(1);
            sys.close(fd);
        } else {
            const none = [1]u8{'n'};
            if (sys.failed(sys.call(.write, .{ @as(i32, 1), &none, none.len }))) sys.exit(1);
        }
    }
}
