//! The relay between real sockets of the loopback.

const std = @import("std");
const sys = @import("sys");
const loops = @import("loop.zig");
const sockets = @import("sockets.zig");
const subject = @import("relay.zig");
const reset = subject.reset;
const SHUT_WR: u32 = 1;
const Relays = subject.Relays;
const End = subject.End;
const Verdict = subject.Verdict;
const testing = std.testing;

const TestRun = struct {
    loop: loops.Loop,
    relays: Relays,
    end: ?End = null,
    looks: usize = 0,

    fn init(run: *TestRun) !void {
        var failure: sys.Failure = undefined;
        run.* = .{ .loop = try .init(&failure), .relays = undefined };
        run.relays = try .init(&run.loop, 4);
    }

    fn deinit(run: *TestRun) void {
        run.relays.deinit();
        sys.close(run.loop.epoll);
    }

    fn closed(context: *anyopaque, end: End) void {
        const run: *TestRun = @ptrCast(@alignCast(context));
        run.end = end;
        run.loop.stopped = true;
    }

    /// Lets pass what a "!" ends, refuses a "?".
    fn look(context: *anyopaque, bytes: []const u8) Verdict {
        const run: *TestRun = @ptrCast(@alignCast(context));
        run.looks += 1;
        if (std.mem.indexOfScalar(u8, bytes, '?') != null) return .{ .refuse = "no" };
        const end = std.mem.indexOfScalar(u8, bytes, '!') orelse return .more;
        return .{ .pass = .{ .length = end + 1 } };
    }

    fn swap(_: *anyopaque, bytes: []const u8) Verdict {
        return .{ .replace = .{ .length = bytes.len, .with = "other", .then = .done } };
    }
};

/// Two connected TCP sockets of the loopback; the first is non-blocking, for the relay.
fn testPair() ![2]sys.fd_t {
    const addresses = @import("address.zig");
    var errno: u16 = 0;
    const listener = sockets.open(addresses.AF_INET, sockets.SOCK_STREAM, 0, &errno) orelse return error.Socket;
    defer sys.close(listener);
    const any: addresses.Endpoint = .{ .address = .v4(.{ 127, 0, 0, 1 }), .port = 0 };
    if (sockets.bindTo(listener, any, addresses.AF_INET) != 0 or sockets.listen(listener, 1) != 0) return error.Listen;
    const other = sockets.open(addresses.AF_INET, sockets.SOCK_STREAM, 0, &errno) orelse return error.Socket;
    sockets.setStatusFlags(other, 0);
    if (sockets.connectTo(other, sockets.localEndpoint(listener).?, addresses.AF_INET) != 0) return error.Connect;
    return .{ sockets.accept(listener) orelse return error.Accept, other };
}

fn writeThenEnd(fd: sys.fd_t, count: usize) void {
    var block: [8192]u8 = undefined;
    for (&block, 0..) |*byte, index| byte.* = @truncate(index *% 31);
    for (0..count / block.len) |_| sys.writeAll(fd, &block);
    _ = sys.call(.shutdown, .{ fd, SHUT_WR });
}

/// A hash of all bytes up to the end, which is in `out` with their number.
fn readToEnd(fd: sys.fd_t, out: *[2]u64) void {
    var block: [8192]u8 = undefined;
    while (true) {
        const result = sys.call(.read, .{ fd, &block, block.len });
        if (sys.failed(result) or result == 0) return;
        out[0] += result;
        for (block[0..result]) |byte| out[1] = out[1] *% 31 +% byte;
    }
}

test "megabytes both ways at once, ends in either order, through a pipe and by copying" {
    for ([_]bool{ false, true }) |copies| {
        var run: TestRun = undefined;
        try run.init();
        defer run.deinit();
        const near = try testPair();
        const far = try testPair();
        const relay = run.relays.start(.{ .near = near[0], .far = far[0], .context = &run, .closed = TestRun.closed }).?;
        relay.outgoing.copies = copies;
        relay.incoming.copies = copies;
        const size = 4 << 20;
        var got: [2][2]u64 = @splat(.{ 0, 0 });
        const threads = [_]std.Thread{
            try .spawn(.{}, writeThenEnd, .{ near[1], size }),
            try .spawn(.{}, writeThenEnd, .{ far[1], 2 * size }),
            try .spawn(.{}, readToEnd, .{ near[1], &got[0] }),
            try .spawn(.{}, readToEnd, .{ far[1], &got[1] }),
        };
        run.loop.run();
        for (threads) |thread| thread.join();
        sys.close(near[1]);
        sys.close(far[1]);
        const end = run.end.?;
        try testing.expectEqual(.finished, end.how);
        try testing.expectEqual(size, end.sent);
        try testing.expectEqual(2 * size, end.received);
        try testing.expectEqual(size, got[1][0]);
        try testing.expectEqual(2 * size, got[0][0]);
        var wanted: u64 = 0;
        for (0..size / 8192) |_| for (0..8192) |index| {
            wanted = wanted *% 31 +% @as(u8, @truncate(index *% 31));
        };
        try testing.expectEqual(wanted, got[1][1]);
    }
}

fn readErrno(fd: sys.fd_t) u16 {
    var byte: [1]u8 = undefined;
    return sys.errnoOf(sys.call(.read, .{ fd, &byte, byte.len }));
}

const ECONNRESET: u16 = 104;

test "a reset is passed on as one" {
    var run: TestRun = undefined;
    try run.init();
    defer run.deinit();
    const near = try testPair();
    const far = try testPair();
    _ = run.relays.start(.{ .near = near[0], .far = far[0], .context = &run, .closed = TestRun.closed }).?;
    reset(far[1]);
    run.loop.run();
    try testing.expectEqual(.reset, run.end.?.how);
    try testing.expectEqual(ECONNRESET, readErrno(near[1]));
    sys.close(near[1]);
}

fn sendSlowly(fd: sys.fd_t, parts: []const []const u8) void {
    for (parts) |part| {
        sys.writeAll(fd, part);
        const time = [2]u64{ 0, 50 * std.time.ns_per_ms };
        _ = sys.call(.nanosleep, .{ &time, @as(usize, 0) });
    }
}

test "nothing leaves before it is passed, and waiting costs nothing" {
    var run: TestRun = undefined;
    try run.init();
    defer run.deinit();
    const near = try testPair();
    const far = try testPair();
    _ = run.relays.start(.{ .near = near[0], .far = far[0], .outgoing = .{ .context = &run, .look = TestRun.look }, .context = &run, .closed = TestRun.closed }).?;
    const thread: std.Thread = try .spawn(.{}, sendSlowly, .{ near[1], &[_][]const u8{ "a", "b", "c!d", "e!f", "?" } });
    run.loop.run();
    thread.join();
    try testing.expectEqual(.refused, run.end.?.how);
    try testing.expectEqual(7, run.end.?.sent);
    // Once or twice for each piece that came, whatever time passed between them.
    try testing.expect(run.looks <= 15);
    var buffer: [16]u8 = undefined;
    const result = sys.call(.read, .{ far[1], &buffer, buffer.len });
    try testing.expectEqualStrings("abc!de!", buffer[0..@min(result, buffer.len)]);
    try testing.expectEqual(ECONNRESET, readErrno(far[1]));
    sys.close(near[1]);
    sys.close(far[1]);
}

test "who is refused at once is told, and the outside hears nothing" {
    var run: TestRun = undefined;
    try run.init();
    defer run.deinit();
    const near = try testPair();
    const far = try testPair();
    _ = run.relays.start(.{ .near = near[0], .far = far[0], .outgoing = .{ .context = &run, .look = TestRun.look }, .context = &run, .closed = TestRun.closed }).?;
    sys.writeAll(near[1], "?");
    run.loop.run();
    var buffer: [16]u8 = undefined;
    try testing.expectEqual(2, sys.call(.read, .{ near[1], &buffer, buffer.len }));
    try testing.expectEqual(ECONNRESET, readErrno(far[1]));
    sys.close(near[1]);
    sys.close(far[1]);
}

test "an end in the middle of what waits is a refusal, not a wait" {
    var run: TestRun = undefined;
    try run.init();
    defer run.deinit();
    const near = try testPair();
    const far = try testPair();
    _ = run.relays.start(.{ .near = near[0], .far = far[0], .outgoing = .{ .context = &run, .look = TestRun.look }, .context = &run, .closed = TestRun.closed }).?;
    sys.writeAll(near[1], "abc");
    _ = sys.call(.shutdown, .{ near[1], SHUT_WR });
    run.loop.run();
    try testing.expectEqual(.refused, run.end.?.how);
    try testing.expectEqual(0, run.end.?.sent);
    sys.close(near[1]);
    sys.close(far[1]);
}

test "a replaced answer, and the socket given back" {
    var run: TestRun = undefined;
    try run.init();
    defer run.deinit();
    const near = try testPair();
    const far = try testPair();
    _ = run.relays.start(.{ .near = near[0], .far = far[0], .incoming = .{ .context = &run, .look = TestRun.swap }, .context = &run, .closed = TestRun.closed }).?;
    sys.writeAll(far[1], "answer");
    run.loop.run();
    try testing.expectEqual(.done, run.end.?.how);
    try testing.expectEqual(near[0], run.end.?.near);
    var buffer: [16]u8 = undefined;
    const result = sys.call(.read, .{ near[1], &buffer, buffer.len });
    try testing.expectEqualStrings("other", buffer[0..@min(result, buffer.len)]);
    for ([_]sys.fd_t{ near[0], near[1], far[1] }) |fd| sys.close(fd);
}
