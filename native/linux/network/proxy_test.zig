//! The proxy with clients and servers on the loopback, and an outside of the tests' own.

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const guards = @import("guard.zig");
const heads = @import("head.zig");
const http_head = @import("http_head.zig");
const http_stream = @import("http_stream.zig");
const loops = @import("loop.zig");
const relays_ = @import("relay.zig");
const sockets = @import("sockets.zig");
const socks = @import("socks.zig");
const subject = @import("proxy.zig");
const Forward = subject.Forward;
const Check = subject.Check;
const Endpoint = addresses.Endpoint;
const Proxy = subject.Proxy;
const Question = subject.Question;
const testing = std.testing;

test "what concerns one connection only does not leave" {
    const request = http_head.parse("GET http://A.test:8080?q=1 HTTP/1.1\r\nHost: a.test:8080\r\nProxy-Authorization: Basic eDp5\r\nConnection: X-One, close\r\nX-One: 1\r\nAccept:  */*\r\nUpgrade: h2c\r\n\r\n").ok;
    var buffer: [1024]u8 = undefined;
    try testing.expectEqualStrings("GET /?q=1 HTTP/1.1\r\nHost: a.test:8080\r\nAccept: */*\r\nConnection: close\r\n\r\n", try Forward.writeRequest(&request, &buffer));
    const options = http_head.parse("OPTIONS http://[2001:db8::1] HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n").ok;
    try testing.expectEqualStrings("OPTIONS * HTTP/1.1\r\nHost: [2001:db8::1]\r\nConnection: close\r\n\r\n", try Forward.writeRequest(&options, &buffer));
    const response = http_head.parseResponse("HTTP/1.0 200 OK\r\nKeep-Alive: 5\r\nContent-Length: 3\r\n\r\n", false).ok;
    try testing.expectEqualStrings("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n", try Forward.writeResponse(&response, true, &buffer));
}

/// A proxy whose outside is one listening socket, known as every name below ".test".
const TestRun = struct {
    loop: loops.Loop,
    relays: relays_.Relays,
    proxy: Proxy,
    stop: loops.Watcher = .{ .callback = onStop },
    proxy_end: Endpoint,
    origin: sys.fd_t,
    check: Check = .nothing,

    fn init(run: *TestRun) !void {
        var failure: sys.Failure = undefined;
        run.* = .{ .loop = try .init(&failure), .relays = undefined, .proxy = undefined, .proxy_end = undefined, .origin = try listen() };
        run.relays = try .init(&run.loop, 16);
        const listener = try listen();
        run.proxy_end = sockets.localEndpoint(listener).?;
        try run.proxy.start(&run.loop, &run.relays, .{ .context = run, .resolve = resolve, .connect = connect, .cancel = cancel }, listener);
    }

    fn deinit(run: *TestRun) void {
        std.heap.page_allocator.free(run.proxy.clients);
        run.relays.deinit();
        for ([_]sys.fd_t{ run.loop.epoll, run.origin, run.proxy.listener }) |fd| sys.close(fd);
    }

    fn listen() !sys.fd_t {
        var errno: u16 = 0;
        const fd = sockets.open(addresses.AF_INET, sockets.SOCK_STREAM, 0, &errno) orelse return error.Socket;
        if (sockets.bindTo(fd, .{ .address = .v4(.{ 127, 0, 0, 1 }), .port = 0 }, addresses.AF_INET) != 0 or sockets.listen(fd, 8) != 0) return error.Listen;
        return fd;
    }

    fn onStop(watcher: *loops.Watcher, _: u32) void {
        const run: *TestRun = @fieldParentPtr("stop", watcher);
        run.loop.stopped = true;
    }

    fn resolve(_: *anyopaque, question: *Question) void {
        if (std.mem.endsWith(u8, question.name, ".test")) return question.answered(question, .{ .addresses = &.{.v4(.{ 192, 0, 2, 1 })} });
        question.answered(question, .{ .denied = .{ .reason = "no rule", .remedy = "a rule" } });
    }

    fn connect(context: *anyopaque, question: *Question) void {
        const run: *TestRun = @ptrCast(@alignCast(context));
        var errno: u16 = 0;
        const fd = sockets.open(addresses.AF_INET, sockets.SOCK_STREAM, 0, &errno) orelse return question.answered(question, .{ .failed = errno });
        errno = sockets.connectTo(fd, sockets.localEndpoint(run.origin).?, addresses.AF_INET);
        // On the loopback it stands before the call returns.
        question.answered(question, .{ .socket = .{ .fd = fd, .check = run.check } });
    }

    fn cancel(_: *anyopaque, _: *Question) void {}

    /// What the client gets for saying `words` and then nothing more, and what the origin was told;
    /// the origin answers each connection with `answer`.
    fn exchange(run: *TestRun, words: []const u8, answer: []const u8, got: *Said, told: *Said) !void {
        var ends: [2]sys.fd_t = undefined;
        _ = sys.call(.pipe2, .{ &ends, @as(u32, 0) });
        try run.loop.add(&run.stop, ends[0], loops.IN);
        run.loop.stopped = false;
        const origin: std.Thread = try .spawn(.{}, serveOnce, .{ run.origin, answer, told });
        const client: std.Thread = try .spawn(.{}, ask, .{ run.proxy_end, words, got, ends[1], run.origin });
        run.loop.run();
        run.loop.remove(&run.stop);
        sys.close(ends[0]);
        client.join();
        origin.join();
        sockets.setStatusFlags(run.origin, sockets.O_NONBLOCK);
        while (sockets.accept(run.origin)) |unserved| sys.close(unserved);
    }

    const Said = struct {
        buffer: [2048]u8 = undefined,
        length: usize = 0,

        fn text(said: *const Said) []const u8 {
            return said.buffer[0..said.length];
        }

        /// Up to the end, or to `end` as the last bytes.
        fn read(said: *Said, fd: sys.fd_t, end: []const u8) void {
            while (said.length < said.buffer.len) {
                const result = sys.call(.read, .{ fd, said.buffer[said.length..].ptr, said.buffer.len - said.length });
                if (sys.failed(result) or result == 0) return;
                said.length += result;
                if (end.len > 0 and std.mem.endsWith(u8, said.text(), end)) return;
            }
        }
    };

    /// One connection; none where the other end is closed without a word.
    fn serveOnce(listener: sys.fd_t, answer: []const u8, told: *Said) void {
        sockets.setStatusFlags(listener, 0);
        const fd = sockets.accept(listener) orelse return;
        sockets.setStatusFlags(fd, 0);
        told.read(fd, "\r\n\r\n");
        if (told.length > 0) sys.writeAll(fd, answer);
        sys.close(fd);
    }

    fn ask(proxy: Endpoint, words: []const u8, got: *Said, stop: sys.fd_t, origin: sys.fd_t) void {
        const fd = connectBlocking(proxy);
        sys.writeAll(fd, words);
        got.read(fd, "");
        sys.close(fd);
        // Whoever still waits for a connection gets one.
        sys.close(connectBlocking(sockets.localEndpoint(origin).?));
        sys.close(stop);
    }

    fn connectBlocking(endpoint: Endpoint) sys.fd_t {
        var errno: u16 = 0;
        const fd = sockets.open(addresses.AF_INET, sockets.SOCK_STREAM, 0, &errno).?;
        sockets.setStatusFlags(fd, 0);
        _ = sockets.connectTo(fd, endpoint, addresses.AF_INET);
        return fd;
    }
};

test "clients and what they reach" {
    const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    const Case = struct { words: []const u8, gets: []const u8, told: []const u8, check: Check = .nothing };
    const connect = "CONNECT a.test:80 HTTP/1.1\r\n\r\n";
    const established = "HTTP/1.1 200 Connection established\r\n\r\n";
    const get = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
    const get_other = "GET / HTTP/1.1\r\nHost: b.test\r\n\r\n";
    const socks_a = "\x05\x01\x00\x05\x01\x00\x03\x06a.test\x00\x50";
    const cases = [_]Case{
        .{
            .words = "GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
            .gets = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
            .told = "GET /x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
            .check = .name,
        },
        .{ .words = "GET http://b.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n", .gets = "HTTP/1.1 403", .told = "" },
        .{ .words = "GET http://a.test/ HTTP/1.1\r\nHost: b.test\r\n\r\n", .gets = "HTTP/1.1 400", .told = "" },
        .{ .words = get, .gets = "HTTP/1.1 400", .told = "" },
        .{ .words = connect ++ get, .gets = established ++ answer, .told = get, .check = .name },
        .{ .words = connect ++ get_other, .gets = established ++ "HTTP/1.1 403", .told = "", .check = .name },
        .{ .words = connect ++ get_other, .gets = established ++ answer, .told = get_other },
        .{ .words = "CONNECT b.example:80 HTTP/1.1\r\n\r\n", .gets = "HTTP/1.1 403", .told = "" },
        .{ .words = socks_a ++ get, .gets = "\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00" ++ answer, .told = get, .check = .name },
        .{ .words = socks_a ++ get_other, .gets = "\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00HTTP/1.1 403", .told = "", .check = .name },
        .{ .words = "\x05\x01\x00\x05\x01\x00\x03\x06b.best\x00\x50", .gets = "\x05\x00\x05\x02", .told = "" },
        .{ .words = "\x05\x01\x00\x05\x03\x00\x01\x00\x00\x00\x00\x00\x00", .gets = "\x05\x00\x05\x07", .told = "" },
        .{ .words = "\x05\x01\x02", .gets = "\x05\xff", .told = "" },
        .{ .words = "\x04\x01\x00\x50\x00\x00\x00\x01\x00a.test\x00", .gets = "\x00\x5b", .told = "" },
    };
    var run: TestRun = undefined;
    try run.init();
    defer run.deinit();
    for (cases) |case| {
        run.check = case.check;
        var got: TestRun.Said = .{};
        var told: TestRun.Said = .{};
        try run.exchange(case.words, answer, &got, &told);
        try testing.expectEqualStrings(case.gets, got.text()[0..@min(case.gets.len, got.length)]);
        try testing.expectEqualStrings(case.told, told.text());
    }
}

test {
    _ = guards;
    _ = heads;
    _ = http_stream;
    _ = relays_;
    _ = socks;
}
