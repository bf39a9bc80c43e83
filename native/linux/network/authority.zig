//! Host names and authorities ("host[:port]", RFC 3986, 3.2) as clients write them, in one form:
//! names lower case, addresses as `Address`. Pure. What could be read in two ways is not read.

const std = @import("std");
const addresses = @import("address.zig");
const Address = addresses.Address;

/// Of the longest name (RFC 1035, 2.3.4, as text without the dot at the end).
pub const name_max = 253;

/// A host name: letters, digits, hyphens and underscores in labels of 1 to 63 bytes, lower case,
/// ASCII only, no dot at the end. Its last label is no number, so that no form of an address
/// ("127.1", "0x7f.1", "2130706433") is taken for a name that somebody else then reads as one.
pub const Name = struct {
    buffer: [name_max]u8,
    length: u8,

    pub fn text(name: *const Name) []const u8 {
        return name.buffer[0..name.length];
    }

    pub fn of(bytes: []const u8) ?Name {
        if (bytes.len == 0 or bytes.len > name_max) return null;
        var name: Name = .{ .buffer = undefined, .length = @intCast(bytes.len) };
        var label: usize = 0;
        for (bytes, name.buffer[0..bytes.len]) |byte, *out| {
            out.* = std.ascii.toLower(byte);
            switch (byte) {
                'a'...'z', 'A'...'Z', '0'...'9', '-', '_' => label += 1,
                '.' => {
                    if (label == 0) return null;
                    label = 0;
                    continue;
                },
                else => return null,
            }
            if (label > 63) return null;
        }
        if (label == 0) return null;
        return if (isNumber(name.text()[bytes.len - label ..])) null else name;
    }
};

/// As inet_aton(3) and URL parsers read the last part of an address: decimal or hexadecimal.
fn isNumber(label: []const u8) bool {
    if (std.mem.startsWith(u8, label, "0x")) {
        for (label[2..]) |byte| if (!std.ascii.isHex(byte)) return false;
        return true;
    }
    for (label) |byte| if (!std.ascii.isDigit(byte)) return false;
    return true;
}

pub const Host = union(enum) {
    name: Name,
    address: Address,

    pub fn eql(a: *const Host, b: *const Host) bool {
        return switch (a.*) {
            .name => |*name| b.* == .name and std.mem.eql(u8, name.text(), b.name.text()),
            .address => |address| b.* == .address and address.eql(b.address),
        };
    }

    /// "name", "1.2.3.4" or "2001:db8::1"; `out` holds the text of an address.
    pub fn text(host: *const Host, out: *[45]u8) []const u8 {
        return switch (host.*) {
            .name => |*name| name.text(),
            .address => |address| address.format(out),
        };
    }
};

pub const Authority = struct {
    host: Host,
    port: ?u16 = null,

    /// As a Host field has it; the port where it is not `default_port`. At most 262 bytes.
    pub fn write(authority: *const Authority, default_port: u16, out: *[262]u8) []const u8 {
        var address: [45]u8 = undefined;
        const host = authority.host.text(&address);
        const port = authority.port orelse default_port;
        const brackets = authority.host == .address and authority.host.address.asV4() == null;
        const open, const shut = if (brackets) .{ "[", "]" } else .{ "", "" };
        const written = if (port == default_port)
            std.fmt.bufPrint(out, "{s}{s}{s}", .{ open, host, shut })
        else
            std.fmt.bufPrint(out, "{s}{s}{s}:{d}", .{ open, host, shut, port });
        return written catch unreachable;
    }
};

/// "name", "name:80", "1.2.3.4", "[::1]:80". One dot at the end of a name means the same name. No
/// user in front, no scope on an address. Null for anything else.
pub fn parse(bytes: []const u8) ?Authority {
    if (bytes.len == 0) return null;
    if (bytes[0] == '[') {
        const end = std.mem.indexOfScalar(u8, bytes, ']') orelse return null;
        const v6 = parseV6(bytes[1..end]) orelse return null;
        const rest = bytes[end + 1 ..];
        if (rest.len == 0) return .{ .host = .{ .address = .v6(v6) } };
        if (rest[0] != ':') return null;
        return .{ .host = .{ .address = .v6(v6) }, .port = parsePort(rest[1..]) orelse return null };
    }
    const colon = std.mem.indexOfScalar(u8, bytes, ':') orelse
        return .{ .host = parseHost(bytes) orelse return null };
    return .{
        .host = parseHost(bytes[0..colon]) orelse return null,
        .port = parsePort(bytes[colon + 1 ..]) orelse return null,
    };
}

/// A name (one dot at its end is left out) or an IPv4 address in its one full form.
pub fn parseHost(bytes: []const u8) ?Host {
    if (parseV4(bytes)) |v4| return .{ .address = .v4(v4) };
    const name = if (std.mem.endsWith(u8, bytes, ".")) bytes[0 .. bytes.len - 1] else bytes;
    return .{ .name = Name.of(name) orelse return null };
}

/// 1 to 65535, no sign and no zero in front.
fn parsePort(bytes: []const u8) ?u16 {
    if (bytes.len == 0 or bytes.len > 5 or bytes[0] == '0') return null;
    for (bytes) |byte| if (!std.ascii.isDigit(byte)) return null;
    return std.fmt.parseInt(u16, bytes, 10) catch null;
}

/// Four decimal parts without zeros in front.
pub fn parseV4(bytes: []const u8) ?[4]u8 {
    var out: [4]u8 = undefined;
    var parts = std.mem.splitScalar(u8, bytes, '.');
    for (&out) |*value| {
        const part = parts.next() orelse return null;
        if (part.len == 0 or part.len > 3 or (part.len > 1 and part[0] == '0')) return null;
        for (part) |byte| if (!std.ascii.isDigit(byte)) return null;
        value.* = std.fmt.parseInt(u8, part, 10) catch return null;
    }
    return if (parts.next() == null) out else null;
}

/// RFC 4291, 2.2: groups, one "::" at most, an IPv4 address at the end if need be. No scope.
pub fn parseV6(bytes: []const u8) ?[16]u8 {
    var out: [16]u8 = @splat(0);
    var length: usize = 0;
    var gap: ?usize = null;
    var rest = bytes;
    if (std.mem.startsWith(u8, rest, "::")) {
        gap = 0;
        rest = rest[2..];
        if (rest.len == 0) return out;
    }
    while (true) {
        if (length == 16) return null;
        const end = std.mem.indexOfScalar(u8, rest, ':') orelse rest.len;
        const group = rest[0..end];
        if (end == rest.len and std.mem.indexOfScalar(u8, group, '.') != null) {
            if (length > 12) return null;
            out[length..][0..4].* = parseV4(group) orelse return null;
            length += 4;
            break;
        }
        if (group.len == 0 or group.len > 4) return null;
        for (group) |byte| if (!std.ascii.isHex(byte)) return null;
        const value = std.fmt.parseInt(u16, group, 16) catch return null;
        std.mem.writeInt(u16, out[length..][0..2], value, .big);
        length += 2;
        if (end == rest.len) break;
        rest = rest[end + 1 ..];
        if (std.mem.startsWith(u8, rest, ":")) {
            if (gap != null) return null;
            gap = length;
            rest = rest[1..];
            if (rest.len == 0) break;
        }
    }
    const at = gap orelse return if (length == 16) out else null;
    if (length == 16) return null;
    const tail = length - at;
    std.mem.copyBackwards(u8, out[16 - tail ..], out[at..length]);
    @memset(out[at .. 16 - tail], 0);
    return out;
}

const testing = std.testing;

test "names" {
    try testing.expectEqualStrings("api.github.com", (Name.of("API.GitHub.com") orelse return error.Refused).text());
    try testing.expect(Name.of("xn--bcher-kva.example") != null);
    try testing.expect(Name.of("_service.host") != null);
    for ([_][]const u8{ "", ".", "a..b", ".a", "a.", "a b", "a\x00b", "bücher.example", "a.1", "127.1", "0x7f.1", "2130706433", "0x7f000001", "a.0x1", "a*b", "a/b", "a@b", "a%2eb" }) |bad| {
        try testing.expect(Name.of(bad) == null);
    }
    const label: [64]u8 = @splat('a');
    try testing.expect(Name.of(label[0..63]) != null);
    try testing.expect(Name.of(&label) == null);
}

test "authorities" {
    const plain = parse("Host.Example.:8080") orelse return error.Refused;
    try testing.expectEqualStrings("host.example", plain.host.name.text());
    try testing.expectEqual(8080, plain.port.?);
    const v6 = parse("[::ffff:1.2.3.4]:1") orelse return error.Refused;
    const v4 = parse("1.2.3.4:1") orelse return error.Refused;
    try testing.expect(v6.host.eql(&v4.host));
    for ([_][]const u8{ "", ":80", "a:", "a:0", "a:080", "a:65536", "a:+1", "a:1:2", "u@a", "::1", "[::1", "[::1]x", "[::1]:", "[fe80::1%eth0]", "1.2.3", "1.2.3.4.5", "01.2.3.4", "a..", "a b" }) |bad| {
        try testing.expect(parse(bad) == null);
    }
    var out: [262]u8 = undefined;
    try testing.expectEqualStrings("[2001:db8::1]:81", (parse("[2001:DB8::1]:81") orelse return error.Refused).write(80, &out));
    try testing.expectEqualStrings("host.example", (parse("host.example:80") orelse return error.Refused).write(80, &out));
}

test "IPv6 text" {
    const good = [_][]const u8{ "::", "::1", "1::", "2001:db8::1:0:0:1", "1:2:3:4:5:6:7:8", "fe80::1", "::ffff:10.0.0.1" };
    for (good) |text| {
        var out: [45]u8 = undefined;
        const address: Address = .v6(parseV6(text) orelse return error.Refused);
        const again = address.format(&out);
        try testing.expectEqualStrings(if (std.mem.startsWith(u8, text, "::ffff:")) "10.0.0.1" else text, again);
    }
    for ([_][]const u8{ "", ":", ":::", "1:", ":1", "1::2::3", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8:9", "1:2:3:4:5:6:7", "12345::", "g::", "1.2.3.4::", "::1.2.3", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:6:7:8::" }) |bad| {
        try testing.expect(parseV6(bad) == null);
    }
}
