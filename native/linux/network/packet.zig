//! IPv4 and IPv6 packets as a tun device gives and takes them: what one says, and the bytes of the
//! few kinds that are sent back. Pure. The sender is hostile: every length is checked before it is
//! used, and what could mean two things (options, extension headers, fragments) is not read at all.

const std = @import("std");
const addresses = @import("address.zig");
const Address = addresses.Address;
const Endpoint = addresses.Endpoint;

/// A total length's 16 bits.
pub const size_max = 65535;

const v4_header = 20;
const v6_header = 40;
pub const udp_header = 8;
const echo_header = 8;
const tcp_header = 20;

/// Room that a reply's headers take in front of its payload, of either family.
pub const headroom = v6_header + udp_header;

const protocol_icmp = 1;
const protocol_tcp = 6;
const protocol_udp = 17;
const protocol_icmp6 = 58;

const DF: u16 = 0x4000;
const MF: u16 = 0x2000;
const offset_mask: u16 = 0x1fff;

const hop_limit = 64;

pub const Udp = struct { source_port: u16, destination_port: u16, payload: []const u8 };
pub const Echo = struct { identifier: u16, sequence: u16, payload: []const u8 };
pub const Tcp = struct { source_port: u16, destination_port: u16, sequence: u32, acknowledgement: u32, flags: u8, length: u32 };

pub const Refusal = enum {
    /// The first piece of a datagram; the ports are in it.
    fragment,
    later_fragment,
    /// IPv4 options: source routes are among them.
    options,
    extension_header,
    /// The header behind the address disagrees with the packet's length.
    bad_length,
    port_zero,

    pub fn text(refusal: Refusal) []const u8 {
        return switch (refusal) {
            .fragment, .later_fragment => "a fragment: datagrams larger than the interface's MTU are not carried",
            .options => "IPv4 options",
            .extension_header => "an IPv6 extension header",
            .bad_length => "lengths that disagree",
            .port_zero => "port 0",
        };
    }
};

pub const Transport = union(enum) {
    udp: Udp,
    /// An echo request, of ICMP or ICMPv6.
    echo: Echo,
    tcp: Tcp,
    /// Any other message of ICMP or ICMPv6, by its type.
    control: u8,
    /// The protocol's number.
    other: u8,
    refused: Refusal,
};

pub const Packet = struct {
    source: Address,
    destination: Address,
    transport: Transport,
    /// All of it, without what may follow its end.
    bytes: []const u8,
};

/// Malformed: not even its addresses can be told, or they are such as no network carries.
pub fn parse(bytes: []const u8) error{Malformed}!Packet {
    if (bytes.len == 0) return error.Malformed;
    return switch (bytes[0] >> 4) {
        4 => parseV4(bytes),
        6 => parseV6(bytes),
        else => error.Malformed,
    };
}

fn parseV4(bytes: []const u8) error{Malformed}!Packet {
    if (bytes.len < v4_header) return error.Malformed;
    const header = @as(usize, bytes[0] & 15) * 4;
    const total = read16(bytes[2..4]);
    if (header < v4_header or total < header or total > bytes.len) return error.Malformed;
    if (fold(sum(bytes[0..header])) != 0xffff) return error.Malformed;
    const pieces = read16(bytes[6..8]);
    const whole = bytes[0..total];
    const inner = whole[header..];
    return .{
        .source = .v4(bytes[12..16].*),
        .destination = .v4(bytes[16..20].*),
        .bytes = whole,
        .transport = if (header != v4_header)
            .{ .refused = .options }
        else if (pieces & offset_mask != 0)
            .{ .refused = .later_fragment }
        else if (pieces & MF != 0)
            .{ .refused = .fragment }
        else switch (bytes[9]) {
            protocol_icmp => parseIcmp(inner, echo_request),
            else => |protocol| parseTransport(inner, protocol),
        },
    };
}

fn parseV6(bytes: []const u8) error{Malformed}!Packet {
    if (bytes.len < v6_header) return error.Malformed;
    const total = v6_header + @as(usize, read16(bytes[4..6]));
    if (total > bytes.len) return error.Malformed;
    const source: Address = .v6(bytes[8..24].*);
    const destination: Address = .v6(bytes[24..40].*);
    // A mapped address never stands in a packet (RFC 4038, 4.2): it would be decided as IPv4.
    if (source.asV4() != null or destination.asV4() != null) return error.Malformed;
    const whole = bytes[0..total];
    const inner = whole[v6_header..];
    return .{
        .source = source,
        .destination = destination,
        .bytes = whole,
        .transport = switch (bytes[6]) {
            protocol_icmp6 => parseIcmp(inner, echo6_request),
            // Fragment header: RFC 8200, 4.5.
            44 => .{ .refused = if (inner.len < 8 or read16(inner[2..4]) & 0xfff8 != 0) .later_fragment else .fragment },
            // Hop-by-hop, routing, destination options, mobility, HIP, shim6, ESP, AH.
            0, 43, 60, 135, 139, 140, 50, 51 => .{ .refused = .extension_header },
            else => |protocol| parseTransport(inner, protocol),
        },
    };
}

const echo_request = 8;
const echo_reply = 0;
const echo6_request = 128;
const echo6_reply = 129;

fn parseIcmp(bytes: []const u8, request: u8) Transport {
    if (bytes.len < 4) return .{ .refused = .bad_length };
    if (bytes[0] != request or bytes[1] != 0) return .{ .control = bytes[0] };
    if (bytes.len < echo_header) return .{ .refused = .bad_length };
    return .{ .echo = .{ .identifier = read16(bytes[4..6]), .sequence = read16(bytes[6..8]), .payload = bytes[echo_header..] } };
}

/// Checksums of what is inside are not looked at: the packet came from this kernel through memory,
/// and the host's kernel makes new ones.
fn parseTransport(bytes: []const u8, protocol: u8) Transport {
    switch (protocol) {
        protocol_udp => {
            if (bytes.len < udp_header or read16(bytes[4..6]) != bytes.len) return .{ .refused = .bad_length };
            const udp: Udp = .{ .source_port = read16(bytes[0..2]), .destination_port = read16(bytes[2..4]), .payload = bytes[udp_header..] };
            if (udp.source_port == 0 or udp.destination_port == 0) return .{ .refused = .port_zero };
            return .{ .udp = udp };
        },
        protocol_tcp => {
            if (bytes.len < tcp_header) return .{ .refused = .bad_length };
            const header = @as(usize, bytes[12] >> 4) * 4;
            if (header < tcp_header or header > bytes.len) return .{ .refused = .bad_length };
            return .{ .tcp = .{
                .source_port = read16(bytes[0..2]),
                .destination_port = read16(bytes[2..4]),
                .sequence = std.mem.readInt(u32, bytes[4..8], .big),
                .acknowledgement = std.mem.readInt(u32, bytes[8..12], .big),
                .flags = bytes[13],
                .length = @intCast(bytes.len - header),
            } };
        },
        else => return .{ .other = protocol },
    }
}

/// Over all of a datagram, or over its addresses and length alone, to be finished by whoever reads
/// the bytes anyway (CHECKSUM_PARTIAL, linux/skbuff.h).
pub const Checksum = enum { whole, partial };

/// A datagram around the payload `buffer[at..][0..length]`; `at` is at least `headroom`. Null: it
/// is longer than a packet can be.
pub fn buildUdp(buffer: []u8, at: usize, length: usize, from: Endpoint, to: Endpoint, kind: Checksum) ?[]u8 {
    const size = udp_header + length;
    const start = at - udp_header;
    if (!fits(to.address, size)) return null;
    const datagram = buffer[start..][0..size];
    write16(datagram[0..2], from.port);
    write16(datagram[2..4], to.port);
    write16(datagram[4..6], @intCast(size));
    datagram[6..8].* = .{ 0, 0 };
    const addressed = pseudo(from.address, to.address, protocol_udp, size);
    datagram[6..8].* = @bitCast(switch (kind) {
        .partial => fold(addressed),
        .whole => neverZero(~fold(addressed + sum(datagram))),
    });
    return prepend(buffer, start, size, from.address, to.address, protocol_udp);
}

/// Zero says that there is no checksum (RFC 768).
fn neverZero(checksum: u16) u16 {
    return if (checksum == 0) 0xffff else checksum;
}

/// The offset of a datagram's checksum in its header.
pub const udp_checksum = 6;

/// The reply to an echo request, around its payload like `buildUdp`.
pub fn buildEchoReply(buffer: []u8, at: usize, length: usize, from: Address, to: Address, identifier: u16, sequence: u16) ?[]u8 {
    const size = echo_header + length;
    const start = at - echo_header;
    if (!fits(to, size)) return null;
    const message = buffer[start..][0..size];
    message[0..2].* = .{ if (to.asV4() == null) echo6_reply else echo_reply, 0 };
    write16(message[4..6], identifier);
    write16(message[6..8], sequence);
    return finishIcmp(buffer, start, size, from, to);
}

/// An echo request as a host's socket takes it: the message alone, the checksum made for IPv4 (for
/// IPv6 the kernel makes it). In the eight bytes before the payload.
pub fn buildEchoRequest(buffer: []u8, at: usize, length: usize, is_v4: bool, identifier: u16, sequence: u16) []u8 {
    const message = buffer[at - echo_header ..][0 .. echo_header + length];
    message[0..4].* = .{ if (is_v4) echo_request else echo6_request, 0, 0, 0 };
    write16(message[4..6], identifier);
    write16(message[6..8], sequence);
    if (is_v4) message[2..4].* = @bitCast(~fold(sum(message)));
    return message;
}

/// The head of an echo request of the sandbox's, to quote it by; `out` is at least `headroom` long.
pub fn quoteEcho(out: []u8, from: Address, to: Address, identifier: u16) []u8 {
    const is_v4 = to.asV4() != null;
    _ = buildEchoRequest(out, headroom, 0, is_v4, identifier, 0);
    return prepend(out, v6_header, echo_header, from, to, if (is_v4) protocol_icmp else protocol_icmp6);
}

/// The reply in what a host's socket received, a message of ICMP or ICMPv6: null for any other.
pub fn parseEchoReply(bytes: []const u8, is_v4: bool) ?Echo {
    if (bytes.len < echo_header) return null;
    const wanted: u8 = if (is_v4) echo_reply else echo6_reply;
    if (bytes[0] != wanted or bytes[1] != 0) return null;
    return .{ .identifier = read16(bytes[4..6]), .sequence = read16(bytes[6..8]), .payload = bytes[echo_header..] };
}

/// Why a packet did not arrive, as RFC 792 and RFC 4443 number it. Where Linux tells a program only
/// of some codes (net/ipv4/icmp.c, net/ipv6/icmp.c: fatal), it is one of those.
pub const Unreachable = enum {
    /// "Destination network unknown" (RFC 1122, 3.2.2.1), ENETUNREACH; "reject route to destination"
    /// (RFC 4443, 3.1), EACCES. A socket of the host's own would be refused at once; the plain codes
    /// would leave the program waiting.
    network,
    /// Passes, perhaps: nobody is told but who asks (IP_RECVERR).
    host,
    port,
    /// RFC 1812, 5.2.7.1: "communication administratively prohibited".
    prohibited,

    fn code4(reason: Unreachable) u8 {
        return switch (reason) {
            .network => 6,
            .host => 1,
            .port => 3,
            .prohibited => 13,
        };
    }

    fn code6(reason: Unreachable) u8 {
        return switch (reason) {
            .network => 6,
            .host => 3,
            .port => 4,
            .prohibited => 1,
        };
    }
};

/// How much of a packet that failed is told: what RFC 792 asks for, and for IPv6 a little more than
/// any program looks at (RFC 4443, 3.1 has up to 1232).
pub const quote_max = v6_header + 64;

pub const error_max = v6_header + echo_header + quote_max;

/// `failed`: the packet, or as much as there is of it, at least its IP header.
pub fn buildUnreachable(out: *[error_max]u8, from: Address, to: Address, failed: []const u8, reason: Unreachable) []u8 {
    const is_v4 = to.asV4() != null;
    const start = v6_header;
    const quote = failed[0..@min(failed.len, quote_max)];
    const size = echo_header + quote.len;
    const message = out[start..][0..size];
    message[0..8].* = .{ if (is_v4) 3 else 1, if (is_v4) reason.code4() else reason.code6(), 0, 0, 0, 0, 0, 0 };
    @memcpy(message[8..], quote);
    return finishIcmp(out, start, size, from, to).?;
}

pub const reset_max = v6_header + tcp_header;

const TcpFlag = struct {
    const fin = 1;
    const syn = 2;
    const rst = 4;
    const ack = 16;
};

/// The answer to a segment that belongs to no connection (RFC 9293, 3.10.7.1); null for a reset.
pub fn buildReset(out: *[reset_max]u8, packet: Packet, tcp: Tcp) ?[]u8 {
    if (tcp.flags & TcpFlag.rst != 0) return null;
    const segment = out[v6_header..];
    const has_ack = tcp.flags & TcpFlag.ack != 0;
    const phantom = @as(u32, @intFromBool(tcp.flags & TcpFlag.syn != 0)) + @intFromBool(tcp.flags & TcpFlag.fin != 0);
    write16(segment[0..2], tcp.destination_port);
    write16(segment[2..4], tcp.source_port);
    std.mem.writeInt(u32, segment[4..8], if (has_ack) tcp.acknowledgement else 0, .big);
    std.mem.writeInt(u32, segment[8..12], if (has_ack) 0 else tcp.sequence +% tcp.length +% phantom, .big);
    segment[12..20].* = .{ tcp_header / 4 << 4, if (has_ack) TcpFlag.rst else TcpFlag.rst | TcpFlag.ack, 0, 0, 0, 0, 0, 0 };
    const from = packet.destination;
    const to = packet.source;
    segment[16..18].* = @bitCast(~fold(pseudo(from, to, protocol_tcp, tcp_header) + sum(segment)));
    return prepend(out, v6_header, tcp_header, from, to, protocol_tcp);
}

fn finishIcmp(buffer: []u8, start: usize, size: usize, from: Address, to: Address) ?[]u8 {
    const message = buffer[start..][0..size];
    message[2..4].* = .{ 0, 0 };
    const is_v4 = to.asV4() != null;
    const extra: u64 = if (is_v4) 0 else pseudo(from, to, protocol_icmp6, size);
    message[2..4].* = @bitCast(~fold(extra + sum(message)));
    return prepend(buffer, start, size, from, to, if (is_v4) protocol_icmp else protocol_icmp6);
}

fn fits(to: Address, size: usize) bool {
    return size + @as(usize, if (to.asV4() == null) 0 else v4_header) <= size_max;
}

fn prepend(buffer: []u8, at: usize, size: usize, from: Address, to: Address, protocol: u8) []u8 {
    if (to.asV4()) |to4| {
        const packet = buffer[at - v4_header ..][0 .. v4_header + size];
        packet[0..2].* = .{ 0x45, 0 };
        write16(packet[2..4], @intCast(packet.len));
        // Never to be cut, so it needs no identification (RFC 6864).
        packet[4..6].* = .{ 0, 0 };
        write16(packet[6..8], DF);
        packet[8..12].* = .{ hop_limit, protocol, 0, 0 };
        packet[12..16].* = from.asV4() orelse @splat(0);
        packet[16..20].* = to4;
        packet[10..12].* = @bitCast(~fold(sum(packet[0..v4_header])));
        return packet;
    }
    const packet = buffer[at - v6_header ..][0 .. v6_header + size];
    packet[0..4].* = .{ 0x60, 0, 0, 0 };
    write16(packet[4..6], @intCast(size));
    packet[6..8].* = .{ protocol, hop_limit };
    packet[8..24].* = from.bytes;
    packet[24..40].* = to.bytes;
    return packet;
}

fn read16(bytes: *const [2]u8) u16 {
    return std.mem.readInt(u16, bytes, .big);
}

fn write16(bytes: *[2]u8, value: u16) void {
    std.mem.writeInt(u16, bytes, value, .big);
}

/// The Internet checksum's sum (RFC 1071) in memory's byte order, not yet folded: at most 64 KiB
/// are added, so nothing is lost.
fn sum(bytes: []const u8) u64 {
    var total: u64 = 0;
    var rest = bytes;
    while (rest.len >= 16) : (rest = rest[16..]) {
        const words: [4]u32 = @bitCast(rest[0..16].*);
        total += @as(u64, words[0]) + words[1];
        total += @as(u64, words[2]) + words[3];
    }
    while (rest.len >= 2) : (rest = rest[2..]) total += @as(u16, @bitCast(rest[0..2].*));
    if (rest.len == 1) total += @as(u16, @bitCast([2]u8{ rest[0], 0 }));
    return total;
}

fn fold(total: u64) u16 {
    var value = total;
    while (value > 0xffff) value = (value >> 16) + (value & 0xffff);
    return @truncate(value);
}

/// The sum over what is checked besides the bytes: RFC 768, RFC 8200 8.1. `size` is below 64 KiB, so
/// IPv4's form has the same words.
fn pseudo(from: Address, to: Address, protocol: u8, size: usize) u64 {
    const rest = std.mem.nativeToBig(u16, protocol) + @as(u64, std.mem.nativeToBig(u16, @intCast(size)));
    if (to.asV4() == null) return rest + sum(&from.bytes) + sum(&to.bytes);
    return rest + sum(from.bytes[12..16]) + sum(to.bytes[12..16]);
}

const testing = std.testing;

/// The checksum as RFC 1071 tells it, one 16-bit word after the other.
fn plainSum(parts: []const []const u8) u16 {
    var total: u32 = 0;
    for (parts) |part| {
        var at: usize = 0;
        while (at < part.len) : (at += 2) {
            total += @as(u32, part[at]) << 8;
            if (at + 1 < part.len) total += part[at + 1];
            total = (total & 0xffff) + (total >> 16);
        }
    }
    return @truncate(total);
}

fn expectSums(packet: []const u8) !void {
    if (packet[0] >> 4 == 4) {
        try testing.expectEqual(0xffff, plainSum(&.{packet[0..20]}));
        if (packet[9] == protocol_icmp) return testing.expectEqual(0xffff, plainSum(&.{packet[20..]}));
        var length: [2]u8 = undefined;
        write16(&length, @intCast(packet.len - 20));
        return testing.expectEqual(0xffff, plainSum(&.{ packet[12..20], &.{ 0, packet[9] }, &length, packet[20..] }));
    }
    var length: [4]u8 = undefined;
    std.mem.writeInt(u32, &length, @intCast(packet.len - 40), .big);
    try testing.expectEqual(0xffff, plainSum(&.{ packet[8..40], &length, &.{ 0, 0, 0, packet[6] }, packet[40..] }));
}

const near4: Address = .v4(.{ 10, 0, 2, 100 });
const far4: Address = .v4(.{ 203, 0, 113, 9 });
const near6: Address = .v6(.{ 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0 });
const far6: Address = .v6(.{ 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9 });

test "a datagram reads as it was built, of every length, of both families" {
    var buffer: [70000]u8 = undefined;
    for ([_][2]Address{ .{ near4, far4 }, .{ near6, far6 } }) |pair| {
        for ([_]usize{ 0, 1, 2, 15, 16, 17, 1399, 65472, 65487, 65507, 65508, 65527, 65528 }) |length| {
            for (buffer[headroom..][0..length], 0..) |*byte, index| byte.* = @truncate(index *% 7 +% length);
            const built = buildUdp(&buffer, headroom, length, .{ .address = pair[0], .port = 4433 }, .{ .address = pair[1], .port = 53 }, .whole);
            const longest: usize = if (pair[1].asV4() == null) 65527 else 65507;
            if (length > longest) {
                try testing.expectEqual(null, built);
                continue;
            }
            try expectSums(built.?);
            const packet = try parse(built.?);
            try testing.expect(packet.source.eql(pair[0]) and packet.destination.eql(pair[1]));
            try testing.expectEqual(4433, packet.transport.udp.source_port);
            try testing.expectEqual(53, packet.transport.udp.destination_port);
            try testing.expectEqual(buffer[headroom..].ptr, packet.transport.udp.payload.ptr);
            try testing.expectEqual(length, packet.transport.udp.payload.len);
        }
    }
}

test "a partial checksum is finished by summing the datagram" {
    var buffer: [headroom + 31]u8 = @splat(0xa5);
    for ([_][2]Address{ .{ near4, far4 }, .{ near6, far6 } }) |pair| {
        const built = buildUdp(&buffer, headroom, 31, .{ .address = pair[0], .port = 1 }, .{ .address = pair[1], .port = 2 }, .partial).?;
        const datagram = built[built.len - 39 ..];
        datagram[udp_checksum..][0..2].* = @bitCast(~fold(sum(datagram)));
        try expectSums(built);
    }
}

test "a checksum that comes out as zero is sent as all ones" {
    var buffer: [headroom + 2]u8 = undefined;
    var seen = false;
    for (0..0x10000) |value| {
        write16(buffer[headroom..][0..2], @intCast(value));
        const built = buildUdp(&buffer, headroom, 2, .{ .address = near4, .port = 1 }, .{ .address = far4, .port = 2 }, .whole).?;
        const checksum = read16(built[26..28]);
        try testing.expect(checksum != 0);
        if (checksum == 0xffff) seen = true;
    }
    try testing.expect(seen);
}

test "echo: request to the host's socket, reply to the sandbox" {
    var buffer: [200]u8 = undefined;
    for ([_][2]Address{ .{ far4, near4 }, .{ far6, near6 } }) |pair| {
        const is_v4 = pair[0].asV4() != null;
        @memcpy(buffer[headroom..][0..5], "hello");
        const request = buildEchoRequest(&buffer, headroom, 5, is_v4, 7, 9);
        try testing.expectEqual(13, request.len);
        if (is_v4) try testing.expectEqual(0xffff, plainSum(&.{request}));
        try testing.expectEqual(null, parseEchoReply(request, is_v4));
        const reply = buildEchoReply(&buffer, headroom, 5, pair[0], pair[1], 7, 9).?;
        try expectSums(reply);
        const echo = parseEchoReply(reply[reply.len - 13 ..], is_v4).?;
        try testing.expectEqual(7, echo.identifier);
        try testing.expectEqual(9, echo.sequence);
        try testing.expectEqualStrings("hello", echo.payload);
        // In the sandbox's direction it is no request.
        try testing.expectEqual(@as(u8, if (is_v4) echo_reply else echo6_reply), (try parse(reply)).transport.control);
    }
}

test "failures quote the packet that failed" {
    var buffer: [2048]u8 = undefined;
    for ([_][2]Address{ .{ near4, far4 }, .{ near6, far6 } }) |pair| {
        for ([_]usize{ 0, 5, 1400 }) |length| {
            const failed = buildUdp(&buffer, headroom, length, .{ .address = pair[0], .port = 4000 }, .{ .address = pair[1], .port = 443 }, .whole).?;
            var out: [error_max]u8 = undefined;
            const message = buildUnreachable(&out, pair[1], pair[0], failed, .port);
            try expectSums(message);
            const header: usize = if (pair[0].asV4() != null) v4_header else v6_header;
            try testing.expectEqualSlices(u8, failed[0 .. header + 8], message[header + 8 ..][0 .. header + 8]);
            const kind: [2]u8 = if (header == v4_header) .{ 3, 3 } else .{ 1, 4 };
            try testing.expectEqualSlices(u8, &kind, message[header..][0..2]);
        }
    }
}

test "a segment is answered by a reset, a reset by nothing" {
    for ([_][2]Address{ .{ near4, far4 }, .{ near6, far6 } }) |pair| {
        var buffer: [reset_max]u8 = undefined;
        const segment = buffer[v6_header..];
        segment.* = @splat(0);
        write16(segment[0..2], 5000);
        write16(segment[2..4], 80);
        std.mem.writeInt(u32, segment[4..8], 0xffffffff, .big);
        segment[12] = 5 << 4;
        segment[13] = TcpFlag.syn;
        const packet = try parse(prepend(&buffer, v6_header, tcp_header, pair[0], pair[1], protocol_tcp));
        var out: [reset_max]u8 = undefined;
        const answer = buildReset(&out, packet, packet.transport.tcp).?;
        try expectSums(answer);
        const read = (try parse(answer)).transport.tcp;
        try testing.expectEqual(TcpFlag.rst | TcpFlag.ack, read.flags);
        // The sequence number went around.
        try testing.expectEqual(0, read.acknowledgement);
        try testing.expectEqual(5000, read.destination_port);
        try testing.expectEqual(null, buildReset(&out, try parse(answer), read));
    }
}

/// `base` with one byte changed and its header's checksum made right again.
fn changed4(buffer: []u8, base: []const u8, at: usize, value: u8) []const u8 {
    @memcpy(buffer[0..base.len], base);
    buffer[at] = value;
    buffer[10..12].* = .{ 0, 0 };
    buffer[10..12].* = @bitCast(~fold(sum(buffer[0..20])));
    return buffer[0..base.len];
}

test "what could be read in two ways is refused" {
    var first: [headroom + 24]u8 = @splat(1);
    var buffer: [256]u8 = undefined;
    const datagram = buildUdp(&first, headroom, 24, .{ .address = near4, .port = 1 }, .{ .address = far4, .port = 2 }, .whole).?;
    try testing.expectEqual(Refusal.fragment, (try parse(changed4(&buffer, datagram, 6, 0x20))).transport.refused);
    try testing.expectEqual(Refusal.later_fragment, (try parse(changed4(&buffer, datagram, 7, 1))).transport.refused);
    try testing.expectEqual(Refusal.bad_length, (try parse(changed4(&buffer, datagram, 25, 31))).transport.refused);
    try testing.expectEqual(Refusal.bad_length, (try parse(changed4(&buffer, datagram, 25, 33))).transport.refused);
    try testing.expectEqual(Refusal.port_zero, (try parse(changed4(&buffer, datagram, 23, 0))).transport.refused);
    try testing.expectEqual(99, (try parse(changed4(&buffer, datagram, 9, 99))).transport.other);
    // Lengths: shorter than its header says, a header shorter than a header, longer than it is.
    try testing.expectError(error.Malformed, parse(changed4(&buffer, datagram, 3, 19)));
    try testing.expectError(error.Malformed, parse(changed4(&buffer, datagram, 0, 0x44)));
    try testing.expectError(error.Malformed, parse(datagram[0 .. datagram.len - 1]));
    try testing.expectError(error.Malformed, parse(datagram[0..19]));
    try testing.expectError(error.Malformed, parse(&.{}));
    // The header's checksum.
    @memcpy(buffer[0..datagram.len], datagram);
    buffer[8] ^= 1;
    try testing.expectError(error.Malformed, parse(buffer[0..datagram.len]));
    // A header with options, its checksum right.
    @memcpy(buffer[0..20], datagram[0..20]);
    buffer[0] = 0x46;
    buffer[20..24].* = .{ 0x83, 3, 4, 0 };
    buffer[10..12].* = .{ 0, 0 };
    buffer[10..12].* = @bitCast(~fold(sum(buffer[0..24])));
    try testing.expectEqual(Refusal.options, (try parse(buffer[0..datagram.len])).transport.refused);

    const six = buildUdp(&first, headroom, 24, .{ .address = near6, .port = 1 }, .{ .address = far6, .port = 2 }, .whole).?;
    @memcpy(buffer[0..six.len], six);
    for ([_]u8{ 0, 43, 60, 51, 50, 135 }) |header| {
        buffer[6] = header;
        try testing.expectEqual(Refusal.extension_header, (try parse(buffer[0..six.len])).transport.refused);
    }
    buffer[6] = 44;
    buffer[40..44].* = .{ 17, 0, 0, 1 };
    try testing.expectEqual(Refusal.fragment, (try parse(buffer[0..six.len])).transport.refused);
    buffer[43] = 8;
    try testing.expectEqual(Refusal.later_fragment, (try parse(buffer[0..six.len])).transport.refused);
    // An IPv4 address in IPv6's clothes.
    @memcpy(buffer[0..six.len], six);
    buffer[24..40].* = far4.bytes;
    try testing.expectError(error.Malformed, parse(buffer[0..six.len]));
}

/// Whatever is accepted lies within what was given, and can be answered.
fn checkParsed(bytes: []const u8) anyerror!void {
    const packet = parse(bytes) catch return;
    try testing.expect(packet.bytes.ptr == bytes.ptr and packet.bytes.len <= bytes.len);
    try testing.expectEqual(packet.source.asV4() == null, packet.destination.asV4() == null);
    const payload: []const u8 = switch (packet.transport) {
        .udp => |inner| inner.payload,
        .echo => |inner| inner.payload,
        else => packet.bytes[packet.bytes.len..],
    };
    try testing.expectEqual(packet.bytes.ptr + packet.bytes.len, payload.ptr + payload.len);
    var out: [error_max]u8 = undefined;
    try expectSums(buildUnreachable(&out, packet.destination, packet.source, packet.bytes, .prohibited));
    switch (packet.transport) {
        .tcp => |tcp| {
            var answer: [reset_max]u8 = undefined;
            if (buildReset(&answer, packet, tcp)) |built| try expectSums(built);
        },
        else => {},
    }
}

const fuzz_packets = [_][]const u8{
    // UDP of both families, an echo request of both, a SYN, a fragment of each.
    "\x45\x00\x00\x20\x00\x00\x40\x00\x40\x11\x6c\x68\x0a\x00\x02\x64\xc0\x00\x02\x01\x10\x00\x00\x35\x00\x0c\x00\x00abcd",
    "\x60\x00\x00\x00\x00\x0c\x11\x40\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x10\x00\x00\x35\x00\x0c\x00\x00abcd",
    "\x45\x00\x00\x20\x00\x00\x40\x00\x40\x01\x6c\x78\x0a\x00\x02\x64\xc0\x00\x02\x01\x08\x00\x00\x00\x00\x01\x00\x02abcd",
    "\x60\x00\x00\x00\x00\x0c\x3a\x40\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x80\x00\x00\x00\x00\x01\x00\x02abcd",
    "\x45\x00\x00\x28\x00\x00\x40\x00\x40\x06\x6c\x6b\x0a\x00\x02\x64\xc0\x00\x02\x01\x10\x00\x00\x50\x00\x00\x00\x01\x00\x00\x00\x00\x50\x02\xff\xff\x00\x00\x00\x00",
    "\x45\x00\x00\x20\x00\x01\x20\x00\x40\x11\x8c\x67\x0a\x00\x02\x64\xc0\x00\x02\x01\x10\x00\x00\x35\x00\x0c\x00\x00abcd",
    "\x60\x00\x00\x00\x00\x0c\x2c\x40\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x11\x00\x00\x01\x00\x00\x00\x07abcd",
};

/// `changed` seldom hits a checksum: what it made is looked at with the right one too.
fn checkPacket(bytes: []const u8) anyerror!void {
    try checkParsed(bytes);
    if (bytes.len < v4_header or bytes[0] >> 4 != 4) return;
    var buffer: [2048]u8 = undefined;
    const copy = buffer[0..@min(bytes.len, buffer.len)];
    @memcpy(copy, bytes[0..copy.len]);
    const header = @max(v4_header, @min(copy.len, @as(usize, copy[0] & 15) * 4));
    copy[10..12].* = .{ 0, 0 };
    copy[10..12].* = @bitCast(~fold(sum(copy[0..header])));
    try checkParsed(copy);
}

test "fuzz: packets" {
    const corpus = @import("corpus.zig");
    for (fuzz_packets) |bytes| _ = try parse(bytes);
    const Once = struct {
        fn one(_: void, smith: *testing.Smith) anyerror!void {
            var buffer: [1024]u8 = undefined;
            try checkPacket(buffer[0..smith.slice(&buffer)]);
        }
    };
    try testing.fuzz({}, Once.one, .{ .corpus = corpus.entries(&fuzz_packets) });
    try corpus.changed(&fuzz_packets, 20_000, checkPacket);
}
