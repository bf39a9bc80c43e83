//! A connection of HTTP/1.x requests, one behind another: where each ends and which host each names.
//! Pure. A request for another host must not ride on a connection that was opened for a permitted
//! one, so every head is read like the first, and bodies are followed to their end.

const std = @import("std");
const corpus = @import("corpus.zig");
const heads = @import("head.zig");
const http_head = @import("http_head.zig");
const Permitted = heads.Permitted;
const Reason = heads.Reason;
const Step = heads.Step;

/// What a client sends. It is asked with the bytes that have not passed yet.
pub const Requests = struct {
    state: union(enum) { head, chunks: Chunks } = .head,
    /// A request asked for another protocol. If the server went along, what follows is no request;
    /// if it did not, it is one and is read as such.
    upgraded: bool = false,

    pub fn next(requests: *Requests, bytes: []const u8, permitted: Permitted) Step {
        if (bytes.len == 0) return .more;
        switch (requests.state) {
            .head => switch (http_head.parse(bytes)) {
                .more => return .more,
                .refuse => |reason| return .{ .refuse = if (requests.upgraded) .upgraded else reason },
                .ok => |request| {
                    if (request.form == .authority) return .{ .refuse = .connect_method };
                    if (!permitted.permitsHost(&request.authority.host)) return .{ .refuse = .other_name };
                    if (request.upgrade) requests.upgraded = true;
                    switch (request.body) {
                        .length => |length| return .{ .pass = request.length + length },
                        .chunked => requests.state = .{ .chunks = .{} },
                        .none, .until_end => {},
                    }
                    return .{ .pass = request.length };
                },
            },
            .chunks => |*chunks| switch (chunks.next(bytes)) {
                .pass => |count| return .{ .pass = count },
                .last => |count| {
                    requests.state = .head;
                    return .{ .pass = count };
                },
                .more => return .more,
                .bad => return .{ .refuse = .ambiguous_length },
            },
        }
    }
};

/// A chunked body (RFC 9112, 7.1) behind its head.
pub const Chunks = struct {
    state: enum { size, data_end, trailer } = .size,
    /// Extensions behind a size are no use to anybody, and readers differ on where they end: taken
    /// from servers only.
    extensions: bool = false,

    pub const Next = union(enum) { pass: u64, last: u64, more, bad };

    /// Longest line of a size or a trailer.
    const line_max = 4096;

    pub fn next(chunks: *Chunks, bytes: []const u8) Next {
        switch (chunks.state) {
            .size => {
                const line = switch (http_head.lineEnd(bytes)) {
                    .at => |at| bytes[0..at],
                    .more => return if (bytes.len > line_max or !couldBeSize(bytes)) .bad else .more,
                    .bad => return .bad,
                };
                const digits = line[0 .. std.mem.indexOfScalar(u8, line, ';') orelse line.len];
                if (digits.len != line.len and !chunks.extensions) return .bad;
                // 15 digits leave room to add to without overflow.
                if (digits.len == 0 or digits.len > 15 or line.len > line_max) return .bad;
                for (digits) |digit| if (!std.ascii.isHex(digit)) return .bad;
                const size = std.fmt.parseInt(u64, digits, 16) catch return .bad;
                chunks.state = if (size == 0) .trailer else .data_end;
                return .{ .pass = line.len + 2 + size };
            },
            .data_end => {
                if (bytes.len >= 1 and bytes[0] != '\r') return .bad;
                if (bytes.len < 2) return .more;
                if (bytes[1] != '\n') return .bad;
                chunks.state = .size;
                return .{ .pass = 2 };
            },
            .trailer => {
                const line = switch (http_head.lineEnd(bytes)) {
                    .at => |at| bytes[0..at],
                    .more => return if (bytes.len > line_max) .bad else .more,
                    .bad => return .bad,
                };
                if (line.len == 0) return .{ .last = 2 };
                if (line.len > line_max or !http_head.isFieldLine(line)) return .bad;
                // What would have mattered in the head must not come behind it.
                const name = line[0..std.mem.indexOfScalar(u8, line, ':').?];
                for ([_][]const u8{ "host", "content-length", "transfer-encoding", "connection", "upgrade" }) |kept| {
                    if (std.ascii.eqlIgnoreCase(name, kept)) return .bad;
                }
                return .{ .pass = line.len + 2 };
            },
        }
    }

    fn couldBeSize(bytes: []const u8) bool {
        return bytes.len == 0 or std.ascii.isHex(bytes[0]);
    }
};

const testing = std.testing;

fn onlyA(_: *const anyopaque, name: []const u8) bool {
    return std.mem.eql(u8, name, "a.test");
}

const only_a: Permitted = .{ .context = &onlyA, .permits = onlyA };

const Outcome = struct { passed: u64, refused: ?Reason };

/// Shows `bytes` in growing pieces of `part`, as a connection that delivers them so would.
fn run(bytes: []const u8, part: usize) Outcome {
    var requests: Requests = .{};
    var passed: u64 = 0;
    var seen: usize = 0;
    while (true) {
        if (passed < seen) switch (requests.next(bytes[@intCast(passed)..seen], only_a)) {
            .pass => |count| {
                std.debug.assert(count > 0);
                passed += count;
                continue;
            },
            .pass_all => unreachable,
            .more => {},
            .refuse => |reason| return .{ .passed = passed, .refused = reason },
        };
        if (seen == bytes.len) return .{ .passed = @min(passed, seen), .refused = null };
        seen = @min(seen + part, bytes.len);
    }
}

fn expectAll(text: []const u8) !void {
    for ([_]usize{ 1, 2, 7, 10_000 }) |part| {
        try testing.expectEqual(Outcome{ .passed = text.len, .refused = null }, run(text, part));
    }
}

fn expectRefused(reason: Reason, passed: u64, text: []const u8) !void {
    for ([_]usize{ 1, 3, 10_000 }) |part| {
        try testing.expectEqual(Outcome{ .passed = passed, .refused = reason }, run(text, part));
    }
}

const get = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const get_other = "GET / HTTP/1.1\r\nHost: b.test\r\n\r\n";
const post = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello";
const chunked = "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n";
const upgrade = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

test "requests one behind another" {
    try expectAll(get ++ post ++ get);
    try expectAll(chunked ++ "5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n" ++ get);
    try expectAll(chunked ++ "0\r\nDigest: x\r\n\r\n" ++ post);
}

test "a later request for another host" {
    try expectRefused(.other_name, 0, get_other);
    try expectRefused(.other_name, get.len, get ++ get_other);
    try expectRefused(.other_name, post.len, post ++ get_other);
    const body = chunked ++ "5\r\nhello\r\n0\r\n\r\n";
    try expectRefused(.other_name, body.len, body ++ get_other);
    try expectRefused(.connect_method, get.len, get ++ "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
    try expectRefused(.unknown_protocol, get.len, get ++ "\x16\x03\x01");
    try expectRefused(.other_name, 0, "GET / HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n");
}

test "a body is a body, whatever it looks like" {
    try expectAll("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 32\r\n\r\n" ++ get_other ++ get);
    try testing.expectEqual(32, get_other.len);
}

test "chunks that readers differ on" {
    for ([_][]const u8{ "5;a=b\r\nhello\r\n", "+5\r\n", "0x5\r\n", " 5\r\n", "\r\n", "5\nhello", "1234567890abcdef\r\n", "5 \r\n", "g\r\n" }) |bad| {
        var buffer: [256]u8 = undefined;
        try expectRefused(.ambiguous_length, chunked.len, try std.fmt.bufPrint(&buffer, "{s}{s}", .{ chunked, bad }));
    }
    const one = chunked ++ "5\r\nhello";
    try expectRefused(.ambiguous_length, one.len, one ++ "x\r\n");
    try expectRefused(.ambiguous_length, one.len, one ++ "\n0\r\n\r\n");
    const end = chunked ++ "0\r\n";
    try expectRefused(.ambiguous_length, end.len, end ++ "Host: b.test\r\n\r\n");
    try expectRefused(.ambiguous_length, end.len, end ++ get_other);
}

test "after an upgrade only requests pass" {
    try expectAll(upgrade ++ get);
    try expectRefused(.upgraded, upgrade.len, upgrade ++ "\x81\x05hello");
    try expectRefused(.upgraded, upgrade.len, upgrade ++ "PRI * HTTP/2.0\r\n\r\n");
    try expectRefused(.other_name, upgrade.len, upgrade ++ get_other);
}

/// In whatever pieces the bytes come, as many pass; and each head that passes names "a.test".
fn checkPieces(bytes: []const u8) anyerror!void {
    const whole = run(bytes, bytes.len + 1);
    for ([_]usize{ 1, 5, 64 }) |part| {
        const pieces = run(bytes, part);
        try testing.expectEqual(whole.passed, pieces.passed);
        try testing.expectEqual(whole.refused == null, pieces.refused == null);
    }
}

const fuzz_texts = [_][]const u8{
    get ++ post ++ get_other,
    chunked ++ "5\r\nhello\r\nA\r\n0123456789\r\n0\r\nDigest: x\r\n\r\n" ++ get,
    upgrade ++ get,
    "GET http://a.test:80/x HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n" ++ get,
};

test "fuzz: streams of requests" {
    const Once = struct {
        fn one(_: void, smith: *testing.Smith) anyerror!void {
            var buffer: [1024]u8 = undefined;
            try checkPieces(buffer[0..smith.slice(&buffer)]);
        }
    };
    try testing.fuzz({}, Once.one, .{ .corpus = corpus.entries(&fuzz_texts) });
    try corpus.changed(&fuzz_texts, 3_000, checkPieces);
}
