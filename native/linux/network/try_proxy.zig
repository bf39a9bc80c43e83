//! The proxy, or a bare relay, on this host's loopback with a made-up outside: to try real clients
//! against it. `try_proxy proxy PORT` takes every name below ".test" for 127.0.0.1 and denies
//! everything else; names below "checked.test" must be given in the first bytes too.
//! `try_proxy relay PORT TARGET-PORT` connects each connection to 127.0.0.1.
//! A development tool; no part of the product.

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const loops = @import("loop.zig");
const proxies = @import("proxy.zig");
const relays_ = @import("relay.zig");
const sockets = @import("sockets.zig");

const usage = "usage: try_proxy proxy PORT | relay PORT TARGET-PORT\n";
const local: addresses.Address = .v4(.{ 127, 0, 0, 1 });

var loop: loops.Loop = undefined;
var relays: relays_.Relays = undefined;
var proxy: proxies.Proxy = undefined;
var target: u16 = 0;
var watcher: loops.Watcher = .{ .callback = onRelayed };

pub fn main(init: std.process.Init.Minimal) u8 {
    const words = init.args.vector;
    if (words.len < 3) return say(usage);
    const port = std.fmt.parseInt(u16, std.mem.span(words[2]), 10) catch return say(usage);
    var failure: sys.Failure = undefined;
    loop = loops.Loop.init(&failure) catch return say("epoll\n");
    relays = relays_.Relays.init(&loop, 8192) catch return say("memory\n");
    const listener = listen(port) orelse return say("try_proxy: the port is not free\n");
    if (words.len == 4) {
        target = std.fmt.parseInt(u16, std.mem.span(words[3]), 10) catch return say(usage);
        loop.add(&watcher, listener, loops.IN) catch return say("epoll\n");
    } else {
        proxy.start(&loop, &relays, .{ .context = &loop, .resolve = resolve, .connect = connect, .cancel = cancel }, listener) catch return say("start\n");
    }
    loop.run();
    return 0;
}

fn say(text: []const u8) u8 {
    sys.writeAll(2, text);
    return 2;
}

fn listen(port: u16) ?sys.fd_t {
    var errno: u16 = 0;
    const fd = sockets.open(addresses.AF_INET, sockets.SOCK_STREAM, 0, &errno) orelse return null;
    const one: u32 = 1;
    const SO_REUSEADDR: u32 = 2;
    _ = sys.call(.setsockopt, .{ fd, sockets.SOL_SOCKET, SO_REUSEADDR, &one, @as(u32, 4) });
    if (sockets.bindTo(fd, .{ .address = local, .port = port }, addresses.AF_INET) != 0) return null;
    if (sockets.listen(fd, 4096) != 0) return null;
    return fd;
}

const denial: proxies.Denial = .{ .reason = "no rule grants it", .remedy = "--allow-net=NAME:PORT" };

fn resolve(_: *anyopaque, question: *proxies.Question) void {
    if (std.mem.eql(u8, question.name, "missing.test")) return question.answered(question, .{ .failed = 2 });
    if (!std.mem.endsWith(u8, question.name, ".test")) return question.answered(question, .{ .denied = denial });
    question.answered(question, .{ .addresses = &.{ .v6(.{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }), local } });
}

const Attempt = struct {
    watcher: loops.Watcher = .{ .callback = onConnected },
    fd: sys.fd_t,
    question: *proxies.Question,

    fn end(attempt: *Attempt) void {
        loop.remove(&attempt.watcher);
        attempt.question.note = null;
        std.heap.page_allocator.destroy(attempt);
    }
};

fn connect(_: *anyopaque, question: *proxies.Question) void {
    const address = question.endpoint.address;
    if (!address.isLoopback()) return question.answered(question, .{ .denied = denial });
    const family: u16 = if (address.asV4() != null) addresses.AF_INET else addresses.AF_INET6;
    var errno: u16 = 0;
    const fd = sockets.open(family, sockets.SOCK_STREAM, 0, &errno) orelse return question.answered(question, .{ .failed = errno });
    errno = sockets.connectTo(fd, question.endpoint, family);
    if (errno != 0 and errno != sockets.EINPROGRESS) {
        sys.close(fd);
        return question.answered(question, .{ .failed = errno });
    }
    const attempt = std.heap.page_allocator.create(Attempt) catch return question.answered(question, .{ .failed = sockets.ENOMEM });
    attempt.* = .{ .fd = fd, .question = question };
    question.note = attempt;
    loop.add(&attempt.watcher, fd, loops.OUT) catch unreachable;
}

fn onConnected(ready: *loops.Watcher, _: u32) void {
    const attempt: *Attempt = @fieldParentPtr("watcher", ready);
    const question = attempt.question;
    const fd = attempt.fd;
    const errno = sockets.pendingError(fd);
    attempt.end();
    if (errno != 0) {
        sys.close(fd);
        return question.answered(question, .{ .failed = errno });
    }
    const checked = std.mem.endsWith(u8, question.name, "checked.test");
    question.answered(question, .{ .socket = .{ .fd = fd, .check = if (checked) .name else .nothing } });
}

fn cancel(_: *anyopaque, question: *proxies.Question) void {
    const attempt: *Attempt = @ptrCast(@alignCast(question.note orelse return));
    const fd = attempt.fd;
    attempt.end();
    sys.close(fd);
}

fn onRelayed(listener: *loops.Watcher, _: u32) void {
    const near = sockets.accept(listener.fd) orelse return;
    var errno: u16 = 0;
    const far = sockets.open(addresses.AF_INET, sockets.SOCK_STREAM, 0, &errno) orelse return sys.close(near);
    _ = sockets.connectTo(far, .{ .address = local, .port = target }, addresses.AF_INET);
    _ = relays.start(.{ .near = near, .far = far, .context = &loop, .closed = onClosed });
}

fn onClosed(_: *anyopaque, end: relays_.End) void {
    var line: [128]u8 = undefined;
    sys.writeAll(2, std.fmt.bufPrint(&line, "{t} sent={d} received={d}\n", .{ end.how, end.sent, end.received }) catch "");
}
