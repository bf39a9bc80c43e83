//! The proxy that the broker serves on the sandbox's loopback, for clients that want one: HTTP
//! forwarding (RFC 9112, 3.2.2), CONNECT and SOCKS5, told apart by a connection's first byte. It
//! decides nothing: where a connection may go is asked of `Outside`, anew for each request. What was
//! granted by name is watched (guard.zig) as it would be without a proxy.
//!
//! A request's head stays in the kernel's buffer until its connection stands, so that a waiting
//! client costs no memory here. One request at a time is served on a connection; the connection to
//! its destination is closed behind it.
//!
//! Bounds: `clients_max` connections, heads of 16 KiB, `head_seconds` for a head and between two.

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const authorities = @import("authority.zig");
const guards = @import("guard.zig");
const heads = @import("head.zig");
const http_head = @import("http_head.zig");
const http_stream = @import("http_stream.zig");
const loops = @import("loop.zig");
const relays_ = @import("relay.zig");
const sockets = @import("sockets.zig");
const socks = @import("socks.zig");
const Address = addresses.Address;
const Authority = authorities.Authority;
const Endpoint = addresses.Endpoint;

pub const clients_max = 4096;
const head_seconds = 30;
/// For a client to take its refusal in.
const linger_seconds = 2;
/// Addresses of a name that are tried, one after another.
const candidates_max = 8;

/// Who looks names up and opens connections, by policy. Each call leads to exactly one
/// `Question.answered`, at once or later, unless the question is cancelled first.
pub const Outside = struct {
    context: *anyopaque,
    /// The addresses of `question.name`: `addresses`, `denied` or `failed`. The port is set already.
    resolve: *const fn (context: *anyopaque, question: *Question) void,
    /// A connection to `question.endpoint`, one of the addresses of `question.name` unless that is
    /// empty: `socket`, `denied` or `failed`.
    connect: *const fn (context: *anyopaque, question: *Question) void,
    /// `answered` is no longer called.
    cancel: *const fn (context: *anyopaque, question: *Question) void,
};

pub const Question = struct {
    /// As `authority.Name` has it.
    name: []const u8 = "",
    endpoint: Endpoint = undefined,
    answered: *const fn (question: *Question, answer: Answer) void,
    /// `Outside`'s own.
    note: ?*anyopaque = null,
};

pub const Answer = union(enum) {
    addresses: []const Address,
    socket: Opened,
    denied: Denial,
    /// errno; ENOENT for a name that has no address.
    failed: u16,
};

pub const Opened = struct {
    /// Connected, non-blocking, close-on-exec, of a stream; the proxy's from here on.
    fd: sys.fd_t,
    /// What the first bytes must give.
    check: Check = .nothing,
};

pub const Check = union(enum) {
    /// Granted by address, or by a rule that says so.
    nothing,
    /// `Question.name`.
    name,
    /// One of these; for a connection that was asked for by address.
    permitted: heads.Permitted,
};

/// Single lines.
pub const Denial = struct {
    reason: []const u8,
    /// What would allow it.
    remedy: []const u8,
};

const Failure = union(enum) {
    denied: Denial,
    errno: u16,
    refused: heads.Reason,
    /// SOCKS only.
    status: socks.Status,
    /// A request for the proxy itself.
    not_a_proxy_request,
};

const ET: u32 = 1 << 31;
const MSG_PEEK: u32 = 0x2;
const MSG_DONTWAIT: u32 = 0x40;
const MSG_NOSIGNAL: u32 = 0x4000;
const ENOENT: u16 = 2;
const ENETUNREACH: u16 = 101;
const EHOSTUNREACH: u16 = 113;

pub const Proxy = struct {
    loop: *loops.Loop,
    relays: *relays_.Relays,
    outside: Outside,
    listener: sys.fd_t,
    watcher: loops.Watcher = .{ .callback = onListener },
    ticker: loops.Ticker = .{ .callback = onTick },
    accepts: bool = true,
    clients: []Client,
    used: usize = 0,
    free: ?*Client = null,
    /// Rewritten heads and replies; what is in it is sent before the next is written.
    out: [heads.head_max + 1024]u8 = undefined,

    /// `listener`: a listening stream socket, non-blocking; stays the caller's. The proxy stays where
    /// it is once started.
    pub fn start(proxy: *Proxy, loop: *loops.Loop, relays: *relays_.Relays, outside: Outside, listener: sys.fd_t) error{ OutOfMemory, Syscall }!void {
        proxy.* = .{
            .loop = loop,
            .relays = relays,
            .outside = outside,
            .listener = listener,
            .clients = try std.heap.page_allocator.alloc(Client, clients_max),
        };
        try loop.add(&proxy.watcher, listener, loops.IN);
        loop.tick(&proxy.ticker);
    }

    fn onListener(watcher: *loops.Watcher, _: u32) void {
        const proxy: *Proxy = @fieldParentPtr("watcher", watcher);
        for (0..16) |round| {
            const client = proxy.allocate() orelse return proxy.pause();
            const fd = sockets.accept(proxy.listener) orelse {
                proxy.release(client);
                // Ready, and yet nothing to take: no descriptors are left. The tick tries again.
                return if (round == 0) proxy.pause() else {};
            };
            client.* = .{ .proxy = proxy, .deadline = loops.seconds() + head_seconds };
            proxy.loop.add(&client.watcher, fd, watch_head) catch {
                sys.close(fd);
                proxy.release(client);
                continue;
            };
            client.fd = fd;
        }
    }

    fn pause(proxy: *Proxy) void {
        proxy.accepts = false;
        proxy.loop.modify(&proxy.watcher, 0);
    }

    fn onTick(ticker: *loops.Ticker, now: u64) void {
        const proxy: *Proxy = @fieldParentPtr("ticker", ticker);
        for (proxy.clients[0..proxy.used]) |*client| switch (client.state) {
            .head, .socks_request, .closing => if (now >= client.deadline) client.close(),
            .free, .looking_up, .connecting, .relaying => {},
        };
        if (!proxy.accepts) {
            proxy.accepts = true;
            proxy.loop.modify(&proxy.watcher, loops.IN);
        }
    }

    fn allocate(proxy: *Proxy) ?*Client {
        if (proxy.free) |client| {
            proxy.free = client.next;
            return client;
        }
        if (proxy.used == proxy.clients.len) return null;
        proxy.used += 1;
        return &proxy.clients[proxy.used - 1];
    }

    fn release(proxy: *Proxy, client: *Client) void {
        client.state = .free;
        client.next = proxy.free;
        proxy.free = client;
    }
};

/// Heads are looked at without being taken, so only their growth is news.
const watch_head = loops.IN | loops.RDHUP | ET;

const Client = struct {
    proxy: *Proxy,
    next: ?*Client = null,
    watcher: loops.Watcher = .{ .callback = onEvents },
    fd: sys.fd_t = -1,
    state: enum { free, head, socks_request, looking_up, connecting, relaying, closing } = .head,
    kind: enum { forward, tunnel, socks5 } = .forward,
    /// Of the monotonic clock, in seconds.
    deadline: u64,
    /// Of the request that is being served, in the kernel's buffer.
    head_length: usize = 0,
    destination: Authority = undefined,
    question: Question = .{ .answered = onAnswer },
    candidates: [candidates_max]Address = undefined,
    candidate_count: usize = 0,
    candidate: usize = 0,
    guard: guards.Guard = undefined,
    forward: Forward = .{},

    fn onEvents(watcher: *loops.Watcher, events: u32) void {
        const client: *Client = @fieldParentPtr("watcher", watcher);
        const is_hung_up = events & (loops.HUP | loops.ERR) != 0;
        switch (client.state) {
            .free, .relaying => {},
            .head, .socks_request => if (is_hung_up) client.close() else client.read(events & loops.RDHUP != 0),
            .looking_up, .connecting => if (is_hung_up) {
                client.proxy.outside.cancel(client.proxy.outside.context, &client.question);
                client.close();
            },
            .closing => {
                const scratch = client.proxy.relays.scratch;
                const result = sys.call(.recvfrom, .{ client.fd, scratch.ptr, scratch.len, MSG_DONTWAIT, @as(usize, 0), @as(usize, 0) });
                if (result == 0 or (sys.failed(result) and sys.errnoOf(result) != sockets.EAGAIN)) client.close();
            },
        }
    }

    /// `is_end`: the client will say no more.
    fn read(client: *Client, is_end: bool) void {
        const scratch = client.proxy.relays.scratch;
        while (true) {
            const result = sys.call(.recvfrom, .{ client.fd, scratch.ptr, scratch.len, MSG_PEEK | MSG_DONTWAIT, @as(usize, 0), @as(usize, 0) });
            if (sys.errnoOf(result) == sockets.EAGAIN) return;
            if (sys.failed(result) or result == 0) return client.close();
            const bytes = scratch[0..result];
            const progress = if (client.state == .socks_request)
                client.readSocksRequest(bytes)
            else switch (bytes[0]) {
                socks.version_5 => client.readSocksGreeting(bytes),
                socks.version_4 => client.bye(&socks.version_4_refusal),
                else => client.readHttp(bytes),
            };
            switch (progress) {
                .again => {},
                .more => return if (is_end) client.close(),
                .over => return,
            }
        }
    }

    const Progress = enum { again, more, over };

    fn readSocksGreeting(client: *Client, bytes: []const u8) Progress {
        switch (socks.greeting(bytes)) {
            .more => return .more,
            .bad => return client.bye(&socks.greeting_refusal),
            .ok => |length| {
                if (!client.take(length) or !client.say(&socks.greeting_reply)) {
                    client.close();
                    return .over;
                }
                client.kind = .socks5;
                client.state = .socks_request;
                return .again;
            },
        }
    }

    fn readSocksRequest(client: *Client, bytes: []const u8) Progress {
        switch (socks.request(bytes)) {
            .more => return .more,
            .refuse => |status| return client.fail(.{ .status = status }),
            .connect => |wanted| {
                client.head_length = wanted.length;
                return client.begin(wanted.destination);
            },
        }
    }

    fn readHttp(client: *Client, bytes: []const u8) Progress {
        const request = switch (http_head.parse(bytes)) {
            .more => return .more,
            .refuse => |reason| return client.fail(.{ .refused = reason }),
            .ok => |request| request,
        };
        client.head_length = request.length;
        switch (request.form) {
            .authority => client.kind = .tunnel,
            .absolute => client.kind = .forward,
            .origin, .asterisk => return client.fail(.not_a_proxy_request),
        }
        return client.begin(.{ .host = request.authority.host, .port = request.authority.port orelse 80 });
    }

    fn begin(client: *Client, destination: Authority) Progress {
        client.destination = destination;
        client.proxy.loop.modify(&client.watcher, 0);
        client.question = .{ .answered = onAnswer };
        client.candidate = 0;
        const port = destination.port.?;
        switch (client.destination.host) {
            .address => |address| {
                client.candidates[0] = address;
                client.candidate_count = 1;
                client.connect();
            },
            .name => |*name| {
                client.state = .looking_up;
                client.question.name = name.text();
                client.question.endpoint = .{ .address = .v6(@splat(0)), .port = port };
                client.proxy.outside.resolve(client.proxy.outside.context, &client.question);
            },
        }
        return .over;
    }

    fn connect(client: *Client) void {
        client.state = .connecting;
        client.question.endpoint = .{ .address = client.candidates[client.candidate], .port = client.destination.port.? };
        client.proxy.outside.connect(client.proxy.outside.context, &client.question);
    }

    fn onAnswer(question: *Question, answer: Answer) void {
        const client: *Client = @fieldParentPtr("question", question);
        switch (answer) {
            .addresses => |found| {
                client.candidate_count = @min(found.len, candidates_max);
                @memcpy(client.candidates[0..client.candidate_count], found[0..client.candidate_count]);
                if (client.candidate_count == 0) _ = client.fail(.{ .errno = ENOENT }) else client.connect();
            },
            .socket => |opened| client.serve(opened),
            .denied => |denial| if (!client.tryNext()) {
                _ = client.fail(.{ .denied = denial });
            },
            .failed => |errno| if (!client.tryNext()) {
                _ = client.fail(.{ .errno = errno });
            },
        }
    }

    fn tryNext(client: *Client) bool {
        if (client.state != .connecting or client.candidate + 1 >= client.candidate_count) return false;
        client.candidate += 1;
        client.connect();
        return true;
    }

    fn serve(client: *Client, opened: Opened) void {
        const permitted: ?heads.Permitted = switch (opened.check) {
            .nothing => null,
            .name => .{ .context = client, .permits = isDestination },
            .permitted => |permitted| permitted,
        };
        const granted = switch (client.kind) {
            // The Host field that leaves is the destination's: nothing is left to check.
            .forward => permitted == null or permitted.?.permitsHost(&client.destination.host),
            .tunnel => client.take(client.head_length) and client.say("HTTP/1.1 200 Connection established\r\n\r\n"),
            .socks5 => client.take(client.head_length) and client.say(&socks.reply(.granted)),
        };
        if (!granted) {
            sys.close(opened.fd);
            if (client.kind == .forward) _ = client.fail(.{ .refused = .other_name }) else client.close();
            return;
        }
        var options: relays_.Options = .{ .near = client.fd, .far = opened.fd, .context = client, .closed = onRelayClosed };
        if (client.kind == .forward) {
            client.forward = .{};
            options.outgoing = .{ .context = client, .look = Forward.lookOutgoing };
            options.incoming = .{ .context = client, .look = Forward.lookIncoming };
        } else if (permitted) |must_be| {
            client.guard = .{ .permitted = must_be };
            options.outgoing = client.guard.inspector();
        }
        client.proxy.loop.remove(&client.watcher);
        if (client.proxy.relays.start(options) == null) {
            sys.close(opened.fd);
            client.close();
            return;
        }
        client.state = .relaying;
    }

    fn isDestination(context: *const anyopaque, name: []const u8) bool {
        const client: *const Client = @ptrCast(@alignCast(context));
        return switch (client.destination.host) {
            .name => |*destination| std.mem.eql(u8, destination.text(), name),
            .address => false,
        };
    }

    fn onRelayClosed(context: *anyopaque, end: relays_.End) void {
        const client: *Client = @ptrCast(@alignCast(context));
        client.fd = end.near;
        if (end.how != .done) return client.proxy.release(client);
        const serves_more = client.forward.keep_alive and client.forward.request == .over;
        client.state = if (serves_more) .head else .closing;
        client.deadline = loops.seconds() + @as(u64, if (serves_more) head_seconds else linger_seconds);
        if (!serves_more) client.shut();
        client.proxy.loop.add(&client.watcher, client.fd, if (serves_more) watch_head else loops.IN) catch client.close();
    }

    /// The client is told in its protocol, and the connection ends.
    fn fail(client: *Client, failure: Failure) Progress {
        if (client.kind == .socks5) return client.bye(&socks.reply(socksStatus(failure)));
        const out = &client.proxy.out;
        var text: std.Io.Writer = .fixed(out[512..]);
        var host: [262]u8 = undefined;
        const status = switch (failure) {
            .denied => |denial| told: {
                text.print("mxc: {s} is not allowed: {s}; {s} would allow it\n", .{ client.destination.write(0, &host), denial.reason, denial.remedy }) catch {};
                break :told "403 Forbidden";
            },
            .errno => |errno| told: {
                const why = switch (errno) {
                    ENOENT => "the name has no address",
                    sockets.ECONNREFUSED => "connection refused",
                    sockets.ETIMEDOUT => "timed out",
                    ENETUNREACH, EHOSTUNREACH => "unreachable",
                    else => "connection failed",
                };
                text.print("mxc: {s}: {s} (errno {d})\n", .{ client.destination.write(0, &host), why, errno }) catch {};
                break :told if (errno == sockets.ETIMEDOUT) "504 Gateway Timeout" else "502 Bad Gateway";
            },
            .refused => |reason| told: {
                text.print("mxc: {s}\n", .{reason.text()}) catch {};
                break :told switch (reason) {
                    .other_name => "403 Forbidden",
                    .unsupported_target => "501 Not Implemented",
                    .too_long => "431 Request Header Fields Too Large",
                    else => "400 Bad Request",
                };
            },
            .not_a_proxy_request => told: {
                text.writeAll("mxc: this is a proxy: requests name their host in the target\n") catch {};
                break :told "400 Bad Request";
            },
            .status => "400 Bad Request",
        };
        const body = text.buffered();
        const head = std.fmt.bufPrint(out[0..512], "HTTP/1.1 {s}\r\nContent-Type: text/plain\r\nContent-Length: {d}\r\nConnection: close\r\n\r\n", .{ status, body.len }) catch unreachable;
        std.mem.copyForwards(u8, out[head.len..], body);
        return client.bye(out[0 .. head.len + body.len]);
    }

    fn socksStatus(failure: Failure) socks.Status {
        return switch (failure) {
            .denied => .not_allowed,
            .errno => |errno| switch (errno) {
                sockets.ECONNREFUSED => .refused,
                sockets.ETIMEDOUT => .timed_out,
                ENETUNREACH => .network_unreachable,
                EHOSTUNREACH, ENOENT => .host_unreachable,
                sockets.EACCES, sockets.EPERM => .not_allowed,
                else => .failed,
            },
            .status => |status| status,
            .refused, .not_a_proxy_request => .failed,
        };
    }

    /// The last words; then only the client's end is waited for, so that closing upon bytes that it
    /// sent does not take the words away from it.
    fn bye(client: *Client, words: []const u8) Progress {
        if (client.say(words)) {
            client.shut();
            client.state = .closing;
            client.deadline = loops.seconds() + linger_seconds;
            client.proxy.loop.modify(&client.watcher, loops.IN);
        } else client.close();
        return .over;
    }

    fn say(client: *Client, words: []const u8) bool {
        const result = sys.call(.sendto, .{ client.fd, words.ptr, words.len, MSG_DONTWAIT | MSG_NOSIGNAL, @as(usize, 0), @as(usize, 0) });
        return !sys.failed(result) and result == words.len;
    }

    fn take(client: *Client, length: usize) bool {
        return relays_.discard(client.fd, length, client.proxy.relays.scratch);
    }

    fn shut(client: *Client) void {
        const SHUT_WR: u32 = 1;
        _ = sys.call(.shutdown, .{ client.fd, SHUT_WR });
    }

    fn close(client: *Client) void {
        client.proxy.loop.remove(&client.watcher);
        sys.close(client.fd);
        client.proxy.release(client);
    }
};

/// One forwarded request and its response. Both heads are written anew, without what concerns one
/// connection only (RFC 9110, 7.6.1); bodies pass as they are.
pub const Forward = struct {
    request: enum { head, body, chunks, over } = .head,
    request_length: u64 = 0,
    request_chunks: http_stream.Chunks = .{},
    response: enum { head, body, chunks } = .head,
    response_length: u64 = 0,
    response_chunks: http_stream.Chunks = .{ .extensions = true },
    to_head: bool = false,
    keep_alive: bool = false,

    fn lookOutgoing(context: *anyopaque, bytes: []const u8) relays_.Verdict {
        const client: *Client = @ptrCast(@alignCast(context));
        const forward = &client.forward;
        switch (forward.request) {
            .head => {
                // The same bytes that were decided on: they have not left the kernel's buffer.
                const request = switch (http_head.parse(bytes)) {
                    .ok => |request| request,
                    .more, .refuse => return .{ .refuse = "" },
                };
                if (request.form != .absolute or !request.authority.host.eql(&client.destination.host) or
                    (request.authority.port orelse 80) != client.destination.port.?) return .{ .refuse = "" };
                const with = writeRequest(&request, &client.proxy.out) catch return .{ .refuse = "" };
                forward.to_head = std.mem.eql(u8, request.method, "HEAD");
                forward.keep_alive = request.keep_alive;
                var then: relays_.Then = .ask_later;
                switch (request.body) {
                    .none, .until_end => {
                        forward.request = .over;
                        then = .wait;
                    },
                    .length => |length| {
                        forward.request = .body;
                        forward.request_length = length;
                    },
                    .chunked => forward.request = .chunks,
                }
                return .{ .replace = .{ .length = request.length, .with = with, .then = then } };
            },
            .body => {
                forward.request = .over;
                return .{ .pass = .{ .length = forward.request_length, .then = .wait } };
            },
            .chunks => switch (forward.request_chunks.next(bytes)) {
                .pass => |length| return .{ .pass = .{ .length = length } },
                .last => |length| {
                    forward.request = .over;
                    return .{ .pass = .{ .length = length, .then = .wait } };
                },
                .more => return .more,
                .bad => return .{ .refuse = "" },
            },
            .over => return .{ .refuse = "" },
        }
    }

    fn lookIncoming(context: *anyopaque, bytes: []const u8) relays_.Verdict {
        const client: *Client = @ptrCast(@alignCast(context));
        const forward = &client.forward;
        switch (forward.response) {
            .head => {
                const response = switch (http_head.parseResponse(bytes, forward.to_head)) {
                    .ok => |response| response,
                    .more => return .more,
                    .bad => {
                        // The client's to make something of, up to its end.
                        forward.keep_alive = false;
                        return .{ .pass = .{ .length = bytes.len, .then = .all } };
                    },
                };
                // No request asked for another protocol: the field that would was left out.
                if (response.status == 101) return .{ .refuse = "" };
                if (response.status < 200) return .{ .pass = .{ .length = response.length, .then = .ask_later } };
                var then: relays_.Then = .ask_later;
                switch (response.body) {
                    .none => then = .done,
                    .length => |length| {
                        forward.response = .body;
                        forward.response_length = length;
                    },
                    .chunked => forward.response = .chunks,
                    .until_end => {
                        forward.keep_alive = false;
                        then = .all;
                    },
                }
                const with = writeResponse(&response, forward.keep_alive, &client.proxy.out) catch return .{ .refuse = "" };
                return .{ .replace = .{ .length = response.length, .with = with, .then = then } };
            },
            .body => return .{ .pass = .{ .length = forward.response_length, .then = .done } },
            .chunks => switch (forward.response_chunks.next(bytes)) {
                .pass => |length| return .{ .pass = .{ .length = length } },
                .last => |length| return .{ .pass = .{ .length = length, .then = .done } },
                .more => return .more,
                .bad => return .{ .refuse = "" },
            },
        }
    }

    pub fn writeRequest(request: *const http_head.Request, buffer: []u8) std.Io.Writer.Error![]const u8 {
        var out: std.Io.Writer = .fixed(buffer);
        const path = request.path;
        const prefix: []const u8 = if (path.len > 0 and path[0] == '/')
            ""
        else if (path.len == 0 and std.mem.eql(u8, request.method, "OPTIONS"))
            "*"
        else
            "/";
        var authority: [262]u8 = undefined;
        try out.print("{s} {s}{s} HTTP/1.{d}\r\nHost: {s}\r\n", .{ request.method, prefix, path, request.minor, request.authority.write(80, &authority) });
        try writeFields(request.fields, &out);
        try out.writeAll("Connection: close\r\n\r\n");
        return out.buffered();
    }

    pub fn writeResponse(response: *const http_head.Response, keep_alive: bool, buffer: []u8) std.Io.Writer.Error![]const u8 {
        var out: std.Io.Writer = .fixed(buffer);
        try out.print("HTTP/1.1{s}\r\n", .{response.status_line["HTTP/1.1".len..]});
        try writeFields(response.fields, &out);
        try out.print("Connection: {s}\r\n\r\n", .{if (keep_alive) "keep-alive" else "close"});
        return out.buffered();
    }

    fn writeFields(all: http_head.Fields, out: *std.Io.Writer) std.Io.Writer.Error!void {
        var fields = all;
        while (fields.next()) |field| {
            if (isOfConnection(field, all)) continue;
            try out.print("{s}: {s}\r\n", .{ field.name, field.value });
        }
    }

    fn isOfConnection(field: http_head.Field, all: http_head.Fields) bool {
        for ([_][]const u8{ "host", "connection", "proxy-connection", "keep-alive", "proxy-authorization", "proxy-authenticate", "te", "upgrade", "http2-settings" }) |name| {
            if (field.is(name)) return true;
        }
        if (field.is("content-length") or field.is("transfer-encoding")) return false;
        var fields = all;
        while (fields.next()) |other| {
            if (!other.is("connection")) continue;
            var options = other.list();
            while (options.next()) |option| if (std.ascii.eqlIgnoreCase(option, field.name)) return true;
        }
        return false;
    }
};

test {
    _ = @import("proxy_test.zig");
}
