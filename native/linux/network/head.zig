//! The first bytes of a connection that was granted by name: which name do they give? Pure, and
//! without memory: it is asked with all bytes from the first one on, again when there are more.
//!
//! TLS: the server name of the ClientHello (RFC 8446, 4.1.2; RFC 6066, 3), however it is cut into
//! records. HTTP/1.x: the Host field (http_head.zig). Anything else gives no name and is refused,
//! and so is what could be read in two ways. A head has at most `head_max` bytes.

const std = @import("std");
const authorities = @import("authority.zig");
const corpus = @import("corpus.zig");
const http_head = @import("http_head.zig");
const Name = authorities.Name;

/// Bytes, records' headers included: eight times a ClientHello with a post-quantum key share, and
/// what common HTTP servers take for a head.
pub const head_max = 16 * 1024;

/// Why bytes may not leave.
pub const Reason = enum {
    unknown_protocol,
    too_long,
    incomplete,
    malformed_tls,
    no_server_name,
    several_server_names,
    bad_server_name,
    encrypted_client_hello,
    malformed_http,
    no_host,
    several_hosts,
    bad_host,
    host_mismatch,
    unsupported_target,
    ambiguous_length,
    http2_without_tls,
    connect_method,
    upgraded,
    other_name,

    pub fn text(reason: Reason) []const u8 {
        return switch (reason) {
            .unknown_protocol => "the first bytes are neither TLS nor HTTP/1, so they give no name to check",
            .too_long => "the first bytes give no name within 16 KiB",
            .incomplete => "the connection ended before it gave a name",
            .malformed_tls => "the TLS ClientHello is malformed",
            .no_server_name => "the TLS ClientHello gives no server name (SNI)",
            .several_server_names => "the TLS ClientHello gives more than one server name",
            .bad_server_name => "the server name of the TLS ClientHello is no host name",
            .encrypted_client_hello => "the TLS ClientHello may hold an encrypted one (ECH) with another name",
            .malformed_http => "the HTTP request is malformed",
            .no_host => "the HTTP request has no Host field",
            .several_hosts => "the HTTP request has more than one Host field",
            .bad_host => "the HTTP request's Host field or target is no host name",
            .host_mismatch => "the HTTP request's target and Host field differ",
            .unsupported_target => "the HTTP request's target is of another scheme than http",
            .ambiguous_length => "the HTTP request's length can be read in two ways",
            .http2_without_tls => "HTTP/2 without TLS gives its names where they are not checked",
            .connect_method => "an HTTP CONNECT goes on to a host that is not checked",
            .upgraded => "after an HTTP Upgrade the bytes give no name to check",
            .other_name => "the name given is not one that the destination was granted for",
        };
    }
};

/// Which names a connection may give.
pub const Permitted = struct {
    context: *const anyopaque,
    /// `name` as `authority.Name` has it.
    permits: *const fn (context: *const anyopaque, name: []const u8) bool,

    pub fn permitsHost(permitted: Permitted, host: *const authorities.Host) bool {
        return switch (host.*) {
            .name => |*name| permitted.permits(permitted.context, name.text()),
            .address => false,
        };
    }
};

pub const Head = struct {
    name: Name,
    is_tls: bool,
    /// How many of the bytes were looked at.
    length: usize,
    /// TLS only: data of an earlier session may follow at once.
    early_data: bool = false,
};

pub const Answer = union(enum) { more, ok: Head, refuse: Reason };

pub fn look(bytes: []const u8) Answer {
    if (bytes.len == 0) return .more;
    if (bytes[0] == record_handshake) return hello(bytes);
    const preface = "PRI * HTTP/2.0\r\n";
    if (std.mem.startsWith(u8, bytes, preface)) return .{ .refuse = .http2_without_tls };
    if (std.mem.startsWith(u8, preface, bytes)) return .more;
    return switch (http_head.parse(bytes)) {
        .more => .more,
        .refuse => |reason| .{ .refuse = reason },
        .ok => |request| switch (request.authority.host) {
            .name => |name| if (request.form == .authority)
                .{ .refuse = .connect_method }
            else
                .{ .ok = .{ .name = name, .is_tls = false, .length = request.length } },
            .address => .{ .refuse = .bad_host },
        },
    };
}

/// Content types of records (RFC 8446, B.1).
const record_change_cipher = 20;
const record_handshake = 22;
const record_application = 23;
const record_heartbeat = 24;
const handshake_client_hello = 1;
/// Of a record in the clear, and of an encrypted one (RFC 5246, 6.2).
const plain_max = 1 << 14;
const record_max = plain_max + 2048;

const extension_server_name = 0;
const extension_early_data = 42;
const extension_encrypted_hello = 0xfe0d;
/// The draft before (ESNI).
const extension_encrypted_name = 0xffce;

/// One ClientHello, whole, and nothing else in its records.
fn hello(all: []const u8) Answer {
    const bytes = all[0..@min(all.len, head_max)];
    const unfinished: Answer = if (bytes.len == head_max) .{ .refuse = .too_long } else .more;
    var message: [head_max]u8 = undefined;
    var length: usize = 0;
    var at: usize = 0;
    while (true) {
        const header = bytes[at..];
        if (header.len > 0 and header[0] != record_handshake) return .{ .refuse = .malformed_tls };
        if (header.len > 1 and header[1] != 3) return .{ .refuse = .malformed_tls };
        if (header.len > 2 and header[2] > 4) return .{ .refuse = .malformed_tls };
        if (header.len < 5) return unfinished;
        const size = std.mem.readInt(u16, header[3..5], .big);
        if (size == 0 or size > plain_max) return .{ .refuse = .malformed_tls };
        const part = header[5..@min(header.len, 5 + @as(usize, size))];
        @memcpy(message[length..][0..part.len], part);
        if (length + part.len >= 1 and message[0] != handshake_client_hello) return .{ .refuse = .malformed_tls };
        if (length + part.len >= 4) {
            const wanted = 4 + @as(usize, std.mem.readInt(u24, message[1..4], .big));
            if (wanted > head_max) return .{ .refuse = .too_long };
            if (length + size > wanted) return .{ .refuse = .malformed_tls };
            if (length + part.len == wanted) return helloName(message[4..wanted], at + 5 + size);
        }
        if (part.len < size) return unfinished;
        length += part.len;
        at += 5 + part.len;
    }
}

fn helloName(body: []const u8, length: usize) Answer {
    var reader: Reader = .{ .bytes = body };
    const result = readHello(&reader, length) catch return .{ .refuse = .malformed_tls };
    return result;
}

fn readHello(reader: *Reader, length: usize) error{Short}!Answer {
    const malformed: Answer = .{ .refuse = .malformed_tls };
    const version = try reader.take(2);
    if (version[0] != 3) return malformed;
    _ = try reader.take(32);
    if ((try reader.sized(u8)).len > 32) return malformed;
    const suites = try reader.sized(u16);
    if (suites.len < 2 or suites.len % 2 != 0) return malformed;
    if ((try reader.sized(u8)).len == 0) return malformed;
    if (reader.bytes.len == 0) return .{ .refuse = .no_server_name };
    var extensions: Reader = .{ .bytes = try reader.sized(u16) };
    if (reader.bytes.len != 0) return malformed;

    var head: Head = .{ .name = undefined, .is_tls = true, .length = length };
    var has_name = false;
    while (extensions.bytes.len > 0) {
        const kind = std.mem.readInt(u16, (try extensions.take(2))[0..2], .big);
        var data: Reader = .{ .bytes = try extensions.sized(u16) };
        switch (kind) {
            extension_server_name => {
                if (has_name) return .{ .refuse = .several_server_names };
                var list: Reader = .{ .bytes = try data.sized(u16) };
                if (data.bytes.len != 0) return malformed;
                // Only host names were ever defined as an entry's type.
                if ((try list.take(1))[0] != 0) return .{ .refuse = .bad_server_name };
                const name = try list.sized(u16);
                if (list.bytes.len != 0) return .{ .refuse = .several_server_names };
                head.name = Name.of(name) orelse return .{ .refuse = .bad_server_name };
                has_name = true;
            },
            extension_encrypted_hello, extension_encrypted_name => return .{ .refuse = .encrypted_client_hello },
            extension_early_data => head.early_data = true,
            else => {},
        }
    }
    return if (has_name) .{ .ok = head } else .{ .refuse = .no_server_name };
}

const Reader = struct {
    bytes: []const u8,

    fn take(reader: *Reader, count: usize) error{Short}![]const u8 {
        if (count > reader.bytes.len) return error.Short;
        defer reader.bytes = reader.bytes[count..];
        return reader.bytes[0..count];
    }

    fn sized(reader: *Reader, comptime Length: type) error{Short}![]const u8 {
        const bytes = try reader.take(@sizeOf(Length));
        return reader.take(std.mem.readInt(Length, bytes[0..@sizeOf(Length)], .big));
    }
};

/// What an incremental reader says of the next bytes.
pub const Step = union(enum) {
    /// That many bytes, one at least, may leave, those not seen yet included; the next look is at
    /// what follows them.
    pass: u64,
    /// All that follow.
    pass_all,
    more,
    refuse: Reason,
};

/// What follows the first ClientHello, as far as it is in the clear: a server may ask for a second
/// one (HelloRetryRequest, RFC 8446, 4.1.4), which must give a permitted name like the first.
pub const Tls = struct {
    early_data: bool,

    pub fn next(tls: *Tls, bytes: []const u8, permitted: Permitted) Step {
        if (bytes.len < 5) return .more;
        if (bytes[0] < record_change_cipher or bytes[0] > record_heartbeat or bytes[1] != 3) return .{ .refuse = .malformed_tls };
        const size = std.mem.readInt(u16, bytes[3..5], .big);
        if (size > record_max) return .{ .refuse = .malformed_tls };
        switch (bytes[0]) {
            record_handshake => {
                if (size == 0) return .{ .refuse = .malformed_tls };
                const wanted = 5 + @as(usize, @min(size, 6));
                if (bytes.len < wanted) return .more;
                if (!isHello(bytes[5..wanted], size)) return .pass_all;
                return switch (hello(bytes)) {
                    .more => .more,
                    .refuse => |reason| .{ .refuse = reason },
                    .ok => |head| if (permitted.permits(permitted.context, head.name.text()))
                        .pass_all
                    else
                        .{ .refuse = .other_name },
                };
            },
            // What is encrypted ends the greeting, but for data of an earlier session, behind which
            // a second ClientHello may come.
            record_application => return if (tls.early_data) .{ .pass = 5 + @as(u64, size) } else .pass_all,
            else => return .{ .pass = 5 + @as(u64, size) },
        }
    }

    /// Up to TLS 1.2 the record may be an encrypted Finished, of 16 bytes at least and beginning with
    /// anything; that it looks like a ClientHello happens once in 2^32.
    fn isHello(start: []const u8, size: u16) bool {
        if (start[0] != handshake_client_hello) return false;
        return size < 16 or (start[1] == 0 and start[4] == 3);
    }
};

const testing = std.testing;

fn TestHello(comptime extensions: []const u8) type {
    return struct {
        const random: [32]u8 = @splat(7);
        const body = [_]u8{ 3, 3 } ++ random ++ [_]u8{0} ++ [_]u8{ 0, 2, 0x13, 1 } ++ [_]u8{ 1, 0 } ++
            size16(extensions.len) ++ extensions[0..extensions.len].*;
        const message = [_]u8{ 1, 0 } ++ size16(body.len) ++ body;
        const record = [_]u8{ 22, 3, 1 } ++ size16(message.len) ++ message;
    };
}

fn size16(comptime length: usize) [2]u8 {
    return .{ @intCast(length >> 8), @truncate(length) };
}

fn extension(comptime kind: u16, comptime data: []const u8) []const u8 {
    return &(size16(kind) ++ size16(data.len) ++ data[0..data.len].*);
}

fn serverName(comptime name: []const u8) []const u8 {
    const entry = [_]u8{0} ++ size16(name.len) ++ name[0..name.len].*;
    return extension(extension_server_name, &(size16(entry.len) ++ entry));
}

/// The message cut into records of `part` bytes.
fn cut(message: []const u8, part: usize, out: []u8) []u8 {
    var length: usize = 0;
    var rest = message;
    while (rest.len > 0) {
        const size = @min(part, rest.len);
        out[length..][0..5].* = .{ 22, 3, 1, @intCast(size >> 8), @truncate(size) };
        @memcpy(out[length + 5 ..][0..size], rest[0..size]);
        length += 5 + size;
        rest = rest[size..];
    }
    return out[0..length];
}

const other_extension = extension(10, &.{ 0, 2, 0, 29 });
const good = TestHello(other_extension ++ serverName("Api.Example.test") ++ extension(16, "\x00\x03\x02h2"));

test "server names" {
    const head = look(&good.record).ok;
    try testing.expectEqualStrings("api.example.test", head.name.text());
    try testing.expect(head.is_tls and head.length == good.record.len and !head.early_data);
    for (0..good.record.len) |length| try testing.expect(look(good.record[0..length]) == .more);
    for ([_]usize{ 1, 2, 3, 5, 50 }) |part| {
        var buffer: [1024]u8 = undefined;
        const records = cut(&good.message, part, &buffer);
        try testing.expectEqualStrings("api.example.test", look(records).ok.name.text());
        try testing.expect(look(records[0 .. records.len - 1]) == .more);
    }
}

fn expectRefusal(reason: Reason, bytes: []const u8) !void {
    switch (look(bytes)) {
        .refuse => |refused| try testing.expectEqual(reason, refused),
        else => return error.NotRefused,
    }
}

test "what is refused, and why" {
    try expectRefusal(.no_server_name, &TestHello(other_extension).record);
    try expectRefusal(.several_server_names, &TestHello(serverName("a.test") ++ serverName("a.test")).record);
    const two = "\x00\x00\x06a.test\x00\x00\x06b.test";
    try expectRefusal(.several_server_names, &TestHello(extension(0, &size16(two.len) ++ two)).record);
    try expectRefusal(.encrypted_client_hello, &TestHello(serverName("a.test") ++ extension(0xfe0d, "\x00")).record);
    try expectRefusal(.encrypted_client_hello, &TestHello(serverName("a.test") ++ extension(0xffce, "")).record);
    inline for (.{ "a.test.", "", "10.0.0.1", "::1", "a.test\x00.b.test", "b\xc3\xbccher.test", "a..test", "*.test" }) |name| {
        try expectRefusal(.bad_server_name, &TestHello(serverName(name)).record);
    }
    // An empty list, one too long, bytes behind the extensions, behind the message, another message.
    try expectRefusal(.malformed_tls, &TestHello(extension(0, "\x00\x00")).record);
    try expectRefusal(.malformed_tls, &TestHello(extension(0, "\x00\x09\x00\x00\x06a.test"[0..9])).record);
    try expectRefusal(.malformed_tls, &([_]u8{ 22, 3, 1 } ++ size16(good.message.len + 4) ++ good.message ++ [_]u8{ 1, 0, 0, 0 }));
    try expectRefusal(.malformed_tls, &.{ 22, 3, 1, 0, 4, 2 });
    try expectRefusal(.malformed_tls, &.{ 22, 3, 1, 0, 0 });
    try expectRefusal(.malformed_tls, &.{ 22, 2 });
    try expectRefusal(.malformed_tls, &([_]u8{ 22, 3, 1, 0, 1, 1 } ++ [_]u8{ 23, 3, 1, 0, 1 }));
    try expectRefusal(.too_long, &.{ 22, 3, 1, 0, 4, 1, 1, 0, 0 });
    try expectRefusal(.http2_without_tls, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    try expectRefusal(.unknown_protocol, "SSH-2.0-x\r\n");
    try expectRefusal(.unknown_protocol, &.{ 0x80, 0x2e, 1, 3, 1 });
    try expectRefusal(.connect_method, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
    try expectRefusal(.bad_host, "GET / HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n");
    try expectRefusal(.no_host, "GET / HTTP/1.0\r\n\r\n");
}

test "records of one byte reach the bound" {
    var buffer: [6 * 3000]u8 = undefined;
    var message: [3000]u8 = @splat(0);
    @memcpy(message[0..4], &[_]u8{ 1, 0, 0x3f, 0 });
    const records = cut(&message, 1, &buffer);
    try testing.expect(look(records[0 .. head_max - 1]) == .more);
    try expectRefusal(.too_long, records);
}

test "a plain HTTP head" {
    const head = look("GET / HTTP/1.1\r\nHost: A.test\r\n\r\n").ok;
    try testing.expect(!head.is_tls);
    try testing.expectEqualStrings("a.test", head.name.text());
    try testing.expect(look("PRI * HTTP") == .more);
    try testing.expect(look("P") == .more);
}

fn onlyApi(_: *const anyopaque, name: []const u8) bool {
    return std.mem.eql(u8, name, "api.example.test");
}

const only_api: Permitted = .{ .context = &onlyApi, .permits = onlyApi };

test "a second ClientHello must give a permitted name too" {
    var tls: Tls = .{ .early_data = false };
    try testing.expectEqual(6, tls.next(&.{ 20, 3, 3, 0, 1, 1 }, only_api).pass);
    try testing.expect(tls.next(&good.record, only_api) == .pass_all);
    const other = TestHello(serverName("other.test"));
    try testing.expectEqual(.other_name, tls.next(&other.record, only_api).refuse);
    var buffer: [1024]u8 = undefined;
    try testing.expectEqual(.other_name, tls.next(cut(&other.message, 1, &buffer), only_api).refuse);
    try testing.expectEqual(.other_name, tls.next(cut(&other.message, 16, &buffer), only_api).refuse);
    try testing.expect(tls.next(other.record[0..9], only_api) == .more);
    // A ClientKeyExchange, an encrypted Finished, data.
    try testing.expect(tls.next(&.{ 22, 3, 3, 0, 40, 16, 0, 0, 37, 32, 4 }, only_api) == .pass_all);
    try testing.expect(tls.next(&.{ 22, 3, 3, 0, 40, 1, 0x77, 0, 37, 32, 4 }, only_api) == .pass_all);
    try testing.expect(tls.next(&.{ 23, 3, 3, 0, 40 }, only_api) == .pass_all);
    tls.early_data = true;
    try testing.expectEqual(45, tls.next(&.{ 23, 3, 3, 0, 40 }, only_api).pass);
    try testing.expectEqual(.malformed_tls, tls.next("GET / HTTP/1.1", only_api).refuse);
}

/// However many bytes there are, an answer once given stays; a name given is a name.
fn checkAnswers(bytes: []const u8) anyerror!void {
    var given: ?Answer = null;
    for (0..bytes.len + 1) |length| {
        const answer = look(bytes[0..length]);
        if (given) |before| {
            try testing.expectEqual(std.meta.activeTag(before), std.meta.activeTag(answer));
            if (answer == .ok) try testing.expectEqualStrings(before.ok.name.text(), answer.ok.name.text());
        }
        if (answer == .ok) {
            const name = answer.ok.name.text();
            try testing.expect(Name.of(name) != null);
            try testing.expect(answer.ok.length <= length);
        }
        if (answer != .more) given = answer;
    }
    var tls: Tls = .{ .early_data = true };
    var rest = bytes;
    while (rest.len > 0) switch (tls.next(rest, only_api)) {
        .pass => |count| rest = rest[@intCast(@min(rest.len, count))..],
        else => break,
    };
}

const fuzz_texts = [_][]const u8{
    &good.record,
    &TestHello(serverName("a.test") ++ extension(extension_early_data, "")).record,
    &TestHello(serverName("a.test") ++ extension(0xfe0d, "\x00")).record,
    &[_]u8{ 20, 3, 3, 0, 1, 1 } ++ good.record,
    "GET / HTTP/1.1\r\nHost: api.example.test\r\nContent-Length: 5\r\n\r\nhello",
    "GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
};

test "fuzz: first bytes" {
    const Once = struct {
        fn one(_: void, smith: *testing.Smith) anyerror!void {
            var buffer: [1024]u8 = undefined;
            try checkAnswers(buffer[0..smith.slice(&buffer)]);
        }
    };
    try testing.fuzz({}, Once.one, .{ .corpus = corpus.entries(&fuzz_texts) });
    try corpus.changed(&fuzz_texts, 2_000, checkAnswers);
}

test {
    _ = http_head;
    _ = authorities;
}
