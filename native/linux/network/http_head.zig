//! The heads of HTTP/1.x messages (RFC 9112), read strictly: what two readers could take for two
//! different requests is refused. Pure.

const std = @import("std");
const authorities = @import("authority.zig");
const heads = @import("head.zig");
const Authority = authorities.Authority;
const Reason = heads.Reason;

/// How the body behind a head is delimited.
pub const Body = union(enum) {
    none,
    length: u64,
    chunked,
    /// Responses only.
    until_end,
};

pub const Form = enum {
    /// "/path"
    origin,
    /// "http://host/path"
    absolute,
    /// "host:port", with CONNECT
    authority,
    /// "*", with OPTIONS
    asterisk,
};

pub const Request = struct {
    /// The blank line included.
    length: usize,
    method: []const u8,
    target: []const u8,
    form: Form,
    /// What follows the authority in an absolute target; else the target.
    path: []const u8,
    /// HTTP/1.0 or 1.1.
    minor: u1,
    /// The target's authority where it has one, else the Host field's.
    authority: Authority,
    fields: Fields,
    body: Body,
    /// Asks for another protocol on this connection.
    upgrade: bool,
    /// The client means to send another request.
    keep_alive: bool,
};

pub const Result = union(enum) { more, ok: Request, refuse: Reason };

/// The request that `bytes` begin with. A Host field is required, and must agree with an absolute
/// target; a CONNECT may do without.
pub fn parse(bytes: []const u8) Result {
    const given = bytes[0..@min(bytes.len, heads.head_max)];
    const line_end = switch (lineEnd(given)) {
        .at => |at| at,
        .more => {
            if (!couldBeRequestLine(given)) return .{ .refuse = .unknown_protocol };
            return if (given.len == heads.head_max) .{ .refuse = .too_long } else .more;
        },
        .bad => return .{ .refuse = .unknown_protocol },
    };
    var request: Request = undefined;
    if (!parseRequestLine(given[0..line_end], &request)) return .{ .refuse = .unknown_protocol };
    const fields = switch (fieldLines(given[line_end + 2 ..])) {
        .ok => |lines| lines,
        .more => return if (given.len == heads.head_max) .{ .refuse = .too_long } else .more,
        .bad => return .{ .refuse = .malformed_http },
    };
    request.fields = .{ .lines = fields };
    request.length = line_end + 2 + fields.len + 2;
    if (refusal(&request)) |reason| return .{ .refuse = reason };
    return .{ .ok = request };
}

/// Reads the fields and the target; sets what depends on them.
fn refusal(request: *Request) ?Reason {
    var host: ?Authority = null;
    var framing: Framing = .{};
    request.upgrade = false;
    request.keep_alive = request.minor == 1;
    var fields = request.fields;
    while (fields.next()) |field| {
        if (field.is("host")) {
            if (host != null) return .several_hosts;
            host = authorities.parse(field.value) orelse return .bad_host;
        } else if (field.is("upgrade") or field.is("http2-settings")) {
            request.upgrade = true;
        } else if (field.is("connection") or field.is("proxy-connection")) {
            var options = field.list();
            while (options.next()) |option| {
                if (std.ascii.eqlIgnoreCase(option, "close")) request.keep_alive = false;
                if (std.ascii.eqlIgnoreCase(option, "keep-alive") and request.minor == 0) request.keep_alive = true;
                // These decide where the message ends and where it goes; no next hop may lose them.
                for ([_][]const u8{ "host", "content-length", "transfer-encoding" }) |kept| {
                    if (std.ascii.eqlIgnoreCase(option, kept)) return .ambiguous_length;
                }
            }
        } else if (!framing.read(field)) return .ambiguous_length;
    }
    request.body = framing.body() orelse return .ambiguous_length;
    if (request.body == .chunked and request.minor == 0) return .ambiguous_length;

    const is_connect = std.mem.eql(u8, request.method, "CONNECT");
    request.path = request.target;
    const named: ?Authority = switch (request.target[0]) {
        '/' => form: {
            request.form = .origin;
            break :form null;
        },
        '*' => form: {
            if (request.target.len != 1 or !std.mem.eql(u8, request.method, "OPTIONS")) return .malformed_http;
            request.form = .asterisk;
            break :form null;
        },
        else => form: {
            if (is_connect) {
                request.form = .authority;
                const target = authorities.parse(request.target) orelse return .bad_host;
                if (target.port == null) return .bad_host;
                break :form target;
            }
            request.form = .absolute;
            if (!std.ascii.startsWithIgnoreCase(request.target, "http://")) return .unsupported_target;
            const rest = request.target["http://".len..];
            const end = std.mem.indexOfAny(u8, rest, "/?") orelse rest.len;
            request.path = rest[end..];
            break :form authorities.parse(rest[0..end]) orelse return .bad_host;
        },
    };
    if (is_connect and (request.form != .authority or request.body != .none)) return .malformed_http;
    if (std.mem.indexOfScalar(u8, request.target, '#') != null) return .malformed_http;

    if (named) |target| {
        if (host) |*said| {
            if (!said.host.eql(&target.host)) return .host_mismatch;
            // A CONNECT's Host field often lacks the port.
            const default_port: ?u16 = if (is_connect) target.port else 80;
            if ((said.port orelse default_port) != (target.port orelse default_port)) return .host_mismatch;
        } else if (!is_connect) return .no_host;
        request.authority = target;
    } else request.authority = host orelse return .no_host;
    return null;
}

pub const Response = struct {
    /// The blank line included.
    length: usize,
    /// Without the end of the line.
    status_line: []const u8,
    status: u16,
    fields: Fields,
    body: Body,
};

pub const ResponseResult = union(enum) { more, ok: Response, bad };

/// `bytes` are all that may be looked at: a head that needs more is bad. `to_head`: it answers a
/// HEAD request.
pub fn parseResponse(bytes: []const u8, to_head: bool) ResponseResult {
    const line_end = switch (lineEnd(bytes)) {
        .at => |at| at,
        .more => return if (bytes.len >= heads.head_max) .bad else .more,
        .bad => return .bad,
    };
    const line = bytes[0..line_end];
    if (line.len < 12 or !std.mem.startsWith(u8, line, "HTTP/1.") or line[8] != ' ') return .bad;
    if (line.len > 12 and line[12] != ' ') return .bad;
    for (line[9..12]) |digit| if (!std.ascii.isDigit(digit)) return .bad;
    const status = std.fmt.parseInt(u16, line[9..12], 10) catch return .bad;
    const lines = switch (fieldLines(bytes[line_end + 2 ..])) {
        .ok => |lines| lines,
        .more => return if (bytes.len >= heads.head_max) .bad else .more,
        .bad => return .bad,
    };
    var response: Response = .{
        .length = line_end + 2 + lines.len + 2,
        .status_line = line,
        .status = status,
        .fields = .{ .lines = lines },
        .body = .until_end,
    };
    var framing: Framing = .{};
    var fields = response.fields;
    while (fields.next()) |field| if (!framing.read(field)) return .bad;
    if (to_head or status < 200 or status == 204 or status == 304) {
        response.body = .none;
    } else if (framing.length != null or framing.chunked) {
        response.body = framing.body() orelse return .bad;
    }
    return .{ .ok = response };
}

/// Content-Length and Transfer-Encoding, each once at most and not both (RFC 9112, 6.3 and 11.2).
const Framing = struct {
    length: ?u64 = null,
    chunked: bool = false,

    /// False: the field says something that readers differ on.
    fn read(framing: *Framing, field: Field) bool {
        if (field.is("content-length")) {
            if (framing.length != null or field.value.len == 0 or field.value.len > 18) return false;
            for (field.value) |byte| if (!std.ascii.isDigit(byte)) return false;
            framing.length = std.fmt.parseInt(u64, field.value, 10) catch return false;
        } else if (field.is("transfer-encoding")) {
            if (framing.chunked or !std.ascii.eqlIgnoreCase(field.value, "chunked")) return false;
            framing.chunked = true;
        }
        return true;
    }

    fn body(framing: *const Framing) ?Body {
        if (framing.chunked) return if (framing.length == null) .chunked else null;
        const length = framing.length orelse return .none;
        return if (length == 0) .none else .{ .length = length };
    }
};

pub const Field = struct {
    name: []const u8,
    /// No white space around it.
    value: []const u8,

    pub fn is(field: Field, lower: []const u8) bool {
        return std.ascii.eqlIgnoreCase(field.name, lower);
    }

    /// The parts of a value that is a list.
    pub fn list(field: Field) List {
        return .{ .parts = std.mem.splitScalar(u8, field.value, ',') };
    }
};

pub const List = struct {
    parts: std.mem.SplitIterator(u8, .scalar),

    pub fn next(list: *List) ?[]const u8 {
        while (list.parts.next()) |part| {
            const text = std.mem.trim(u8, part, " \t");
            if (text.len > 0) return text;
        }
        return null;
    }
};

/// Lines that `fieldLines` found good, each with its end.
pub const Fields = struct {
    lines: []const u8,

    pub fn next(fields: *Fields) ?Field {
        if (fields.lines.len == 0) return null;
        const end = std.mem.indexOfScalar(u8, fields.lines, '\n').?;
        const line = fields.lines[0 .. end - 1];
        fields.lines = fields.lines[end + 1 ..];
        const colon = std.mem.indexOfScalar(u8, line, ':').?;
        return .{ .name = line[0..colon], .value = std.mem.trim(u8, line[colon + 1 ..], " \t") };
    }
};

const Lines = union(enum) { ok: []const u8, more, bad };

/// The field lines up to the blank one, which is not among them. A line that goes on in the next, a
/// bare CR or LF, a control character, white space in front of the colon: bad.
fn fieldLines(bytes: []const u8) Lines {
    var at: usize = 0;
    while (true) {
        switch (lineEnd(bytes[at..])) {
            .at => |length| {
                if (length == 0) return .{ .ok = bytes[0..at] };
                if (!isFieldLine(bytes[at..][0..length])) return .bad;
                at += length + 2;
            },
            .more => return .more,
            .bad => return .bad,
        }
    }
}

/// One field line without its end.
pub fn isFieldLine(line: []const u8) bool {
    const colon = std.mem.indexOfScalar(u8, line, ':') orelse return false;
    if (colon == 0) return false;
    for (line[0..colon]) |byte| if (!isTokenByte(byte)) return false;
    return true;
}

pub const LineEnd = union(enum) { at: usize, more, bad };

/// The length of the first line, whose end is CR LF and nothing else, and which has no control
/// characters but tabs.
pub fn lineEnd(bytes: []const u8) LineEnd {
    for (bytes, 0..) |byte, index| switch (byte) {
        '\r' => {
            if (index + 1 == bytes.len) return .more;
            return if (bytes[index + 1] == '\n') .{ .at = index } else .bad;
        },
        '\t', ' '...'~', 0x80...0xff => {},
        else => return .bad,
    };
    return .more;
}

/// token of RFC 9110, 5.6.2.
fn isTokenByte(byte: u8) bool {
    return switch (byte) {
        'a'...'z', 'A'...'Z', '0'...'9' => true,
        '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~' => true,
        else => false,
    };
}

const method_max = 32;

fn parseRequestLine(line: []const u8, request: *Request) bool {
    const first = std.mem.indexOfScalar(u8, line, ' ') orelse return false;
    const last = std.mem.lastIndexOfScalar(u8, line, ' ').?;
    if (first == 0 or first > method_max or last <= first + 1) return false;
    for (line[0..first]) |byte| if (!isTokenByte(byte)) return false;
    request.method = line[0..first];
    request.target = line[first + 1 .. last];
    for (request.target) |byte| if (byte <= ' ' or byte == 0x7f) return false;
    const version = line[last + 1 ..];
    if (std.mem.eql(u8, version, "HTTP/1.1")) {
        request.minor = 1;
    } else if (std.mem.eql(u8, version, "HTTP/1.0")) {
        request.minor = 0;
    } else return false;
    return true;
}

/// An unfinished first line: a method, and then anything.
fn couldBeRequestLine(bytes: []const u8) bool {
    const method = bytes[0 .. std.mem.indexOfScalar(u8, bytes, ' ') orelse bytes.len];
    if (method.len > method_max or (method.len == 0 and bytes.len > 0)) return false;
    for (method) |byte| if (!isTokenByte(byte)) return false;
    return true;
}

const testing = std.testing;

fn expectRefusal(reason: Reason, text: []const u8) !void {
    switch (parse(text)) {
        .refuse => |refused| try testing.expectEqual(reason, refused),
        else => return error.NotRefused,
    }
}

test "requests" {
    const get = parse("GET /a?b HTTP/1.1\r\nHost: Example.test:8080\r\nAccept: */*\r\n\r\nrest").ok;
    try testing.expectEqualStrings("GET", get.method);
    try testing.expectEqualStrings("example.test", get.authority.host.name.text());
    try testing.expectEqual(8080, get.authority.port.?);
    try testing.expect(get.body == .none and get.keep_alive and get.form == .origin and !get.upgrade);
    const post = parse("POST http://a.test:81?q HTTP/1.1\r\nhost:a.test:81\r\ncontent-length: 12 \r\n\r\n").ok;
    try testing.expectEqual(12, post.body.length);
    try testing.expectEqualStrings("?q", post.path);
    try testing.expect(post.form == .absolute);
    const connect = parse("CONNECT a.test:443 HTTP/1.0\r\n\r\n").ok;
    try testing.expect(connect.form == .authority and connect.authority.port.? == 443 and !connect.keep_alive);
    try testing.expect(parse("OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n").ok.form == .asterisk);
    try testing.expect(parse("GET / HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n").ok.upgrade);
}

test "what is refused, and why" {
    try expectRefusal(.no_host, "GET / HTTP/1.1\r\nA: b\r\n\r\n");
    try expectRefusal(.several_hosts, "GET / HTTP/1.1\r\nHost: a.test\r\nHost: a.test\r\n\r\n");
    try expectRefusal(.bad_host, "GET / HTTP/1.1\r\nHost: a.test, b.test\r\n\r\n");
    try expectRefusal(.bad_host, "GET / HTTP/1.1\r\nHost: u@a.test\r\n\r\n");
    try expectRefusal(.bad_host, "GET / HTTP/1.1\r\nHost:\r\n\r\n");
    try expectRefusal(.host_mismatch, "GET http://b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
    try expectRefusal(.host_mismatch, "GET http://a.test:81/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
    try expectRefusal(.host_mismatch, "CONNECT b.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
    try expectRefusal(.unsupported_target, "GET https://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
    try expectRefusal(.bad_host, "GET http://u:p@a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
    // A line that goes on, space in front of the colon, bare line ends, a NUL.
    try expectRefusal(.malformed_http, "GET / HTTP/1.1\r\nHost: a.test\r\n b\r\n\r\n");
    try expectRefusal(.malformed_http, "GET / HTTP/1.1\r\nHost : a.test\r\n\r\n");
    try expectRefusal(.malformed_http, "GET / HTTP/1.1\r\nHost: a.test\nX: y\r\n\r\n");
    try expectRefusal(.malformed_http, "GET / HTTP/1.1\r\nHost: a.test\rX: y\r\n\r\n");
    try expectRefusal(.malformed_http, "GET / HTTP/1.1\r\nHost: a.test\x00\r\n\r\n");
    try expectRefusal(.ambiguous_length, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n");
    try expectRefusal(.ambiguous_length, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1, 1\r\n\r\n");
    try expectRefusal(.ambiguous_length, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: +1\r\n\r\n");
    try expectRefusal(.ambiguous_length, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
    try expectRefusal(.ambiguous_length, "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n");
    try expectRefusal(.ambiguous_length, "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: gzip, chunked\r\n\r\n");
    try expectRefusal(.ambiguous_length, "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: xchunked\r\n\r\n");
    try expectRefusal(.malformed_http, "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding:\x0bchunked\r\n\r\n");
    try expectRefusal(.ambiguous_length, "POST / HTTP/1.0\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
    try expectRefusal(.ambiguous_length, "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close, Host\r\n\r\n");
    try expectRefusal(.unknown_protocol, "SSH-2.0-OpenSSH_9.2\r\n");
    try expectRefusal(.unknown_protocol, "GET / HTTP/2.0\r\nHost: a.test\r\n\r\n");
    try expectRefusal(.unknown_protocol, "GET  / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    try expectRefusal(.unknown_protocol, "\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    try expectRefusal(.unknown_protocol, "\x01");
    try expectRefusal(.malformed_http, "GET * HTTP/1.1\r\nHost: a.test\r\n\r\n");
    try expectRefusal(.malformed_http, "CONNECT / HTTP/1.1\r\nHost: a.test\r\n\r\n");
}

test "unfinished heads wait, up to their bound" {
    const text = "GET /path HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\n\r\n";
    for (0..text.len) |length| try testing.expect(parse(text[0..length]) == .more);
    try testing.expect(parse(text) == .ok);
    var long: [heads.head_max + 1]u8 = @splat('a');
    @memcpy(long[0..20], "GET / HTTP/1.1\r\nA: b");
    try testing.expect(parse(long[0 .. heads.head_max - 1]) == .more);
    try expectRefusal(.too_long, &long);
}

test "responses" {
    const ok = parseResponse("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", false).ok;
    try testing.expectEqual(3, ok.body.length);
    try testing.expect(parseResponse("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", true).ok.body == .none);
    try testing.expect(parseResponse("HTTP/1.0 200\r\n\r\n", false).ok.body == .until_end);
    try testing.expect(parseResponse("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false).ok.body == .none);
    try testing.expect(parseResponse("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", false).ok.body == .none);
    try testing.expect(parseResponse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false).ok.body == .chunked);
    try testing.expect(parseResponse("<html>\r\n", false) == .bad);
    try testing.expect(parseResponse("HTTP/1.1 200 OK\r\n", false) == .more);
}
