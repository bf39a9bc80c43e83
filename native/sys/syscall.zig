//! One way to make a system call and one way to say that it failed. Knows no policy.
//!
//! `call` passes any mix of integers, enums, pointers and optional pointers to the kernel as they
//! are; the caller is responsible for the shapes that the man page asks for.

const std = @import("std");
const linux = std.os.linux;

pub const SYS = linux.SYS;
pub const E = linux.E;
pub const fd_t = i32;
pub const pid_t = i32;
pub const AT_FDCWD: fd_t = -100;

/// The raw result: a value, or a negative errno in the top 4,095 values (syscall(2)).
pub fn call(number: SYS, args: anytype) usize {
    var raw: [6]usize = @splat(0);
    inline for (args, 0..) |arg, index| raw[index] = word(arg);
    return switch (args.len) {
        0 => linux.syscall0(number),
        1 => linux.syscall1(number, raw[0]),
        2 => linux.syscall2(number, raw[0], raw[1]),
        3 => linux.syscall3(number, raw[0], raw[1], raw[2]),
        4 => linux.syscall4(number, raw[0], raw[1], raw[2], raw[3]),
        5 => linux.syscall5(number, raw[0], raw[1], raw[2], raw[3], raw[4]),
        6 => linux.syscall6(number, raw[0], raw[1], raw[2], raw[3], raw[4], raw[5]),
        else => @compileError("a system call takes at most six arguments"),
    };
}

/// 0 for success, else the errno.
pub fn errnoOf(result: usize) u16 {
    const signed: isize = @bitCast(result);
    return if (signed > -4096 and signed < 0) @intCast(-signed) else 0;
}

pub fn failed(result: usize) bool {
    return errnoOf(result) != 0;
}

/// What failed, on which system call, with which errno. `call` fills nothing by itself: a step
/// that fails returns one of these, and whoever runs the steps adds the subject.
pub const Failure = struct {
    syscall: SYS,
    errno: u16,
};

pub fn Result(comptime T: type) type {
    return union(enum) { ok: T, failure: Failure };
}

/// `call`, with a failure as an error value; `out` receives the details.
pub fn check(number: SYS, args: anytype, out: *Failure) error{Syscall}!usize {
    const result = call(number, args);
    const errno = errnoOf(result);
    if (errno == 0) return result;
    out.* = .{ .syscall = number, .errno = errno };
    return error.Syscall;
}

pub fn checkFd(number: SYS, args: anytype, out: *Failure) error{Syscall}!fd_t {
    return @intCast(try check(number, args, out));
}

fn word(arg: anytype) usize {
    return switch (@typeInfo(@TypeOf(arg))) {
        .int => |int| if (int.signedness == .signed)
            @bitCast(@as(isize, arg))
        else
            @as(usize, arg),
        .comptime_int => if (arg < 0) @bitCast(@as(isize, arg)) else arg,
        .pointer => @intFromPtr(arg),
        .optional => if (arg) |pointer| @intFromPtr(pointer) else 0,
        .null => 0,
        else => @compileError("not a system call argument: " ++ @typeName(@TypeOf(arg))),
    };
}

pub fn close(fd: fd_t) void {
    _ = call(.close, .{fd});
}

pub fn exit(code: u8) noreturn {
    _ = call(.exit_group, .{code});
    unreachable;
}

/// Reads until `buffer` is full or the file ends; the errno of the first failure otherwise.
pub fn readAll(fd: fd_t, buffer: []u8) Result(usize) {
    var total: usize = 0;
    while (total < buffer.len) {
        const result = call(.read, .{ fd, buffer[total..].ptr, buffer.len - total });
        const errno = errnoOf(result);
        if (errno == @as(u16, 4)) continue; // EINTR
        if (errno != 0) return .{ .failure = .{ .syscall = .read, .errno = errno } };
        if (result == 0) break;
        total += result;
    }
    return .{ .ok = total };
}

/// Best effort: what cannot be written to a closed or full stream is lost.
pub fn writeAll(fd: fd_t, bytes: []const u8) void {
    var rest = bytes;
    while (rest.len > 0) {
        const result = call(.write, .{ fd, rest.ptr, rest.len });
        const errno = errnoOf(result);
        if (errno == @as(u16, 4)) continue; // EINTR
        if (errno != 0) return;
        rest = rest[result..];
    }
}
