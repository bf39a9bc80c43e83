//! What a SOCKS client says (RFC 1928; SOCKS4 and 4a are told no) and the replies to it. Pure, and
//! without memory: each message is read again from its first byte when there are more. Nobody is
//! asked for a password: who can reach the proxy is the workload.

const std = @import("std");
const addresses = @import("address.zig");
const authorities = @import("authority.zig");
const corpus = @import("corpus.zig");
const Authority = authorities.Authority;

pub const version_4 = 4;
pub const version_5 = 5;

/// RFC 1928, 6.
pub const Status = enum(u8) {
    granted = 0,
    failed = 1,
    not_allowed = 2,
    network_unreachable = 3,
    host_unreachable = 4,
    refused = 5,
    timed_out = 6,
    unknown_command = 7,
    unknown_address = 8,
};

pub const Greeting = union(enum) {
    more,
    /// Its length; the client can do without authentication.
    ok: usize,
    /// It cannot, or this is no greeting.
    bad,
};

pub fn greeting(bytes: []const u8) Greeting {
    if (bytes.len > 0 and bytes[0] != version_5) return .bad;
    if (bytes.len > 1 and bytes[1] == 0) return .bad;
    if (bytes.len < 2 or bytes.len < 2 + @as(usize, bytes[1])) return .more;
    const length = 2 + @as(usize, bytes[1]);
    return if (std.mem.indexOfScalar(u8, bytes[2..length], 0) != null) .{ .ok = length } else .bad;
}

pub const Request = union(enum) {
    more,
    /// `destination` has a port.
    connect: struct { destination: Authority, length: usize },
    refuse: Status,
};

pub fn request(bytes: []const u8) Request {
    if (bytes.len > 0 and bytes[0] != version_5) return .{ .refuse = .failed };
    // CONNECT alone: BIND and UDP ASSOCIATE would carry what is not looked at here.
    if (bytes.len > 1 and bytes[1] != 1) return .{ .refuse = .unknown_command };
    if (bytes.len > 2 and bytes[2] != 0) return .{ .refuse = .failed };
    if (bytes.len < 5) return .more;
    const length: usize = switch (bytes[3]) {
        1 => 4 + 4 + 2,
        3 => 4 + 1 + @as(usize, bytes[4]) + 2,
        4 => 4 + 16 + 2,
        else => return .{ .refuse = .unknown_address },
    };
    if (bytes.len < length) return .more;
    const host: authorities.Host = switch (bytes[3]) {
        1 => .{ .address = .v4(bytes[4..8].*) },
        3 => authorities.parseHost(bytes[5 .. length - 2]) orelse return .{ .refuse = .unknown_address },
        else => .{ .address = .v6(bytes[4..20].*) },
    };
    const port = std.mem.readInt(u16, bytes[length - 2 ..][0..2], .big);
    if (port == 0) return .{ .refuse = .failed };
    return .{ .connect = .{ .destination = .{ .host = host, .port = port }, .length = length } };
}

pub const greeting_reply = [_]u8{ version_5, 0 };
pub const greeting_refusal = [_]u8{ version_5, 0xff };
/// "Request rejected or failed" of SOCKS4, whatever was asked.
pub const version_4_refusal = [_]u8{ 0, 91, 0, 0, 0, 0, 0, 0 };

/// The address that a connection was made from is the host's, and not told.
pub fn reply(status: Status) [10]u8 {
    return .{ version_5, @backingInt(status), 0, 1, 0, 0, 0, 0, 0, 0 };
}

const testing = std.testing;

test "greetings" {
    try testing.expectEqual(3, greeting("\x05\x01\x00").ok);
    try testing.expectEqual(4, greeting("\x05\x02\x02\x00\x05").ok);
    try testing.expect(greeting("\x05\x02\x00") == .more);
    try testing.expect(greeting("\x05\x01\x02") == .bad);
    try testing.expect(greeting("\x05\x00") == .bad);
}

test "requests" {
    const name = request("\x05\x01\x00\x03\x06A.test\x01\xbbrest").connect;
    try testing.expectEqualStrings("a.test", name.destination.host.name.text());
    try testing.expectEqual(443, name.destination.port.?);
    try testing.expectEqual(13, name.length);
    const v4 = request("\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50").connect;
    try testing.expect(v4.destination.host.address.isLoopback());
    const v6 = request("\x05\x01\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x7f\x00\x00\x01\x00\x50").connect;
    try testing.expect(v6.destination.host.eql(&v4.destination.host));
    const numeric = request("\x05\x01\x00\x03\x08" ++ "10.0.0.1" ++ "\x00\x50").connect;
    try testing.expect(numeric.destination.host == .address);
    try testing.expect(request("\x05\x01\x00\x03\x06A.te") == .more);
    try testing.expectEqual(.unknown_command, request("\x05\x03\x00\x01\x00").refuse);
    try testing.expectEqual(.unknown_command, request("\x05\x02").refuse);
    try testing.expectEqual(.unknown_address, request("\x05\x01\x00\x02\x00").refuse);
    for ([_][]const u8{ "", "127.1", "a b", "a\x00b" }) |bad| {
        var buffer: [64]u8 = undefined;
        const text = try std.fmt.bufPrint(&buffer, "\x05\x01\x00\x03{c}{s}\x00\x50", .{ @as(u8, @intCast(bad.len)), bad });
        try testing.expectEqual(.unknown_address, request(text).refuse);
    }
    try testing.expectEqual(.failed, request("\x05\x01\x00\x01\x01\x02\x03\x04\x00\x00").refuse);
}

/// An answer once given stays, and never speaks of bytes that are not there.
fn checkAnswers(bytes: []const u8) anyerror!void {
    var given: ?Request = null;
    var greeted: ?Greeting = null;
    for (0..bytes.len + 1) |length| {
        const answer = request(bytes[0..length]);
        if (given) |before| try testing.expectEqual(std.meta.activeTag(before), std.meta.activeTag(answer));
        if (answer == .connect) {
            try testing.expect(answer.connect.length <= length);
            try testing.expect(answer.connect.destination.port.? != 0);
        }
        if (answer != .more) given = answer;
        const welcome = greeting(bytes[0..length]);
        if (greeted) |before| try testing.expectEqual(before, welcome);
        if (welcome == .ok) try testing.expect(welcome.ok <= length);
        if (welcome != .more) greeted = welcome;
    }
}

const fuzz_texts = [_][]const u8{
    "\x05\x02\x00\x01",
    "\x05\x01\x00\x03\x06a.test\x01\xbb",
    "\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50",
    "\x05\x01\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x50",
};

test "fuzz: SOCKS messages" {
    const Once = struct {
        fn one(_: void, smith: *testing.Smith) anyerror!void {
            var buffer: [300]u8 = undefined;
            try checkAnswers(buffer[0..smith.slice(&buffer)]);
        }
    };
    try testing.fuzz({}, Once.one, .{ .corpus = corpus.entries(&fuzz_texts) });
    try corpus.changed(&fuzz_texts, 20_000, checkAnswers);
}
