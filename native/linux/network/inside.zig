//! The sockets that the broker serves in the sandbox's own network: made by PID 1 before the workload
//! exists, while it has the capability for their ports.

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
