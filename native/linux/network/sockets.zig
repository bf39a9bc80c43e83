//! Socket calls in the shapes that the broker needs: errno as a value, never a wait. socket(7).

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");

pub const SOCK_STREAM: u32 = 1;
pub const SOCK_DGRAM: u32 = 2;
pub const SOCK_RAW: u32 = 3;
pub const SOCK_NONBLOCK: u32 = 0o4000;
pub const SOCK_CLOEXEC: u32 = 0o2000000;
pub const O_NONBLOCK: u32 = 0o4000;

pub const SOL_SOCKET: u32 = 1;
pub const SO_TYPE: u32 = 3;
pub const SO_ERROR: u32 = 4;
pub const SO_LINGER: u32 = 13;
pub const SO_DOMAIN: u32 = 39;
/// Linux 5.14.
pub const SO_NETNS_COOKIE: u32 = 71;

pub const EPERM: u16 = 1;
pub const EINTR: u16 = 4;
pub const EAGAIN: u16 = 11;
pub const ENOMEM: u16 = 12;
pub const EACCES: u16 = 13;
pub const EFAULT: u16 = 14;
pub const EINVAL: u16 = 22;
pub const EMFILE: u16 = 24;
pub const ENOTSOCK: u16 = 88;
pub const EAFNOSUPPORT: u16 = 97;
pub const EISCONN: u16 = 106;
pub const ETIMEDOUT: u16 = 110;
pub const ECONNREFUSED: u16 = 111;
pub const EINPROGRESS: u16 = 115;

/// A non-blocking, close-on-exec socket; null and the errno in `errno` otherwise.
pub fn open(family: u16, kind: u32, protocol: u32, errno: *u16) ?sys.fd_t {
    const result = sys.call(.socket, .{ @as(u32, family), kind | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol });
    errno.* = sys.errnoOf(result);
    return if (errno.* == 0) @intCast(result) else null;
}

pub fn connect(fd: sys.fd_t, bytes: []const u8) u16 {
    return sys.errnoOf(sys.call(.connect, .{ fd, bytes.ptr, bytes.len }));
}

pub fn connectTo(fd: sys.fd_t, endpoint: addresses.Endpoint, family: u16) u16 {
    const sockaddr = addresses.Sockaddr.of(endpoint, family) orelse return EAFNOSUPPORT;
    return connect(fd, std.mem.asBytes(&sockaddr.value)[0..sockaddr.length]);
}

pub fn bindTo(fd: sys.fd_t, endpoint: addresses.Endpoint, family: u16) u16 {
    const sockaddr = addresses.Sockaddr.of(endpoint, family) orelse return EAFNOSUPPORT;
    return sys.errnoOf(sys.call(.bind, .{ fd, &sockaddr.value, sockaddr.length }));
}

pub fn listen(fd: sys.fd_t, backlog: u32) u16 {
    return sys.errnoOf(sys.call(.listen, .{ fd, backlog }));
}

/// A connection that waits, non-blocking; null where none does.
pub fn accept(fd: sys.fd_t) ?sys.fd_t {
    const result = sys.call(.accept4, .{ fd, @as(usize, 0), @as(usize, 0), SOCK_NONBLOCK | SOCK_CLOEXEC });
    return if (sys.failed(result)) null else @intCast(result);
}

/// Closes so that the other end sees a reset, not an end.
pub fn reset(fd: sys.fd_t) void {
    const linger = [2]u32{ 1, 0 };
    _ = sys.call(.setsockopt, .{ fd, SOL_SOCKET, SO_LINGER, &linger, @as(u32, 8) });
    sys.close(fd);
}

pub fn intOption(fd: sys.fd_t, level: u32, option: u32, errno: *u16) u32 {
    var value: u32 = 0;
    var length: u32 = @sizeOf(u32);
    errno.* = sys.errnoOf(sys.call(.getsockopt, .{ fd, level, option, &value, &length }));
    return value;
}

/// When a call that waits on the socket gives up (socket(7), SO_SNDTIMEO): as nanoseconds of the
/// monotonic clock; null: never.
pub fn sendDeadline(fd: sys.fd_t, now: u64) ?u64 {
    const SO_SNDTIMEO: u32 = 21;
    // struct timeval.
    var time: [2]u64 = .{ 0, 0 };
    var length: u32 = @sizeOf([2]u64);
    if (sys.failed(sys.call(.getsockopt, .{ fd, SOL_SOCKET, SO_SNDTIMEO, &time, &length }))) return null;
    if (time[0] == 0 and time[1] == 0) return null;
    return now +| time[0] *| std.time.ns_per_s +| time[1] *| std.time.ns_per_us;
}

/// The error that waits on the socket; taking it clears it.
pub fn pendingError(fd: sys.fd_t) u16 {
    var errno: u16 = 0;
    const waiting = intOption(fd, SOL_SOCKET, SO_ERROR, &errno);
    return if (errno != 0) errno else @intCast(waiting);
}

/// Which network namespace the socket is of; null for what is no socket of one.
pub fn namespaceOf(fd: sys.fd_t) ?u64 {
    var cookie: u64 = 0;
    var length: u32 = @sizeOf(u64);
    if (sys.failed(sys.call(.getsockopt, .{ fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length }))) return null;
    return cookie;
}

/// The address that the socket is bound to.
pub fn localEndpoint(fd: sys.fd_t) ?addresses.Endpoint {
    var buffer: [28]u8 align(4) = undefined;
    var length: u32 = buffer.len;
    if (sys.failed(sys.call(.getsockname, .{ fd, &buffer, &length }))) return null;
    return addresses.parse(buffer[0..@min(length, buffer.len)]);
}

pub fn peerEndpoint(fd: sys.fd_t) ?addresses.Endpoint {
    var buffer: [28]u8 align(4) = undefined;
    var length: u32 = buffer.len;
    if (sys.failed(sys.call(.getpeername, .{ fd, &buffer, &length }))) return null;
    return addresses.parse(buffer[0..@min(length, buffer.len)]);
}

const F_GETFL: u32 = 3;
const F_SETFL: u32 = 4;

/// File status flags (fcntl(2)), which every descriptor of the same file shares.
pub fn statusFlags(fd: sys.fd_t) u32 {
    const result = sys.call(.fcntl, .{ fd, F_GETFL, @as(usize, 0) });
    return if (sys.failed(result)) 0 else @intCast(result);
}

pub fn setStatusFlags(fd: sys.fd_t, flags: u32) void {
    _ = sys.call(.fcntl, .{ fd, F_SETFL, flags });
}

/// Ready for writing now (a connection attempt is over), without waiting.
pub fn isWritable(fd: sys.fd_t) bool {
    const PollFd = extern struct { fd: i32, events: u16, revents: u16 = 0 };
    var poll = [_]PollFd{.{ .fd = fd, .events = 4 }};
    const immediately = [2]u64{ 0, 0 };
    const ready = sys.call(.ppoll, .{ &poll, @as(usize, 1), &immediately, @as(usize, 0), @as(usize, 8) });
    return !sys.failed(ready) and ready == 1;
}

/// One message of one byte with one descriptor (SCM_RIGHTS, unix(7)).
pub fn sendDescriptor(channel: sys.fd_t, tag: u8, fd: sys.fd_t, failure: *sys.Failure) error{Syscall}!void {
    var byte = [1]u8{tag};
    var vector: [1]Vector = .{.{ .base = &byte, .length = 1 }};
    var control: Control = .{ .fd = fd };
    const message: Message = .{ .vectors = &vector, .control = &control, .control_length = @sizeOf(Control) };
    const MSG_NOSIGNAL: u32 = 0x4000;
    _ = try sys.check(.sendmsg, .{ channel, &message, MSG_NOSIGNAL }, failure);
}

pub const Received = struct { tag: u8, fd: ?sys.fd_t };

/// Null at the end, or when nothing waits.
pub fn receiveDescriptor(channel: sys.fd_t) ?Received {
    var byte = [1]u8{0};
    var vector: [1]Vector = .{.{ .base = &byte, .length = 1 }};
    var control: Control = .{ .fd = -1 };
    var message: Message = .{ .vectors = &vector, .control = &control, .control_length = @sizeOf(Control) };
    const MSG_DONTWAIT: u32 = 0x40;
    const MSG_CMSG_CLOEXEC: u32 = 0x4000_0000;
    const result = sys.call(.recvmsg, .{ channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC });
    if (sys.failed(result) or result == 0) return null;
    const has = message.control_length >= 20 and control.level == SOL_SOCKET and control.type == SCM_RIGHTS;
    return .{ .tag = byte[0], .fd = if (has) control.fd else null };
}

const SCM_RIGHTS = 1;
const Vector = extern struct { base: [*]u8, length: usize };

/// struct cmsghdr with one descriptor behind it, padded as CMSG_SPACE(3) has it.
const Control = extern struct {
    length: usize = 20,
    level: u32 = SOL_SOCKET,
    type: u32 = SCM_RIGHTS,
    fd: i32,
    padding: u32 = 0,
};

/// struct msghdr
const Message = extern struct {
    name: usize = 0,
    name_length: u32 = 0,
    vectors: [*]Vector,
    vector_count: usize = 1,
    control: *Control,
    control_length: usize,
    flags: u32 = 0,
};

comptime {
    std.debug.assert(@sizeOf(Control) == 24);
    std.debug.assert(@sizeOf(Message) == 56);
}
