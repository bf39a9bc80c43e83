//! What the host's files say about names: resolv.conf(5) and hosts(5), and which address the name of
//! a reverse look-up stands for. Pure.

const std = @import("std");
const addresses = @import("address.zig");
const authority = @import("authority.zig");
const corpus = @import("corpus.zig");
const Address = addresses.Address;

/// As many as libraries take (MAXNS, resolv.h).
pub const servers_max = 3;
/// Libraries' own bounds (resolv.h: RES_MAXRETRANS, RES_MAXRETRY, RES_MAXNDOTS).
const timeout_max = 30;
const attempts_max = 5;
const ndots_max = 15;
const search_max = 6;

pub const Server = struct {
    address: Address,
    /// Of a link-local address: the interface's name or number.
    scope: []const u8 = "",
};

pub const Settings = struct {
    servers: [servers_max]Server = undefined,
    servers_count: usize = 0,
    search: [search_max][]const u8 = undefined,
    search_count: usize = 0,
    ndots: u8 = 1,
    /// Seconds for one try at one server.
    timeout: u8 = 5,
    /// Tries at each server.
    attempts: u8 = 2,
    rotates: bool = false,
};

/// Of resolv.conf. Texts stay where `text` is. What it does not know it passes over, as libraries do.
pub fn parseSettings(text: []const u8) Settings {
    var settings: Settings = .{};
    var lines = std.mem.tokenizeScalar(u8, text, '\n');
    while (lines.next()) |line| {
        if (line[0] == '#' or line[0] == ';') continue;
        var words = std.mem.tokenizeAny(u8, line, " \t\r");
        const keyword = words.next() orelse continue;
        if (std.mem.eql(u8, keyword, "nameserver")) {
            const server = parseServer(words.next() orelse continue) orelse continue;
            if (settings.servers_count == servers_max) continue;
            settings.servers[settings.servers_count] = server;
            settings.servers_count += 1;
        } else if (std.mem.eql(u8, keyword, "search") or std.mem.eql(u8, keyword, "domain")) {
            // The last line counts.
            settings.search_count = 0;
            while (words.next()) |domain| {
                if (settings.search_count == search_max) break;
                settings.search[settings.search_count] = domain;
                settings.search_count += 1;
            }
        } else if (std.mem.eql(u8, keyword, "options")) {
            while (words.next()) |option| parseOption(&settings, option);
        }
    }
    // resolv.conf(5): the name server on this machine, if the file names none.
    if (settings.servers_count == 0) {
        settings.servers[0] = .{ .address = .v4(.{ 127, 0, 0, 1 }) };
        settings.servers_count = 1;
    }
    return settings;
}

fn parseServer(word: []const u8) ?Server {
    const percent = std.mem.indexOfScalar(u8, word, '%') orelse return .{ .address = parseAddress(word) orelse return null };
    const address = parseAddress(word[0..percent]) orelse return null;
    return .{ .address = address, .scope = word[percent + 1 ..] };
}

fn parseOption(settings: *Settings, option: []const u8) void {
    if (std.mem.eql(u8, option, "rotate")) settings.rotates = true;
    if (numberOf(option, "ndots:", 0, ndots_max)) |number| settings.ndots = number;
    if (numberOf(option, "timeout:", 1, timeout_max)) |number| settings.timeout = number;
    if (numberOf(option, "attempts:", 1, attempts_max)) |number| settings.attempts = number;
}

fn numberOf(option: []const u8, key: []const u8, min: u8, max: u8) ?u8 {
    if (!std.mem.startsWith(u8, option, key)) return null;
    const number = std.fmt.parseInt(u32, option[key.len..], 10) catch return null;
    return @intCast(std.math.clamp(number, min, max));
}

/// One address and its names, from a line of hosts(5).
const Lines = struct {
    lines: std.mem.TokenIterator(u8, .scalar),
    address: Address = undefined,
    names: std.mem.TokenIterator(u8, .any) = undefined,

    fn init(text: []const u8) Lines {
        return .{ .lines = std.mem.tokenizeScalar(u8, text, '\n') };
    }

    fn next(lines: *Lines) bool {
        while (lines.lines.next()) |whole| {
            const line = whole[0 .. std.mem.indexOfScalar(u8, whole, '#') orelse whole.len];
            lines.names = std.mem.tokenizeAny(u8, line, " \t\r");
            const word = lines.names.next() orelse continue;
            const plain = word[0 .. std.mem.indexOfScalar(u8, word, '%') orelse word.len];
            lines.address = parseAddress(plain) orelse continue;
            return true;
        }
        return false;
    }
};

/// The addresses that hosts(5) gives `name` (lower case), as many as `out` takes, each once.
pub fn addressesOf(text: []const u8, name: []const u8, out: []Address) []Address {
    var count: usize = 0;
    var lines: Lines = .init(text);
    next: while (lines.next()) {
        while (lines.names.next()) |word| {
            if (!std.ascii.eqlIgnoreCase(word, name)) continue;
            for (out[0..count]) |known| if (known.eql(lines.address)) continue :next;
            if (count == out.len) return out;
            out[count] = lines.address;
            count += 1;
            continue :next;
        }
    }
    return out[0..count];
}

/// The first name that hosts(5) gives `address`.
pub fn nameOf(text: []const u8, address: Address) ?[]const u8 {
    var lines: Lines = .init(text);
    while (lines.next()) {
        if (lines.address.eql(address)) return lines.names.next() orelse continue;
    }
    return null;
}

/// The address that `name` (lower case) asks the name of: 1.2.0.192.in-addr.arpa (RFC 1035, 3.5), or
/// 32 digits below ip6.arpa (RFC 3596, 2.5).
pub fn reverseAddress(name: []const u8) ?Address {
    if (below(name, ".in-addr.arpa")) |digits| {
        var bytes: [4]u8 = undefined;
        var parts = std.mem.splitScalar(u8, digits, '.');
        for (0..4) |index| {
            const part = parts.next() orelse return null;
            // One spelling for each address.
            if (part.len == 0 or part.len > 3 or (part.len > 1 and part[0] == '0')) return null;
            for (part) |digit| if (!std.ascii.isDigit(digit)) return null;
            bytes[3 - index] = std.fmt.parseInt(u8, part, 10) catch return null;
        }
        return if (parts.next() == null) .v4(bytes) else null;
    }
    const digits = below(name, ".ip6.arpa") orelse return null;
    if (digits.len != 63) return null;
    var bytes: [16]u8 = @splat(0);
    for (0..32) |index| {
        if (index > 0 and digits[index * 2 - 1] != '.') return null;
        const digit = std.fmt.charToDigit(digits[index * 2], 16) catch return null;
        bytes[15 - index / 2] |= if (index % 2 == 0) digit else digit << 4;
    }
    return .v6(bytes);
}

fn below(name: []const u8, domain: []const u8) ?[]const u8 {
    return if (std.mem.endsWith(u8, name, domain)) name[0 .. name.len - domain.len] else null;
}

fn parseAddress(text: []const u8) ?Address {
    if (authority.parseV4(text)) |bytes| return .v4(bytes);
    if (authority.parseV6(text)) |bytes| return .v6(bytes);
    return null;
}

const testing = std.testing;

test "resolv.conf" {
    const settings = parseSettings(
        \\# a comment
        \\; another
        \\domain old.test
        \\search a.test  b.test
        \\nameserver 192.0.2.53
        \\nameserver fe80::1%eth0
        \\nameserver nonsense
        \\nameserver 2001:db8::53
        \\nameserver 192.0.2.54
        \\options ndots:20 timeout:1 rotate attempts:0 edns0 timeout:x
        \\lookup file bind
    );
    try testing.expectEqual(3, settings.servers_count);
    try testing.expect(settings.servers[0].address.eql(.v4(.{ 192, 0, 2, 53 })));
    try testing.expectEqualStrings("eth0", settings.servers[1].scope);
    try testing.expect(settings.servers[2].address.eql(.v6(.{ 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53 })));
    try testing.expectEqual(2, settings.search_count);
    try testing.expectEqualStrings("b.test", settings.search[1]);
    try testing.expectEqual(15, settings.ndots);
    try testing.expectEqual(1, settings.timeout);
    try testing.expectEqual(1, settings.attempts);
    try testing.expect(settings.rotates);
    const none = parseSettings("search a.test\n");
    try testing.expect(none.servers[0].address.eql(.v4(.{ 127, 0, 0, 1 })));
}

test "hosts: several addresses, other names, comments, whole words" {
    const text =
        \\127.0.0.1 localhost
        \\192.0.2.1   api.test API2.test # not.test
        \\# 192.0.2.9 api.test
        \\2001:db8::1 api.test
        \\fe80::1%eth0 link.test
        \\192.0.2.1 api.test
        \\999.0.2.1 api.test
        \\192.0.2.3
        \\192.0.2.3 three.test
    ;
    var out: [4]Address = undefined;
    const found = addressesOf(text, "api.test", &out);
    try testing.expectEqual(2, found.len);
    try testing.expect(found[0].eql(.v4(.{ 192, 0, 2, 1 })));
    try testing.expectEqual(1, addressesOf(text, "api2.test", &out).len);
    try testing.expectEqual(1, addressesOf(text, "link.test", &out).len);
    for ([_][]const u8{ "not.test", "api", "test", "192.0.2.1", "" }) |name| try testing.expectEqual(0, addressesOf(text, name, &out).len);
    try testing.expectEqual(1, addressesOf(text, "api.test", out[0..1]).len);
    try testing.expectEqualStrings("api.test", nameOf(text, .v4(.{ 192, 0, 2, 1 })).?);
    try testing.expectEqual(1, addressesOf("192.0.2.1\tapi.test\r\n", "api.test", &out).len);
    try testing.expectEqualStrings("three.test", nameOf(text, .v4(.{ 192, 0, 2, 3 })).?);
    try testing.expectEqual(null, nameOf(text, .v4(.{ 192, 0, 2, 9 })));
}

test "reverse names" {
    try testing.expect(reverseAddress("1.2.0.192.in-addr.arpa").?.eql(.v4(.{ 192, 0, 2, 1 })));
    const v6 = "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa";
    try testing.expect(reverseAddress(v6).?.eql(.v6(.{ 0x43, 0x21, 0, 0, 0, 1, 0, 2, 0, 3, 0, 4, 5, 0x67, 0x89, 0xab })));
    for ([_][]const u8{ "2.0.192.in-addr.arpa", "1.1.2.0.192.in-addr.arpa", "01.2.0.192.in-addr.arpa", "256.2.0.192.in-addr.arpa", "+1.2.0.192.in-addr.arpa", "in-addr.arpa", "a.test", v6[2..], "x" ++ v6[1..] }) |name| {
        try testing.expectEqual(null, reverseAddress(name));
    }
}

const fuzz_texts = [_][]const u8{
    "search a.test\nnameserver 192.0.2.53\nnameserver fe80::1%eth0\noptions ndots:2 timeout:3 attempts:4 rotate\n",
    "127.0.0.1 localhost\n::1 localhost ip6-localhost\n192.0.2.1 a.test b.test # c.test\n",
    "1.2.0.192.in-addr.arpa",
    "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa",
};

fn checkText(text: []const u8) anyerror!void {
    const settings = parseSettings(text);
    try testing.expect(settings.servers_count >= 1 and settings.servers_count <= servers_max);
    try testing.expect(settings.timeout >= 1 and settings.attempts >= 1 and settings.search_count <= search_max);
    var out: [3]Address = undefined;
    for (addressesOf(text, "a.test", &out)) |address| try testing.expect(nameOf(text, address) != null);
    _ = reverseAddress(text);
}

test "fuzz: the host's files" {
    const Once = struct {
        fn one(_: void, smith: *testing.Smith) anyerror!void {
            var buffer: [512]u8 = undefined;
            try checkText(buffer[0..smith.slice(&buffer)]);
        }
    };
    try testing.fuzz({}, Once.one, .{ .corpus = corpus.entries(&fuzz_texts) });
    try corpus.changed(&fuzz_texts, 20_000, checkText);
}
