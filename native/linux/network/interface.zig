//! What PID 1 does to the sandbox's own network while it has the capabilities there: the device that
//! carries datagrams to the broker, addresses, routes, over rtnetlink(7), without any program.
//! Addresses are those of slirp4netns, which MXC uses: 10.0.2.100/24 behind 10.0.2.2, and the same
//! in IPv6.

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const Address = addresses.Address;

pub const own_v4: Address = .v4(.{ 10, 0, 2, 100 });
/// Reached at it: the host's loopback, where that is granted.
pub const gateway_v4: Address = .v4(.{ 10, 0, 2, 2 });
pub const own_v6: Address = .v6(.{ 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0 });
/// fd00::2, the host's ::1.
pub const gateway_v6: Address = .v6(.{ 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2 });

const prefix_v4 = 24;
const prefix_v6 = 64;

/// The largest that slirp4netns and pasta take too: a datagram of 65,492 bytes in one packet
/// (65,472 over IPv6). Nothing behind the device is a wire.
pub const mtu = 65520;

const device_name = "tun0";

/// Packets that may wait for the broker; the kernel drops more. As many as a socket's usual buffer
/// holds of the small ones.
const queue_length = 1000;

pub const Tun = struct {
    fd: sys.fd_t,
    /// The kernel has IPv6.
    has_v6: bool,
};

/// Of the network namespace that the caller is in: a device belongs to the one it was opened in
/// (drivers/net/tun.c), so this is called within the new one, while the host's /dev is still seen.
pub fn openDevice(failure: *sys.Failure) error{Syscall}!sys.fd_t {
    const O_RDWR_NONBLOCK_CLOEXEC: u32 = 0o2 | 0o4000 | 0o2000000;
    return sys.checkFd(.openat, .{ sys.AT_FDCWD, "/dev/net/tun", O_RDWR_NONBLOCK_CLOEXEC, @as(u32, 0) }, failure);
}

/// Before each packet that is read from the device or written to it: struct virtio_net_hdr
/// (linux/virtio_net.h), in the machine's byte order. It tells which checksums are left out between
/// the two kernels' sides of this memory, and that one write carries several datagrams.
pub const VirtioHeader = extern struct {
    flags: u8 = 0,
    segments_kind: u8 = 0,
    headers_length: u16 = 0,
    segment_size: u16 = 0,
    checksum_start: u16 = 0,
    checksum_offset: u16 = 0,

    pub const needs_checksum = 1;
    /// VIRTIO_NET_HDR_GSO_UDP_L4, taken by a device since Linux 6.2.
    pub const segments_udp = 5;
};

/// Makes `device` an interface that everything beyond the sandbox is routed to. Non-blocking; one
/// packet per read and write, behind a VirtioHeader. Keeps `device`, closes it on failure.
pub fn makeTun(device: sys.fd_t, failure: *sys.Failure) error{Syscall}!Tun {
    errdefer sys.close(device);
    const TUNSETIFF: u32 = 0x400454ca;
    const IFF_TUN: u16 = 1;
    const IFF_NO_PI: u16 = 0x1000;
    const IFF_VNET_HDR: u16 = 0x4000;
    const Request = extern struct { name: [16]u8 = @splat(0), flags: u16 = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, rest: [22]u8 = @splat(0) };
    var request: Request = .{};
    request.name[0..device_name.len].* = device_name.*;
    _ = try sys.check(.ioctl, .{ device, TUNSETIFF, &request }, failure);
    // Datagrams come without their checksum: the host's kernel makes the one that counts.
    const TUNSETOFFLOAD: u32 = 0x400454d0;
    const TUN_F_CSUM: u32 = 1;
    _ = try sys.check(.ioctl, .{ device, TUNSETOFFLOAD, TUN_F_CSUM }, failure);

    const netlink = try Netlink.open(failure);
    defer netlink.close();
    const index = try netlink.indexOf(device_name, failure);
    try netlink.bringUp(index, .{ .mtu = mtu, .queue_length = queue_length }, failure);
    try netlink.addAddress(index, own_v4, prefix_v4, failure);
    try netlink.addDefaultRoute(index, gateway_v4, failure);
    netlink.addAddress(index, own_v6, prefix_v6, failure) catch |err|
        return if (isWithoutV6(failure.errno)) .{ .fd = device, .has_v6 = false } else err;
    try netlink.addDefaultRoute(index, gateway_v6, failure);
    return .{ .fd = device, .has_v6 = true };
}

/// IPv6 is not in the kernel, or is switched off for new namespaces.
fn isWithoutV6(errno: u16) bool {
    return switch (@as(std.os.linux.E, @fromBackingInt(errno))) {
        .AFNOSUPPORT, .OPNOTSUPP, .ACCES => true,
        else => false,
    };
}

/// 10.0.2.100/32 on `lo`, for a sandbox without a device: resolvers leave out IPv4 answers for a
/// host that has no address but the loopback's (AI_ADDRCONFIG, getaddrinfo(3)).
pub fn addLoopbackAddress(failure: *sys.Failure) error{Syscall}!void {
    const netlink = try Netlink.open(failure);
    defer netlink.close();
    try netlink.addAddress(loopback_index, own_v4, 32, failure);
}

/// 127.0.0.1 and ::1 answer from now on.
pub fn bringUpLoopback(failure: *sys.Failure) error{Syscall}!void {
    const netlink = try Netlink.open(failure);
    defer netlink.close();
    try netlink.bringUp(loopback_index, .{}, failure);
}

/// `lo` is the first interface of every network namespace (net/core/dev.h: LOOPBACK_IFINDEX).
const loopback_index = 1;

/// Lets processes of this group, as the caller's user namespace numbers it, make sockets that send
/// echo requests (icmp(7)) in the caller's network namespace. Needs a /proc that can be written.
pub fn allowPing(gid: u32, failure: *sys.Failure) error{Syscall}!void {
    const O_WRONLY_CLOEXEC: u32 = 0o1 | 0o2000000;
    const fd = try sys.checkFd(.openat, .{ sys.AT_FDCWD, "/proc/sys/net/ipv4/ping_group_range", O_WRONLY_CLOEXEC, @as(u32, 0) }, failure);
    defer sys.close(fd);
    var buffer: [32]u8 = undefined;
    const text = std.fmt.bufPrint(&buffer, "{d} {d}\n", .{ gid, gid }) catch unreachable;
    _ = try sys.check(.write, .{ fd, text.ptr, text.len }, failure);
}

/// linux/rtnetlink.h, linux/netlink.h.
const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_NEWROUTE = 24;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_CREATE_EXCL = 0x400 | 0x200;
const NLMSG_ERROR = 2;

const Header = extern struct { length: u32, type: u16, flags: u16, sequence: u32 = 1, port: u32 = 0 };
const Link = extern struct { family: u8 = 0, padding: u8 = 0, type: u16 = 0, index: u32, flags: u32 = 0, change: u32 = 0 };
const InterfaceAddress = extern struct { family: u8, prefix: u8, flags: u8, scope: u8, index: u32 };
const Route = extern struct { family: u8, to_bits: u8 = 0, from_bits: u8 = 0, tos: u8 = 0, table: u8 = 254, protocol: u8 = 3, scope: u8 = 0, type: u8 = 1, flags: u32 = 0 };

const Settings = struct { mtu: u32 = 0, queue_length: u32 = 0 };

const Message = struct {
    bytes: [256]u8 align(4) = undefined,
    length: usize = @sizeOf(Header),

    fn of(kind: u16, flags: u16, body: anytype) Message {
        var message: Message = .{};
        const header: *Header = @ptrCast(&message.bytes);
        header.* = .{ .length = 0, .type = kind, .flags = NLM_F_REQUEST | flags };
        message.put(std.mem.asBytes(&body));
        return message;
    }

    /// Attributes are small and few: the buffer holds all that this file sends.
    fn attribute(message: *Message, kind: u16, value: []const u8) void {
        message.put(std.mem.asBytes(&[2]u16{ @intCast(4 + value.len), kind }));
        message.put(value);
        const padded = std.mem.alignForward(usize, message.length, 4);
        @memset(message.bytes[message.length..padded], 0);
        message.length = padded;
    }

    fn number(message: *Message, kind: u16, value: u32) void {
        message.attribute(kind, std.mem.asBytes(&value));
    }

    fn put(message: *Message, bytes: []const u8) void {
        @memcpy(message.bytes[message.length..][0..bytes.len], bytes);
        message.length += bytes.len;
    }
};

fn familyOf(address: Address) u8 {
    return if (address.asV4() != null) addresses.AF_INET else addresses.AF_INET6;
}

fn bytesOf(address: *const Address) []const u8 {
    return if (address.asV4() != null) address.bytes[12..16] else &address.bytes;
}

const Netlink = struct {
    fd: sys.fd_t,

    fn open(failure: *sys.Failure) error{Syscall}!Netlink {
        const SOCK_RAW_CLOEXEC: u32 = 3 | 0o2000000;
        const NETLINK_ROUTE: u32 = 0;
        return .{ .fd = try sys.checkFd(.socket, .{ @as(u32, addresses.AF_NETLINK), SOCK_RAW_CLOEXEC, NETLINK_ROUTE }, failure) };
    }

    fn close(netlink: Netlink) void {
        sys.close(netlink.fd);
    }

    fn indexOf(netlink: Netlink, name: []const u8, failure: *sys.Failure) error{Syscall}!u32 {
        const IFLA_IFNAME = 3;
        var message: Message = .of(RTM_GETLINK, 0, Link{ .index = 0 });
        message.attribute(IFLA_IFNAME, name);
        var answer: [4096]u8 align(4) = undefined;
        const length = try netlink.exchange(&message, &answer, failure);
        if (length < @sizeOf(Header) + @sizeOf(Link)) return protocolError(failure);
        const link: *const Link = @ptrCast(answer[@sizeOf(Header)..]);
        return link.index;
    }

    fn bringUp(netlink: Netlink, index: u32, settings: Settings, failure: *sys.Failure) error{Syscall}!void {
        const IFF_UP = 1;
        const IFLA_MTU = 4;
        const IFLA_TXQLEN = 13;
        var message: Message = .of(RTM_NEWLINK, NLM_F_ACK, Link{ .index = index, .flags = IFF_UP, .change = IFF_UP });
        if (settings.mtu != 0) message.number(IFLA_MTU, settings.mtu);
        if (settings.queue_length != 0) message.number(IFLA_TXQLEN, settings.queue_length);
        try netlink.send(&message, failure);
    }

    fn addAddress(netlink: Netlink, index: u32, address: Address, prefix: u8, failure: *sys.Failure) error{Syscall}!void {
        const IFA_ADDRESS = 1;
        const IFA_LOCAL = 2;
        // An IPv6 address is of use at once only if nobody is asked whether it is taken.
        const IFA_F_NODAD = 2;
        const family = familyOf(address);
        var message: Message = .of(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE_EXCL, InterfaceAddress{
            .family = family,
            .prefix = prefix,
            .flags = if (family == addresses.AF_INET6) IFA_F_NODAD else 0,
            .scope = 0,
            .index = index,
        });
        message.attribute(IFA_LOCAL, bytesOf(&address));
        message.attribute(IFA_ADDRESS, bytesOf(&address));
        try netlink.send(&message, failure);
    }

    fn addDefaultRoute(netlink: Netlink, index: u32, gateway: Address, failure: *sys.Failure) error{Syscall}!void {
        const RTA_OIF = 4;
        const RTA_GATEWAY = 5;
        var message: Message = .of(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE_EXCL, Route{ .family = familyOf(gateway) });
        message.number(RTA_OIF, index);
        message.attribute(RTA_GATEWAY, bytesOf(&gateway));
        try netlink.send(&message, failure);
    }

    fn send(netlink: Netlink, message: *Message, failure: *sys.Failure) error{Syscall}!void {
        var answer: [512]u8 align(4) = undefined;
        _ = try netlink.exchange(message, &answer, failure);
    }

    /// The answer's length. The kernel answers before sendto returns, so the read does not wait.
    fn exchange(netlink: Netlink, message: *Message, answer: []align(4) u8, failure: *sys.Failure) error{Syscall}!usize {
        const header: *Header = @ptrCast(&message.bytes);
        header.length = @intCast(message.length);
        _ = try sys.check(.sendto, .{ netlink.fd, &message.bytes, message.length, @as(u32, 0), @as(usize, 0), @as(u32, 0) }, failure);
        const length = try sys.check(.recvfrom, .{ netlink.fd, answer.ptr, answer.len, @as(u32, 0), @as(usize, 0), @as(usize, 0) }, failure);
        if (length < @sizeOf(Header) + 4) return protocolError(failure);
        const answered: *const Header = @ptrCast(answer.ptr);
        if (answered.type == NLMSG_ERROR) {
            const code = std.mem.readInt(i32, answer[@sizeOf(Header)..][0..4], @import("builtin").cpu.arch.endian());
            if (code < 0 and code > -4096) {
                failure.* = .{ .syscall = .sendto, .errno = @intCast(-code) };
                return error.Syscall;
            }
        }
        return length;
    }
};

fn protocolError(failure: *sys.Failure) error{Syscall} {
    failure.* = .{ .syscall = .recvfrom, .errno = @backingInt(std.os.linux.E.PROTO) };
    return error.Syscall;
}

comptime {
    std.debug.assert(@sizeOf(VirtioHeader) == 10);
    std.debug.assert(@sizeOf(Header) == 16 and @sizeOf(Link) == 16);
    std.debug.assert(@sizeOf(InterfaceAddress) == 8 and @sizeOf(Route) == 12);
}
