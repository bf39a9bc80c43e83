//! What a program has set on a socket before it connects goes with it to the socket that takes its
//! place. Only what seccomp lets a workload set (table.zig), only where it differs from a new socket.

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const sockets = @import("sockets.zig");

const Option = struct { level: u32, name: u32, size: u8 = 4, family: u16 = 0 };

const SOL_SOCKET = 1;
const IPPROTO_IP = 0;
const IPPROTO_TCP = 6;
const IPPROTO_IPV6 = 41;

/// asm-generic/socket.h, linux/in.h, linux/tcp.h, linux/in6.h. The buffers' sizes are told doubled
/// (socket(7)) and are set halved.
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;

/// Linux 5.14: which of the two a program has fixed; the kernel sizes the others as it goes.
const SO_BUF_LOCK = 72;

const buffers = [_]struct { bit: u32, option: Option }{
    .{ .bit = 1, .option = .{ .level = SOL_SOCKET, .name = SO_SNDBUF } },
    .{ .bit = 2, .option = .{ .level = SOL_SOCKET, .name = SO_RCVBUF } },
};

const copied = [_]Option{
    .{ .level = SOL_SOCKET, .name = 9 }, // KEEPALIVE
    .{ .level = SOL_SOCKET, .name = 10 }, // OOBINLINE
    .{ .level = SOL_SOCKET, .name = 12 }, // PRIORITY
    .{ .level = SOL_SOCKET, .name = 13, .size = 8 }, // LINGER
    .{ .level = SOL_SOCKET, .name = 18 }, // RCVLOWAT
    .{ .level = SOL_SOCKET, .name = 20, .size = 16 }, // RCVTIMEO
    .{ .level = SOL_SOCKET, .name = 21, .size = 16 }, // SNDTIMEO
    .{ .level = IPPROTO_TCP, .name = 1 }, // NODELAY
    .{ .level = IPPROTO_TCP, .name = 2 }, // MAXSEG
    .{ .level = IPPROTO_TCP, .name = 3 }, // CORK
    .{ .level = IPPROTO_TCP, .name = 4 }, // KEEPIDLE
    .{ .level = IPPROTO_TCP, .name = 5 }, // KEEPINTVL
    .{ .level = IPPROTO_TCP, .name = 6 }, // KEEPCNT
    .{ .level = IPPROTO_TCP, .name = 7 }, // SYNCNT
    .{ .level = IPPROTO_TCP, .name = 18 }, // USER_TIMEOUT
    .{ .level = IPPROTO_TCP, .name = 25 }, // NOTSENT_LOWAT
    .{ .level = IPPROTO_IP, .name = 1, .family = addresses.AF_INET }, // TOS
    .{ .level = IPPROTO_IP, .name = 2, .family = addresses.AF_INET }, // TTL
    .{ .level = IPPROTO_IPV6, .name = 16, .family = addresses.AF_INET6 }, // UNICAST_HOPS
    .{ .level = IPPROTO_IPV6, .name = 26, .family = addresses.AF_INET6 }, // V6ONLY
    .{ .level = IPPROTO_IPV6, .name = 67, .family = addresses.AF_INET6 }, // TCLASS
};

const Value = [16]u8;

/// The values of a new socket of each family.
pub const Defaults = struct {
    v4: [copied.len]Value,
    v6: [copied.len]Value,

    pub fn init() Defaults {
        return .{ .v4 = of(addresses.AF_INET), .v6 = of(addresses.AF_INET6) };
    }

    fn of(family: u16) [copied.len]Value {
        var out: [copied.len]Value = @splat(@splat(0));
        var errno: u16 = 0;
        const fd = sockets.open(family, sockets.SOCK_STREAM, 0, &errno) orelse return out;
        defer sys.close(fd);
        for (copied, &out) |option, *value| value.* = get(fd, option) orelse @splat(0);
        return out;
    }

    pub fn copy(defaults: *const Defaults, from: sys.fd_t, to: sys.fd_t, family: u16) void {
        const usual = if (family == addresses.AF_INET) &defaults.v4 else &defaults.v6;
        for (copied, usual) |option, *plain| {
            if (option.family != 0 and option.family != family) continue;
            const value = get(from, option) orelse continue;
            if (std.mem.eql(u8, &value, plain)) continue;
            set(to, option, &value);
        }
        var errno: u16 = 0;
        const fixed = sockets.intOption(from, SOL_SOCKET, SO_BUF_LOCK, &errno);
        for (buffers) |buffer| {
            if (fixed & buffer.bit == 0) continue;
            var value = get(from, buffer.option) orelse continue;
            std.mem.writeInt(u32, value[0..4], std.mem.readInt(u32, value[0..4], .little) / 2, .little);
            set(to, buffer.option, &value);
        }
    }
};

fn set(fd: sys.fd_t, option: Option, value: *const Value) void {
    _ = sys.call(.setsockopt, .{ fd, option.level, option.name, value, @as(u32, option.size) });
}

fn get(fd: sys.fd_t, option: Option) ?Value {
    var value: Value = @splat(0);
    var length: u32 = option.size;
    if (sys.failed(sys.call(.getsockopt, .{ fd, option.level, option.name, &value, &length }))) return null;
    return value;
}
