//! What PID 1 makes in the sandbox's own network before the workload exists, while it has the
//! capabilities there: the sockets that the broker serves, and an address besides the loopback's,
//! without which resolvers leave out IPv4 answers (AI_ADDRCONFIG, getaddrinfo(3)).

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const sockets = @import("sockets.zig");

const loopback: addresses.Address = .v4(.{ 127, 0, 0, 1 });

pub const Pair = struct { udp: sys.fd_t, tcp: sys.fd_t };

/// Both on the sandbox's 127.0.0.1.
pub fn udpAndTcp(port: u16, failure: *sys.Failure) error{Syscall}!Pair {
    const udp = try bound(sockets.SOCK_DGRAM, port, failure);
    errdefer sys.close(udp);
    return .{ .udp = udp, .tcp = try tcpListener(port, failure) };
}

pub fn tcpListener(port: u16, failure: *sys.Failure) error{Syscall}!sys.fd_t {
    const fd = try bound(sockets.SOCK_STREAM, port, failure);
    errdefer sys.close(fd);
    const backlog: u32 = 1024;
    _ = try sys.check(.listen, .{ fd, backlog }, failure);
    return fd;
}

fn bound(kind: u32, port: u16, failure: *sys.Failure) error{Syscall}!sys.fd_t {
    const fd = try sys.checkFd(.socket, .{ @as(u32, addresses.AF_INET), kind | sockets.SOCK_NONBLOCK | sockets.SOCK_CLOEXEC, @as(u32, 0) }, failure);
    errdefer sys.close(fd);
    const sockaddr = addresses.Sockaddr.of(.{ .address = loopback, .port = port }, addresses.AF_INET).?;
    _ = try sys.check(.bind, .{ fd, &sockaddr.value, sockaddr.length }, failure);
    return fd;
}

/// 10.0.2.100/32 on `lo` (netdevice(7)): where there is no other interface.
pub fn addLoopbackAddress(failure: *sys.Failure) error{Syscall}!void {
    const SIOCSIFADDR: u32 = 0x8916;
    const SIOCSIFNETMASK: u32 = 0x891c;
    const fd = try sys.checkFd(.socket, .{ @as(u32, addresses.AF_INET), sockets.SOCK_DGRAM | sockets.SOCK_CLOEXEC, @as(u32, 0) }, failure);
    defer sys.close(fd);
    const Request = extern struct { name: [16]u8, address: addresses.SockaddrIn, rest: [8]u8 = @splat(0) };
    var request: Request = .{ .name = @splat(0), .address = .{ .port = .{ 0, 0 }, .address = .{ 10, 0, 2, 100 } } };
    @memcpy(request.name[0..4], "lo:1");
    _ = try sys.check(.ioctl, .{ fd, SIOCSIFADDR, &request }, failure);
    request.address.address = .{ 255, 255, 255, 255 };
    _ = try sys.check(.ioctl, .{ fd, SIOCSIFNETMASK, &request }, failure);
}

pub fn makeTun(failure: *sys.Failure) error{Syscall}!sys.fd_t {
    failure.* = .{ .syscall = .openat, .errno = 2 };
    return error.Syscall;
}
