//! Echo requests from the host: sockets that send nothing else (icmp(7)), or, for a root that the
//! kernel gives none of those, raw ones.

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const sockets = @import("sockets.zig");

const IPPROTO_ICMP: u32 = 1;
const IPPROTO_ICMPV6: u32 = 58;

pub const Means = enum {
    none,
    /// SOCK_DGRAM: the kernel sets the identifier and hands over the replies to it alone.
    ping_socket,
    /// Sees every reply to the host from the address it is connected to.
    raw,

    pub fn open(means: Means, is_v4: bool, errno: *u16) ?sys.fd_t {
        const family: u16 = if (is_v4) addresses.AF_INET else addresses.AF_INET6;
        const protocol = if (is_v4) IPPROTO_ICMP else IPPROTO_ICMPV6;
        switch (means) {
            .none => {
                errno.* = sockets.EACCES;
                return null;
            },
            .ping_socket => return sockets.open(family, sockets.SOCK_DGRAM, protocol, errno),
            .raw => {
                const fd = sockets.open(family, sockets.SOCK_RAW, protocol, errno) orelse return null;
                onlyReplies(fd, is_v4);
                return fd;
            },
        }
    }

    /// The ICMP message in what a socket received: a raw one of IPv4 has the IP header before it.
    pub fn messageIn(means: Means, bytes: []const u8, is_v4: bool) ?[]const u8 {
        if (means != .raw or !is_v4) return bytes;
        if (bytes.len < 20) return null;
        const header = @as(usize, bytes[0] & 15) * 4;
        return if (header < 20 or header > bytes.len) null else bytes[header..];
    }
};

/// What the kernel gives this process, asked by making one of each.
pub const Support = struct {
    v4: Means,
    v6: Means,

    pub fn probe() Support {
        return .{ .v4 = probeFamily(true), .v6 = probeFamily(false) };
    }

    pub fn of(support: Support, is_v4: bool) Means {
        return if (is_v4) support.v4 else support.v6;
    }
};

fn probeFamily(is_v4: bool) Means {
    for ([_]Means{ .ping_socket, .raw }) |means| {
        var errno: u16 = 0;
        const fd = means.open(is_v4, &errno) orelse continue;
        sys.close(fd);
        return means;
    }
    return .none;
}

/// linux/icmp.h: a bit set is a type not wanted; linux/icmpv6.h: likewise, 256 of them. Best effort,
/// since each message is looked at again.
fn onlyReplies(fd: sys.fd_t, is_v4: bool) void {
    const SOL_RAW: u32 = 255;
    const FILTER: u32 = 1;
    if (is_v4) {
        const wanted: u32 = ~@as(u32, 1);
        _ = sys.call(.setsockopt, .{ fd, SOL_RAW, FILTER, &wanted, @as(u32, 4) });
        return;
    }
    var wanted: [8]u32 = @splat(0xffff_ffff);
    const reply = 129;
    wanted[reply / 32] &= ~(@as(u32, 1) << (reply % 32));
    _ = sys.call(.setsockopt, .{ fd, IPPROTO_ICMPV6, FILTER, &wanted, @as(u32, 32) });
}

test "the message behind a raw socket's IP header" {
    const bytes: [24]u8 = [_]u8{0x45} ++ @as([23]u8, @splat(7));
    try std.testing.expectEqual(4, Means.raw.messageIn(&bytes, true).?.len);
    try std.testing.expectEqual(24, Means.raw.messageIn(&bytes, false).?.len);
    try std.testing.expectEqual(24, Means.ping_socket.messageIn(&bytes, true).?.len);
    try std.testing.expectEqual(null, Means.raw.messageIn(bytes[0..19], true));
    const long: [24]u8 = [_]u8{0x4f} ++ @as([23]u8, @splat(7));
    try std.testing.expectEqual(null, Means.raw.messageIn(&long, true));
}
