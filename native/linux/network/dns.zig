//! Messages of the domain name system (RFC 1035), as far as a stub reads and writes them. Pure; every
//! byte is hostile: the workload asks, and whoever it has asked for answers.

const std = @import("std");
const addresses = @import("address.zig");
const Address = addresses.Address;

pub const header_size = 12;
/// Longest name in text, without the final dot.
pub const name_max = 253;
/// Largest message that is taken from a server: what the query's EDNS record (RFC 6891) announces.
pub const message_max = 4096;
/// Largest answer over UDP to a client that announces nothing.
pub const answer_max = 512;

pub const Type = struct {
    pub const a: u16 = 1;
    pub const cname: u16 = 5;
    pub const aaaa: u16 = 28;
    pub const opt: u16 = 41;
    /// SVCB and HTTPS (RFC 9460): they carry keys that hide the server's name.
    pub const svcb: u16 = 64;
    pub const https: u16 = 65;
    pub const any: u16 = 255;
};

pub const Code = struct {
    pub const none: u8 = 0;
    pub const format: u8 = 1;
    pub const server: u8 = 2;
    pub const no_name: u8 = 3;
    pub const not_implemented: u8 = 4;
};

const class_internet: u16 = 1;

/// Lower case, labels with dots between, no dot at the end.
pub const Name = struct {
    buffer: [name_max]u8 = undefined,
    length: u8 = 0,

    pub fn text(name: *const Name) []const u8 {
        return name.buffer[0..name.length];
    }

    fn append(name: *Name, label: []const u8) error{Malformed}!void {
        const dot: usize = @intFromBool(name.length > 0);
        if (name.length + dot + label.len > name_max) return error.Malformed;
        if (dot == 1) name.buffer[name.length] = '.';
        for (label, name.buffer[name.length + dot ..][0..label.len]) |byte, *place| {
            // Letters, digits, hyphen and underscore are all that a host's name has; a dot inside a
            // label would make two names of one.
            place.* = switch (byte) {
                'A'...'Z' => byte + 32,
                'a'...'z', '0'...'9', '-', '_' => byte,
                else => return error.Malformed,
            };
        }
        name.length += @intCast(dot + label.len);
    }
};

/// The name at `start`, and where what follows it begins.
fn readName(message: []const u8, start: usize, name: *Name) error{Malformed}!usize {
    name.length = 0;
    var at = start;
    var after: ?usize = null;
    var jumps: usize = 0;
    while (true) {
        if (at >= message.len) return error.Malformed;
        const length = message[at];
        if (length == 0) return after orelse at + 1;
        if (length & 0xc0 == 0xc0) {
            if (at + 2 > message.len) return error.Malformed;
            const target = std.mem.readInt(u16, message[at..][0..2], .big) & 0x3fff;
            // Backwards only, so that it ends.
            jumps += 1;
            if (target >= at or jumps > 32) return error.Malformed;
            if (after == null) after = at + 2;
            at = target;
            continue;
        }
        if (length & 0xc0 != 0 or at + 1 + length > message.len) return error.Malformed;
        try name.append(message[at + 1 ..][0..length]);
        at += 1 + length;
    }
}

pub const Query = struct {
    id: u16,
    name: Name,
    type: u16,
    /// Of the header and the question.
    length: usize,
};

/// A query with one question of the Internet class; all else is malformed here.
pub fn parseQuery(message: []const u8) error{Malformed}!Query {
    if (message.len < header_size) return error.Malformed;
    const flags = std.mem.readInt(u16, message[2..4], .big);
    const is_response_or_other = flags & 0xf800;
    if (is_response_or_other != 0) return error.Malformed;
    if (std.mem.readInt(u16, message[4..6], .big) != 1) return error.Malformed;
    var query: Query = .{ .id = std.mem.readInt(u16, message[0..2], .big), .name = .{}, .type = 0, .length = 0 };
    const after = try readName(message, header_size, &query.name);
    if (after + 4 > message.len or query.name.length == 0) return error.Malformed;
    query.type = std.mem.readInt(u16, message[after..][0..2], .big);
    if (std.mem.readInt(u16, message[after + 2 ..][0..2], .big) != class_internet) return error.Malformed;
    query.length = after + 4;
    return query;
}

/// A query of our own. `out` has room for it: `header_size` + name + 17 bytes.
pub fn buildQuery(out: []u8, id: u16, name: []const u8, kind: u16) []const u8 {
    std.mem.writeInt(u16, out[0..2], id, .big);
    // Recursion desired; one question, one additional record.
    @memcpy(out[2..header_size], &[_]u8{ 1, 0, 0, 1, 0, 0, 0, 0, 0, 1 });
    var at = writeName(out, header_size, name);
    std.mem.writeInt(u16, out[at..][0..2], kind, .big);
    std.mem.writeInt(u16, out[at + 2 ..][0..2], class_internet, .big);
    at += 4;
    const options = [_]u8{ 0, 0, Type.opt, message_max >> 8, message_max & 0xff, 0, 0, 0, 0, 0, 0 };
    @memcpy(out[at..][0..options.len], &options);
    return out[0 .. at + options.len];
}

fn writeName(out: []u8, start: usize, name: []const u8) usize {
    var at = start;
    var labels = std.mem.splitScalar(u8, name, '.');
    while (labels.next()) |label| {
        out[at] = @intCast(label.len);
        @memcpy(out[at + 1 ..][0..label.len], label);
        at += 1 + label.len;
    }
    out[at] = 0;
    return at + 1;
}

pub const addresses_max = 12;

pub const Response = struct {
    code: u8,
    truncated: bool,
    addresses: [addresses_max]Address = undefined,
    count: usize = 0,
    /// Seconds; the shortest of the chain.
    ttl: u32 = std.math.maxInt(u32),
};

/// The answer to the query of this id, name and type: the addresses at the end of its CNAME chain.
/// Null: it answers something else.
pub fn parseResponse(message: []const u8, id: u16, name: []const u8, kind: u16) error{Malformed}!?Response {
    if (message.len < header_size) return error.Malformed;
    const flags = std.mem.readInt(u16, message[2..4], .big);
    if (std.mem.readInt(u16, message[0..2], .big) != id or flags & 0x8000 == 0) return null;
    if (std.mem.readInt(u16, message[4..6], .big) != 1) return error.Malformed;
    var owner: Name = .{};
    var after = try readName(message, header_size, &owner);
    if (after + 4 > message.len) return error.Malformed;
    if (!std.mem.eql(u8, owner.text(), name) or std.mem.readInt(u16, message[after..][0..2], .big) != kind) return null;
    after += 4;
    var response: Response = .{ .code = @truncate(flags & 0xf), .truncated = flags & 0x0200 != 0 };
    const answers = std.mem.readInt(u16, message[6..8], .big);
    var current: Name = owner;
    // Records may stand in any order, so each link of the chain is a pass over them.
    for (0..8) |_| {
        const target = try pass(message, after, answers, &current, kind, &response) orelse break;
        current = target;
    }
    return response;
}

/// Takes the addresses of `current`, or returns what it is another name of.
fn pass(message: []const u8, start: usize, answers: u16, current: *const Name, kind: u16, response: *Response) error{Malformed}!?Name {
    var at = start;
    var target: ?Name = null;
    for (0..answers) |_| {
        var owner: Name = .{};
        // A name that no host has ends the look: what is behind it is not asked for.
        at = readName(message, at, &owner) catch return target;
        if (at + 10 > message.len) return if (response.truncated) target else error.Malformed;
        const record = message[at..];
        const record_type = std.mem.readInt(u16, record[0..2], .big);
        const ttl = std.mem.readInt(u32, record[4..8], .big);
        const length = std.mem.readInt(u16, record[8..10], .big);
        const data = at + 10;
        at = data + length;
        if (at > message.len) return error.Malformed;
        if (std.mem.readInt(u16, record[2..4], .big) != class_internet) continue;
        if (!std.mem.eql(u8, owner.text(), current.text())) continue;
        if (record_type == Type.cname and kind != Type.cname) {
            var name: Name = .{};
            _ = try readName(message, data, &name);
            target = name;
            response.ttl = @min(response.ttl, ttl);
        } else if (record_type == kind and response.count < addresses_max) {
            if (kind == Type.a and length == 4) {
                response.addresses[response.count] = .v4(message[data..][0..4].*);
            } else if (kind == Type.aaaa and length == 16) {
                response.addresses[response.count] = .v6(message[data..][0..16].*);
            } else continue;
            response.count += 1;
            response.ttl = @min(response.ttl, ttl);
        }
    }
    return target;
}

/// An answer to `query`, whose header and question are the first bytes of `asked`. Each address gets
/// a record of the query's name: what lies between is nobody's business. Those of the other family
/// are left out. Never longer than `answer_max`: a name takes 255 bytes, a record 28.
pub fn buildAnswer(out: *[answer_max]u8, asked: []const u8, query: *const Query, code: u8, found: []const Address, ttl: u32) []const u8 {
    @memcpy(out[0..query.length], asked[0..query.length]);
    // A response, recursion desired as asked, available.
    out[2] = 0x80 | (asked[2] & 1);
    out[3] = 0x80 | code;
    @memset(out[6..header_size], 0);
    var at = query.length;
    var count: u16 = 0;
    for (found) |address| {
        const v4 = address.asV4();
        if ((v4 != null) != (query.type == Type.a)) continue;
        const data: []const u8 = if (v4) |*bytes| bytes else &address.bytes;
        if (at + 12 + data.len > out.len) break;
        @memcpy(out[at..][0..2], &[_]u8{ 0xc0, header_size });
        std.mem.writeInt(u16, out[at + 2 ..][0..2], query.type, .big);
        std.mem.writeInt(u16, out[at + 4 ..][0..2], class_internet, .big);
        std.mem.writeInt(u32, out[at + 6 ..][0..4], ttl, .big);
        std.mem.writeInt(u16, out[at + 10 ..][0..2], @intCast(data.len), .big);
        @memcpy(out[at + 12 ..][0..data.len], data);
        at += 12 + data.len;
        count += 1;
    }
    std.mem.writeInt(u16, out[6..8], count, .big);
    return out[0..at];
}

const testing = std.testing;

test "a query comes back as it was built, in lower case" {
    var buffer: [300]u8 = undefined;
    const message = buildQuery(&buffer, 7, "api.test", Type.a);
    const query = try parseQuery(message);
    try testing.expectEqualStrings("api.test", query.name.text());
    try testing.expectEqual(Type.a, query.type);
    buffer[header_size + 1] = 'A';
    try testing.expectEqualStrings("api.test", (try parseQuery(message)).name.text());
    // A dot inside a label is no dot between labels.
    buffer[header_size + 2] = '.';
    try testing.expectError(error.Malformed, parseQuery(message));
}

test "an answer's addresses are those at the end of the chain" {
    var buffer: [300]u8 = undefined;
    const question = buildQuery(&buffer, 9, "a.test", Type.a);
    const size = question.len - 11;
    var message: [400]u8 = undefined;
    @memcpy(message[0..size], question[0..size]);
    message[2] = 0x81;
    message[3] = 0x80;
    @memcpy(message[4..12], &[_]u8{ 0, 1, 0, 3, 0, 0, 0, 0 });
    const records =
        // b.test A 192.0.2.1, before its CNAME; then a stranger's.
        "\x01b\x04test\x00" ++ "\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01" ++
        "\xc0\x0c" ++ "\x00\x05\x00\x01\x00\x00\x00\x1e\x00\x08\x01b\x04test\x00" ++
        "\x01c\x04test\x00" ++ "\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x02";
    @memcpy(message[size..][0..records.len], records);
    const whole = message[0 .. size + records.len];
    const response = (try parseResponse(whole, 9, "a.test", Type.a)).?;
    try testing.expectEqual(1, response.count);
    try testing.expect(response.addresses[0].eql(.v4(.{ 192, 0, 2, 1 })));
    try testing.expectEqual(30, response.ttl);
    try testing.expectEqual(null, try parseResponse(whole, 8, "a.test", Type.a));
    try testing.expectEqual(null, try parseResponse(whole, 9, "z.test", Type.a));
    try testing.expectError(error.Malformed, parseResponse(whole[0 .. whole.len - 1], 9, "a.test", Type.a));
}

test "an answer is read as it was built" {
    var buffer: [300]u8 = undefined;
    const asked = buildQuery(&buffer, 3, "a.test", Type.aaaa);
    const query = try parseQuery(asked);
    var out: [answer_max]u8 = undefined;
    const v6: Address = .v6(.{ 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 });
    const answer = buildAnswer(&out, asked, &query, Code.none, &.{ .v4(.{ 1, 2, 3, 4 }), v6 }, 60);
    const response = (try parseResponse(answer, 3, "a.test", Type.aaaa)).?;
    try testing.expectEqual(1, response.count);
    try testing.expect(response.addresses[0].eql(v6));
}

test "compression that points forwards or in circles ends" {
    const message = [_]u8{ 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 } ++ [_]u8{ 0xc0, 12, 0, 1, 0, 1 };
    try testing.expectError(error.Malformed, parseQuery(&message));
}

test "fuzz: whatever the bytes, no look leaves them" {
    try testing.fuzz({}, fuzzOne, .{});
}

fn fuzzOne(_: void, smith: *testing.Smith) !void {
    var buffer: [600]u8 = undefined;
    const bytes = buffer[0..smith.slice(&buffer)];
    if (parseQuery(bytes)) |query| {
        try testing.expect(query.length <= bytes.len);
        var out: [answer_max]u8 = undefined;
        if (query.length <= answer_max) _ = buildAnswer(&out, bytes, &query, Code.none, &.{.v4(.{ 1, 2, 3, 4 })}, 1);
    } else |_| {}
    if (bytes.len > header_size) {
        _ = parseResponse(bytes, std.mem.readInt(u16, bytes[0..2], .big), "a", Type.a) catch {};
    }
}
