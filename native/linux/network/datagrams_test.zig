//! Datagrams with real devices, sockets and namespaces, as whoever runs the tests: a network that
//! plays the host's, and in it one that plays the sandbox's. Skipped where namespaces or the device
//! are forbidden.

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const connections_ = @import("connections.zig");
const datagrams_ = @import("datagrams.zig");
const decisions_ = @import("decisions.zig");
const interface = @import("interface.zig");
const loops = @import("loop.zig");
const names_ = @import("names.zig");
const policies = @import("policy.zig");
const sockets = @import("sockets.zig");
const tool = @import("try_datagrams.zig");

const Address = addresses.Address;

const port = 7007;
const closed_port = 7008;
const denied_port = 7009;
/// The server answers a datagram that says this with many.
const burst_word = "burst";
/// What a socket of the usual size holds.
const burst = 60;

/// The status where the namespaces or the device could not be had; no expectation is on this line.
const skipped: u8 = 1;

const Client = struct {
    /// The line of the first thing that went otherwise than expected; 0: none did.
    line: u8 = 0,

    fn expect(client: *Client, is_so: bool, source: std.builtin.SourceLocation) void {
        if (!is_so and client.line == 0) client.line = @intCast(@min(source.line, 255));
    }
};

fn connected(address: Address, to: u16) sys.fd_t {
    const family: u16 = if (address.asV4() != null) addresses.AF_INET else addresses.AF_INET6;
    const SOCK_DGRAM_CLOEXEC: u32 = sockets.SOCK_DGRAM | sockets.SOCK_CLOEXEC;
    const fd: sys.fd_t = @intCast(sys.call(.socket, .{ @as(u32, family), SOCK_DGRAM_CLOEXEC, @as(u32, 0) }));
    const timeout = [2]u64{ 5, 0 };
    const SO_RCVTIMEO: u32 = 20;
    _ = sys.call(.setsockopt, .{ fd, sockets.SOL_SOCKET, SO_RCVTIMEO, &timeout, @as(u32, 16) });
    _ = sockets.connectTo(fd, .{ .address = address, .port = to }, family);
    return fd;
}

fn send(fd: sys.fd_t, bytes: []const u8) u16 {
    return sys.errnoOf(sys.call(.sendto, .{ fd, bytes.ptr, bytes.len, @as(u32, 0), @as(usize, 0), @as(u32, 0) }));
}

fn receive(fd: sys.fd_t, buffer: []u8) usize {
    return sys.call(.recvfrom, .{ fd, buffer.ptr, buffer.len, @as(u32, 0), @as(usize, 0), @as(usize, 0) });
}

var sent: [65536]u8 = undefined;
var received: [65536]u8 = undefined;

/// In the sandbox's network.
fn beClient() u8 {
    var client: Client = .{};
    for (&sent, 0..) |*byte, index| byte.* = @truncate(index *% 31);
    for ([_]Address{ interface.gateway_v4, interface.gateway_v6 }) |gateway| {
        const is_v4 = gateway.asV4() != null;
        const fd = connected(gateway, port);
        for ([_]usize{ 0, 1, 1200, 9000, if (is_v4) 65492 else 65472 }) |length| {
            client.expect(send(fd, sent[0..length]) == 0, @src());
            client.expect(receive(fd, &received) == length, @src());
            client.expect(std.mem.eql(u8, sent[0..length], received[0..length]), @src());
        }
        // Many in a row, of one length and then a shorter one: each arrives as it was sent.
        for (0..burst) |index| client.expect(send(fd, sent[index..][0..if (index + 1 == burst) 100 else 1200]) == 0, @src());
        for (0..burst) |index| {
            const length: usize = if (index + 1 == burst) 100 else 1200;
            client.expect(receive(fd, &received) == length, @src());
            client.expect(std.mem.eql(u8, sent[index..][0..length], received[0..length]), @src());
        }
        client.expect(send(fd, burst_word) == 0, @src());
        for (0..burst) |index| {
            client.expect(receive(fd, &received) == 1000, @src());
            client.expect(std.mem.allEqual(u8, received[0..1000], @truncate(index)), @src());
        }
        const closed = connected(gateway, closed_port);
        client.expect(send(closed, "x") == 0, @src());
        client.expect(sys.errnoOf(receive(closed, &received)) == sockets.ECONNREFUSED, @src());
        const denied = connected(gateway, denied_port);
        client.expect(send(denied, "x") == 0, @src());
        const EHOSTUNREACH = 113;
        client.expect(sys.errnoOf(receive(denied, &received)) == if (is_v4) EHOSTUNREACH else sockets.EACCES, @src());
    }
    // A connection that nobody made in the workload's place.
    var errno: u16 = 0;
    const SOCK_STREAM: u32 = sockets.SOCK_STREAM;
    const stream: sys.fd_t = @intCast(sys.call(.socket, .{ @as(u32, addresses.AF_INET), SOCK_STREAM, @as(u32, 0) }));
    errno = sockets.connectTo(stream, .{ .address = .v4(.{ 203, 0, 113, 9 }), .port = 80 }, addresses.AF_INET);
    client.expect(errno == sockets.ECONNREFUSED, @src());
    return client.line;
}

const Server = struct {
    watcher: loops.Watcher = .{ .callback = onDatagram },

    fn start(server: *Server, address: Address) !void {
        const family: u16 = if (address.asV4() != null) addresses.AF_INET else addresses.AF_INET6;
        var errno: u16 = 0;
        const fd = sockets.open(family, sockets.SOCK_DGRAM, 0, &errno) orelse return error.Syscall;
        const buffer: u32 = 1 << 20;
        const SO_RCVBUF: u32 = 8;
        _ = sys.call(.setsockopt, .{ fd, sockets.SOL_SOCKET, SO_RCVBUF, &buffer, @as(u32, 4) });
        if (sockets.bindTo(fd, .{ .address = address, .port = port }, family) != 0) return error.Syscall;
        try loop.add(&server.watcher, fd, loops.IN);
    }

    fn onDatagram(watcher: *loops.Watcher, _: u32) void {
        var peer: addresses.Sockaddr = undefined;
        var length: u32 = @sizeOf(addresses.Sockaddr);
        const count = sys.call(.recvfrom, .{ watcher.fd, &received, received.len, @as(u32, 0x40), &peer, &length });
        if (sys.failed(count)) return;
        if (!std.mem.eql(u8, received[0..count], burst_word)) {
            _ = sys.call(.sendto, .{ watcher.fd, &received, count, @as(u32, 0), &peer, length });
            return;
        }
        for (0..burst) |index| {
            const bytes: [1000]u8 = @splat(@truncate(index));
            _ = sys.call(.sendto, .{ watcher.fd, &bytes, bytes.len, @as(u32, 0), &peer, length });
        }
    }
};

var loop: loops.Loop = undefined;
var servers: [2]Server = .{ .{}, .{} };
var end: loops.Watcher = .{ .callback = onEnd };
var names: names_.Names = .{};
var hosts: connections_.HostAddresses = undefined;
var decisions: decisions_.Decisions = .{};
var policy: policies.Policy = .{
    .rules = &.{.{
        .peer = .{ .block = .{ .address = .v6(@splat(0)), .bits = 0 } },
        .deny = true,
        .protocols = policies.protocols_all,
        .first_port = denied_port,
        .last_port = denied_port,
        .label = "test",
    }},
    .default_allow = false,
    .host_loopback = true,
};

fn onEnd(_: *loops.Watcher, _: u32) void {
    loop.stopped = true;
}

/// In the host's network, whose sandbox is a process of its own. The status to end with.
fn beHost() !u8 {
    var failure: sys.Failure = undefined;
    tool.enterNetwork(&failure) catch return skipped;
    const AF_UNIX: u32 = 1;
    const SOCK_SEQPACKET_CLOEXEC: u32 = 5 | sockets.SOCK_CLOEXEC;
    var pair: [2]sys.fd_t = undefined;
    _ = try sys.check(.socketpair, .{ AF_UNIX, SOCK_SEQPACKET_CLOEXEC, @as(u32, 0), &pair }, &failure);
    const pid = try fork(&failure);
    if (pid == 0) {
        tool.enterNetwork(&failure) catch sys.exit(skipped);
        tool.passDevice(pair[1], &failure) catch sys.exit(skipped);
        sys.exit(beClient());
    }
    sys.close(pair[1]);
    loop = try .init(&failure);
    hosts = .init();
    const pidfd = try sys.checkFd(.pidfd_open, .{ pid, @as(u32, 0) }, &failure);
    try loop.add(&end, pidfd, loops.IN);
    try servers[0].start(.v4(.{ 127, 0, 0, 1 }));
    try servers[1].start(.v6(.{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }));
    if (tool.waitForDevice(pair[0])) |tun| {
        _ = try datagrams_.Datagrams.init(&loop, &policy, &names, tun, .{ .hosts = &hosts, .decisions = &decisions });
        sys.writeAll(pair[0], "g");
        loop.run();
    }
    return wait(pid);
}

fn fork(failure: *sys.Failure) error{Syscall}!sys.pid_t {
    const SIGCHLD: usize = 17;
    return sys.checkFd(.clone, .{ SIGCHLD, @as(usize, 0), @as(usize, 0), @as(usize, 0), @as(usize, 0) }, failure);
}

fn wait(pid: sys.pid_t) u8 {
    var status: u32 = 0;
    while (sys.errnoOf(sys.call(.wait4, .{ pid, &status, @as(u32, 0), @as(usize, 0) })) == sockets.EINTR) {}
    // A signal's end is no line of this file.
    return if (status & 0x7f == 0) @truncate(status >> 8) else 255;
}

test "datagrams of a network of its own, to the host's loopback" {
    var failure: sys.Failure = undefined;
    const pid = try fork(&failure);
    if (pid == 0) sys.exit(beHost() catch 254);
    const status = wait(pid);
    if (status == skipped) return error.SkipZigTest;
    // The line above that was not as expected.
    try std.testing.expectEqual(0, status);
}
