//! Internet addresses in one form: 16 bytes, IPv4 as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2). A
//! decision is made on this form alone, so no second spelling of an address can differ from it.

const std = @import("std");

pub const AF_UNSPEC: u16 = 0;
pub const AF_UNIX: u16 = 1;
pub const AF_INET: u16 = 2;
pub const AF_INET6: u16 = 10;
pub const AF_NETLINK: u16 = 16;

/// struct sockaddr_in (ip(7)); port and address in network byte order.
pub const SockaddrIn = extern struct {
    family: u16 = AF_INET,
    port: [2]u8,
    address: [4]u8,
    zero: [8]u8 = @splat(0),
};

/// struct sockaddr_in6 (ipv6(7)).
pub const SockaddrIn6 = extern struct {
    family: u16 = AF_INET6,
    port: [2]u8,
    flow: u32 = 0,
    address: [16]u8,
    scope: u32 = 0,
};

comptime {
    std.debug.assert(@sizeOf(SockaddrIn) == 16);
    std.debug.assert(@sizeOf(SockaddrIn6) == 28);
}

/// The shortest sockaddr_in6 that the kernel takes (SIN6_LEN_RFC2133, net/ipv6.h): without a scope.
pub const sockaddr_in6_min = 24;

pub const Address = struct {
    bytes: [16]u8,

    pub const mapped_prefix = [12]u8{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

    pub fn v4(bytes: [4]u8) Address {
        return .{ .bytes = mapped_prefix ++ bytes };
    }

    pub fn v6(bytes: [16]u8) Address {
        return .{ .bytes = bytes };
    }

    /// The four bytes of an IPv4 address in either of its forms.
    pub fn asV4(address: Address) ?[4]u8 {
        return if (std.mem.eql(u8, address.bytes[0..12], &mapped_prefix)) address.bytes[12..16].* else null;
    }

    pub fn eql(a: Address, b: Address) bool {
        return std.mem.eql(u8, &a.bytes, &b.bytes);
    }

    /// The first `bits` of 128 are those of `block`.
    pub fn isIn(address: Address, block: Address, bits: u8) bool {
        const whole = bits / 8;
        if (!std.mem.eql(u8, address.bytes[0..whole], block.bytes[0..whole])) return false;
        if (bits % 8 == 0) return true;
        const mask = @as(u8, 0xff) << @intCast(8 - bits % 8);
        return (address.bytes[whole] ^ block.bytes[whole]) & mask == 0;
    }

    fn isInAny(address: Address, blocks: []const Block) bool {
        for (blocks) |block| if (address.isIn(block.address, block.bits)) return true;
        return false;
    }

    /// 127.0.0.0/8 and ::1, and what the kernel takes for them: 0.0.0.0/8 and ::.
    pub fn isLoopback(address: Address) bool {
        return address.isInAny(&loopback);
    }

    /// Not of the public Internet (RFC 6890 and its registries): an answer for a public name must
    /// not point there.
    pub fn isSpecial(address: Address) bool {
        return address.isLoopback() or address.isInAny(&special);
    }

    pub fn isMulticastOrBroadcast(address: Address) bool {
        return address.isInAny(&multicast);
    }

    /// The IPv4 addresses that a network may carry the packets of this IPv6 one to: the well-known
    /// NAT64 prefix (RFC 6052, 2.1), the one for local use with each length that fits (RFC 8215),
    /// 6to4 (RFC 3056), Teredo (RFC 4380, 4) and the IPv4-compatible form (RFC 4291, 2.5.5.1). A
    /// NAT64 with a prefix of the network's own cannot be told from other addresses.
    pub fn translations(address: Address, out: *[4]Address) []const Address {
        const b = &address.bytes;
        var count: usize = 0;
        if (address.isIn(nat64.address, nat64.bits) or
            (address.isIn(.v6(@splat(0)), 96) and !address.isLoopback()))
        {
            out[0] = .v4(b[12..16].*);
            count = 1;
        } else if (address.isIn(nat64_local.address, nat64_local.bits)) {
            // Byte 8 is zero and belongs to no address (RFC 6052, 2.2).
            out[0] = .v4(.{ b[6], b[7], b[9], b[10] });
            out[1] = .v4(.{ b[7], b[9], b[10], b[11] });
            out[2] = .v4(b[9..13].*);
            out[3] = .v4(b[12..16].*);
            count = 4;
        } else if (address.isIn(six_to_four.address, six_to_four.bits)) {
            out[0] = .v4(b[2..6].*);
            count = 1;
        } else if (address.isIn(teredo.address, teredo.bits)) {
            out[0] = .v4(b[4..8].*);
            out[1] = .v4(.{ ~b[12], ~b[13], ~b[14], ~b[15] });
            count = 2;
        }
        return out[0..count];
    }

    /// Text as RFC 5952 has it; at most 45 bytes.
    pub fn format(address: Address, out: *[45]u8) []const u8 {
        if (address.asV4()) |b| {
            return std.fmt.bufPrint(out, "{d}.{d}.{d}.{d}", .{ b[0], b[1], b[2], b[3] }) catch unreachable;
        }
        var groups: [8]u16 = undefined;
        for (&groups, 0..) |*group, index| group.* = std.mem.readInt(u16, address.bytes[index * 2 ..][0..2], .big);
        var best: usize = 8;
        var best_length: usize = 1;
        var index: usize = 0;
        while (index < 8) : (index += 1) {
            var end = index;
            while (end < 8 and groups[end] == 0) end += 1;
            if (end - index > best_length) {
                best = index;
                best_length = end - index;
            }
            if (end > index) index = end - 1;
        }
        var length: usize = 0;
        index = 0;
        while (index < 8) {
            if (index == best) {
                @memcpy(out[length..][0..2], "::");
                length += 2;
                index += best_length;
                continue;
            }
            if (index != 0 and index != best + best_length) {
                out[length] = ':';
                length += 1;
            }
            length += (std.fmt.bufPrint(out[length..], "{x}", .{groups[index]}) catch unreachable).len;
            index += 1;
        }
        return out[0..length];
    }
};

pub const Block = struct { address: Address, bits: u8 };

fn block4(a: u8, b: u8, c: u8, d: u8, bits: u8) Block {
    return .{ .address = .v4(.{ a, b, c, d }), .bits = 96 + bits };
}

fn block6(first: u16, second: u16, bits: u8) Block {
    var bytes: [16]u8 = @splat(0);
    std.mem.writeInt(u16, bytes[0..2], first, .big);
    std.mem.writeInt(u16, bytes[2..4], second, .big);
    return .{ .address = .v6(bytes), .bits = bits };
}

const nat64: Block = .{ .address = .v6(.{ 0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }), .bits = 96 };
const nat64_local: Block = .{ .address = .v6(.{ 0, 0x64, 0xff, 0x9b, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }), .bits = 48 };
const six_to_four = block6(0x2002, 0, 16);
const teredo = block6(0x2001, 0, 32);

const loopback = [_]Block{
    block4(127, 0, 0, 0, 8),
    block4(0, 0, 0, 0, 8),
    .{ .address = .v6(.{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }), .bits = 128 },
    .{ .address = .v6(@splat(0)), .bits = 128 },
};

const special = [_]Block{
    block4(10, 0, 0, 0, 8),
    block4(100, 64, 0, 0, 10),
    block4(169, 254, 0, 0, 16),
    block4(172, 16, 0, 0, 12),
    block4(192, 0, 0, 0, 24),
    block4(192, 0, 2, 0, 24),
    block4(192, 168, 0, 0, 16),
    block4(198, 18, 0, 0, 15),
    block4(198, 51, 100, 0, 24),
    block4(203, 0, 113, 0, 24),
    block4(224, 0, 0, 0, 3),
    // IPv4-compatible (::/96, deprecated) and translated (64:ff9b::/96, 64:ff9b:1::/48) forms would
    // carry any IPv4 address past a look at the first bytes.
    .{ .address = .v6(@splat(0)), .bits = 96 },
    block6(0x0064, 0xff9b, 32),
    block6(0x0100, 0, 8),
    block6(0x2001, 0x0db8, 32),
    block6(0x2001, 0, 23),
    block6(0x2002, 0, 16),
    block6(0xfc00, 0, 7),
    block6(0xfe80, 0, 10),
    block6(0xfec0, 0, 10),
    block6(0xff00, 0, 8),
};

const multicast = [_]Block{ block4(224, 0, 0, 0, 4), block4(255, 255, 255, 255, 32), block6(0xff00, 0, 8) };

pub const Endpoint = struct { address: Address, port: u16 };

/// An Internet address as the kernel would read it; null where it would refuse, or is of another
/// family. The scope of an IPv6 address is not kept: a link-local address means nothing outside its
/// link.
pub fn parse(bytes: []const u8) ?Endpoint {
    if (bytes.len < 2) return null;
    switch (std.mem.readInt(u16, bytes[0..2], .little)) {
        AF_INET => {
            if (bytes.len < @sizeOf(SockaddrIn)) return null;
            return .{ .address = .v4(bytes[4..8].*), .port = std.mem.readInt(u16, bytes[2..4], .big) };
        },
        AF_INET6 => {
            if (bytes.len < sockaddr_in6_min) return null;
            return .{ .address = .v6(bytes[8..24].*), .port = std.mem.readInt(u16, bytes[2..4], .big) };
        },
        else => return null,
    }
}

/// What system calls take: of `family`, AF_INET or AF_INET6.
pub const Sockaddr = extern union {
    in: SockaddrIn,
    in6: SockaddrIn6,

    pub const Sized = struct { value: Sockaddr, length: u32 };

    /// Null: an IPv6 address for an IPv4 socket.
    pub fn of(endpoint: Endpoint, family: u16) ?Sized {
        const port = [2]u8{ @truncate(endpoint.port >> 8), @truncate(endpoint.port) };
        if (family == AF_INET6) return .{
            .value = .{ .in6 = .{ .port = port, .address = endpoint.address.bytes } },
            .length = @sizeOf(SockaddrIn6),
        };
        const bytes = endpoint.address.asV4() orelse return null;
        return .{ .value = .{ .in = .{ .port = port, .address = bytes } }, .length = @sizeOf(SockaddrIn) };
    }
};

test "one form for every spelling of an IPv4 address" {
    const plain = [_]u8{ 2, 0, 0, 80, 10, 1, 2, 3 } ++ @as([8]u8, @splat(0));
    const mapped = [_]u8{ 10, 0, 0, 80, 0, 0, 0, 0 } ++ Address.mapped_prefix ++ [_]u8{ 10, 1, 2, 3, 0, 0, 0, 0 };
    try std.testing.expect(parse(&plain).?.address.eql(parse(&mapped).?.address));
    try std.testing.expectEqual(80, parse(&mapped).?.port);
    try std.testing.expectEqual(null, parse(plain[0..15]));
    try std.testing.expectEqual(null, parse(mapped[0..23]));
}

test "blocks" {
    const address: Address = .v4(.{ 10, 1, 2, 3 });
    try std.testing.expect(address.isIn(.v4(.{ 10, 0, 0, 0 }), 96 + 8));
    try std.testing.expect(!address.isIn(.v4(.{ 10, 1, 2, 2 }), 128));
    try std.testing.expect(address.isIn(.v4(.{ 10, 1, 2, 2 }), 127));
    try std.testing.expect(address.isSpecial());
    try std.testing.expect(!Address.v4(.{ 8, 8, 8, 8 }).isSpecial());
    try std.testing.expect(Address.v4(.{ 0, 0, 0, 0 }).isLoopback());
}

test "the IPv4 addresses inside IPv6 ones" {
    var out: [4]Address = undefined;
    const metadata: Address = .v4(.{ 169, 254, 169, 254 });
    const carriers = [_][16]u8{
        .{ 0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 169, 254, 169, 254 },
        .{ 0, 0x64, 0xff, 0x9b, 0, 1, 169, 254, 0, 169, 254, 0, 0, 0, 0, 0 },
        .{ 0, 0x64, 0xff, 0x9b, 0, 1, 0, 169, 0, 254, 169, 254, 0, 0, 0, 0 },
        .{ 0, 0x64, 0xff, 0x9b, 0, 1, 0, 0, 0, 169, 254, 169, 254, 0, 0, 0 },
        .{ 0, 0x64, 0xff, 0x9b, 0, 1, 0, 0, 0, 0, 0, 0, 169, 254, 169, 254 },
        .{ 0x20, 2, 169, 254, 169, 254, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 },
        .{ 0x20, 1, 0, 0, 9, 9, 9, 9, 0, 0, 0, 0, 86, 1, 86, 1 },
        .{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 169, 254, 169, 254 },
    };
    for (carriers) |bytes| {
        var found = false;
        for (Address.v6(bytes).translations(&out)) |inside| found = found or inside.eql(metadata);
        try std.testing.expect(found);
    }
    const plain = [_]Address{ .v6(.{ 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 169, 254, 169, 254 }), metadata, .v6(@splat(0)) };
    for (plain) |address| try std.testing.expectEqual(0, address.translations(&out).len);
}

test "text" {
    var out: [45]u8 = undefined;
    try std.testing.expectEqualStrings("10.0.0.1", Address.v4(.{ 10, 0, 0, 1 }).format(&out));
    try std.testing.expectEqualStrings("::1", Address.v6(.{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }).format(&out));
    try std.testing.expectEqualStrings("2001:db8::1:0:0:1", Address.v6(.{ 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1 }).format(&out));
    try std.testing.expectEqualStrings("::", Address.v6(@splat(0)).format(&out));
    try std.testing.expectEqualStrings("1:2:3:4:5:6:7:8", Address.v6(.{ 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8 }).format(&out));
}
