//! A program in a network of its own whose datagrams are carried by Datagrams, without the rest of
//! the sandbox: `try_datagrams [WORD...] -- PROGRAM [ARGUMENT...]`. Words: `open` (allowed unless
//! denied), `host` (the host's own services), `allow=PROTOCOL,ADDRESS,BITS,FIRST,LAST` and the same
//! for `deny`, `name=NAME` (UDP to it is allowed), `pin=NAME,ADDRESS` (as if looked up), `lo` (no device: an address on the loopback only). Decisions go to descriptor 3, where
//! one is open. `probe` alone says what the host's kernel gives for pings.
//! A development tool; no part of the product.

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const connections_ = @import("connections.zig");
const datagrams_ = @import("datagrams.zig");
const decisions_ = @import("decisions.zig");
const echoes = @import("echo.zig");
const interface = @import("interface.zig");
const loops = @import("loop.zig");
const names_ = @import("names.zig");
const policies = @import("policy.zig");
const sockets = @import("sockets.zig");

var loop: loops.Loop = undefined;
var policy: policies.Policy = .{ .rules = &.{}, .default_allow = false, .host_loopback = false };
var rules: [64]policies.Rule = undefined;
var names: names_.Names = .{};
var hosts: connections_.HostAddresses = undefined;
var decisions: decisions_.Decisions = .{};
var end: loops.Watcher = .{ .callback = onEnd };

pub fn main(init: std.process.Init.Minimal) u8 {
    const words = init.args.vector;
    var index: usize = 1;
    var has_device = true;
    while (index < words.len) : (index += 1) {
        const word = std.mem.span(words[index]);
        if (std.mem.eql(u8, word, "--")) break;
        if (std.mem.eql(u8, word, "probe")) return probe();
        if (std.mem.eql(u8, word, "lo")) {
            has_device = false;
        } else takeWord(word) catch return say("try_datagrams: not a word: ", word);
    }
    if (index + 1 >= words.len) return say("usage: try_datagrams [WORD...] -- PROGRAM [ARGUMENT...]\n", "");
    const program = words[index + 1 ..];

    var failure: sys.Failure = .{ .syscall = .exit, .errno = 0 };
    return serve(program, init.environ.block.slice.ptr, has_device, &failure) catch
        say("try_datagrams: failed: ", @tagName(failure.syscall));
}

fn say(text: []const u8, more: []const u8) u8 {
    sys.writeAll(2, text);
    sys.writeAll(2, more);
    sys.writeAll(2, "\n");
    return 125;
}

fn probe() u8 {
    const support: echoes.Support = .probe();
    sys.writeAll(1, @tagName(support.v4));
    sys.writeAll(1, " ");
    sys.writeAll(1, @tagName(support.v6));
    sys.writeAll(1, "\n");
    return 0;
}

fn takeWord(word: []const u8) !void {
    if (std.mem.eql(u8, word, "open")) {
        policy.default_allow = true;
        return;
    }
    if (std.mem.eql(u8, word, "host")) {
        policy.host_loopback = true;
        return;
    }
    const at = std.mem.findScalar(u8, word, '=') orelse return error.Word;
    if (std.mem.eql(u8, word[0..at], "pin")) {
        const comma = std.mem.findScalar(u8, word, ',') orelse return error.Word;
        return names.pin(word[at + 1 .. comma], try addressIn(word[comma + 1 ..]), 600, loops.seconds());
    }
    if (std.mem.eql(u8, word[0..at], "name")) {
        addRule(.{ .peer = .{ .name = .{ .text = word[at + 1 ..], .subdomains = false } }, .deny = false, .protocols = 0b010, .label = word });
        return;
    }
    const is_deny = std.mem.eql(u8, word[0..at], "deny");
    if (!is_deny and !std.mem.eql(u8, word[0..at], "allow")) return error.Word;
    var parts = std.mem.splitScalar(u8, word[at + 1 ..], ',');
    const protocol = std.meta.stringToEnum(policies.Protocol, parts.next().?) orelse return error.Word;
    const address = try addressIn(parts.next() orelse return error.Word);
    const bits = try std.fmt.parseInt(u8, parts.next() orelse return error.Word, 10);
    addRule(.{
        .peer = .{ .block = .{ .address = address, .bits = if (address.asV4() != null) 96 + bits else bits } },
        .deny = is_deny,
        .protocols = @as(u8, 1) << @intCast(@backingInt(protocol)),
        .first_port = try std.fmt.parseInt(u16, parts.next() orelse "0", 10),
        .last_port = try std.fmt.parseInt(u16, parts.next() orelse "65535", 10),
        .label = word,
    });
}

fn addRule(rule: policies.Rule) void {
    rules[policy.rules.len] = rule;
    policy.rules = rules[0 .. policy.rules.len + 1];
}

fn addressIn(text: []const u8) !addresses.Address {
    return switch (try std.Io.net.IpAddress.parse(text, 0)) {
        .ip4 => |ip| .v4(ip.bytes),
        .ip6 => |ip| .v6(ip.bytes),
    };
}

fn serve(program: []const [*:0]const u8, environment: [*:null]const ?[*:0]const u8, has_device: bool, failure: *sys.Failure) error{ Syscall, OutOfMemory }!u8 {
    const AF_UNIX: u32 = 1;
    const SOCK_SEQPACKET_CLOEXEC: u32 = 5 | sockets.SOCK_CLOEXEC;
    var pair: [2]sys.fd_t = undefined;
    _ = try sys.check(.socketpair, .{ AF_UNIX, SOCK_SEQPACKET_CLOEXEC, @as(u32, 0), &pair }, failure);
    const SIGCHLD: usize = 17;
    const pid: sys.pid_t = try sys.checkFd(.clone, .{ SIGCHLD, @as(usize, 0), @as(usize, 0), @as(usize, 0), @as(usize, 0) }, failure);
    if (pid == 0) {
        enter(program, environment, has_device, pair[1], failure) catch {
            _ = say("try_datagrams: inside: ", @tagName(failure.syscall));
            var number: [8]u8 = undefined;
            _ = say("errno ", std.fmt.bufPrint(&number, "{d}", .{failure.errno}) catch unreachable);
        };
        sys.exit(125);
    }
    sys.close(pair[1]);
    loop = try .init(failure);
    hosts = .init();
    const EVENTS: sys.fd_t = 3;
    if (!sys.failed(sys.call(.fcntl, .{ EVENTS, @as(u32, 1), @as(u32, 0) }))) decisions.events = EVENTS;
    const pidfd = try sys.checkFd(.pidfd_open, .{ pid, @as(u32, 0) }, failure);
    try loop.add(&end, pidfd, loops.IN);
    if (has_device) {
        const tun = waitForDevice(pair[0]) orelse return 125;
        _ = try datagrams_.Datagrams.init(&loop, &policy, &names, tun, .{ .hosts = &hosts, .decisions = &decisions });
        sys.writeAll(pair[0], "g");
    }
    loop.run();
    var status: u32 = 0;
    _ = try sys.check(.wait4, .{ pid, &status, @as(u32, 0), @as(usize, 0) }, failure);
    return if (status & 0x7f == 0) @truncate(status >> 8) else 124;
}

fn onEnd(_: *loops.Watcher, _: u32) void {
    loop.stopped = true;
}

pub fn waitForDevice(channel: sys.fd_t) ?sys.fd_t {
    const PollFd = extern struct { fd: i32, events: u16, revents: u16 = 0 };
    var poll = [_]PollFd{.{ .fd = channel, .events = 1 }};
    _ = sys.call(.ppoll, .{ &poll, @as(usize, 1), @as(usize, 0), @as(usize, 0), @as(usize, 8) });
    const received = sockets.receiveDescriptor(channel) orelse return null;
    return received.fd;
}

fn enter(program: []const [*:0]const u8, environment: [*:null]const ?[*:0]const u8, has_device: bool, channel: sys.fd_t, failure: *sys.Failure) error{Syscall}!noreturn {
    try enterNetwork(failure);
    if (has_device) try passDevice(channel, failure) else try interface.addLoopbackAddress(failure);
    var arguments: [64]?[*:0]const u8 = @splat(null);
    for (program, arguments[0..program.len]) |word, *argument| argument.* = word;
    _ = try sys.check(.execve, .{ program[0], &arguments, environment }, failure);
    unreachable;
}

/// A user and a network namespace of the caller's own, with its loopback up and pings permitted.
pub fn enterNetwork(failure: *sys.Failure) error{Syscall}!void {
    const CLONE_NEWUSER_NEWNET: usize = 0x1000_0000 | 0x4000_0000;
    const uid: u32 = @intCast(sys.call(.getuid, .{}));
    const gid: u32 = @intCast(sys.call(.getgid, .{}));
    _ = try sys.check(.unshare, .{CLONE_NEWUSER_NEWNET}, failure);
    var buffer: [32]u8 = undefined;
    try writeFile("/proc/self/setgroups", "deny", failure);
    try writeFile("/proc/self/uid_map", std.fmt.bufPrint(&buffer, "{d} {d} 1", .{ uid, uid }) catch unreachable, failure);
    try writeFile("/proc/self/gid_map", std.fmt.bufPrint(&buffer, "{d} {d} 1", .{ gid, gid }) catch unreachable, failure);
    try interface.bringUpLoopback(failure);
    try interface.allowPing(gid, failure);
}

/// Makes the device and sends it; returns once somebody serves it.
pub fn passDevice(channel: sys.fd_t, failure: *sys.Failure) error{Syscall}!void {
    const tun = try interface.makeTun(try interface.openDevice(failure), failure);
    try sockets.sendDescriptor(channel, 't', tun.fd, failure);
    sys.close(tun.fd);
    var byte: [1]u8 = undefined;
    _ = try sys.check(.read, .{ channel, &byte, byte.len }, failure);
}

fn writeFile(path: [*:0]const u8, content: []const u8, failure: *sys.Failure) error{Syscall}!void {
    const O_WRONLY_CLOEXEC: u32 = 0o1 | 0o2000000;
    const fd = try sys.checkFd(.openat, .{ sys.AT_FDCWD, path, O_WRONLY_CLOEXEC, @as(u32, 0) }, failure);
    defer sys.close(fd);
    _ = try sys.check(.write, .{ fd, content.ptr, content.len }, failure);
}
