//! The kernel's own answer: each check runs in a forked child under a program. Calls that come
//! through fail harmlessly, for their pointers and descriptors are bad.

const std = @import("std");
const builtin = @import("builtin");
const linux = std.os.linux;
const seccomp = @import("program.zig");
const install = @import("try_program.zig").install;

const testing = std.testing;
const SIGSYS = 31;
/// What a child says when its program could not be installed; no errno is that large.
const not_installed = 200;

const Ending = union(enum) { errno: u8, signal: u8 };

/// Runs `check` under the profile's program in a child; it returns the errno it saw.
fn under(comptime profile: seccomp.Profile, check: *const fn () linux.E) !Ending {
    const program = comptime seccomp.program(builtin.cpu.arch, profile);
    const pid = linux.fork();
    if (linux.errno(pid) != .SUCCESS) return error.Fork;
    if (pid == 0) {
        if (install(program) != .SUCCESS) linux.exit_group(not_installed);
        linux.exit_group(@intCast(@backingInt(check())));
    }
    var status: i32 = 0;
    if (linux.errno(linux.wait4(@intCast(pid), &status, 0, null)) != .SUCCESS) return error.Wait;
    const word: u32 = @bitCast(status);
    if (!linux.W.IFEXITED(word)) return .{ .signal = @intCast(@backingInt(linux.W.TERMSIG(word))) };
    if (linux.W.EXITSTATUS(word) == not_installed) return error.NotInstalled;
    return .{ .errno = linux.W.EXITSTATUS(word) };
}

fn requireFilters() !void {
    if (builtin.os.tag != .linux) return error.SkipZigTest;
    const SECCOMP_GET_ACTION_AVAIL = 2;
    const kill: u32 = 0x8000_0000;
    // User-mode emulators have no filters.
    if (linux.errno(linux.seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &kill)) != .SUCCESS) return error.SkipZigTest;
}

const host: seccomp.Profile = .{ .network = .host, .unix_sockets = true };
const host_no_unix: seccomp.Profile = .{ .network = .host, .unix_sockets = false };

fn calling(comptime name: []const u8, comptime arguments: [5]usize) *const fn () linux.E {
    return struct {
        fn check() linux.E {
            return linux.errno(linux.syscall5(@field(linux.SYS, name), arguments[0], arguments[1], arguments[2], arguments[3], arguments[4]));
        }
    }.check;
}

const bad = std.math.maxInt(usize);

test "refusals come from the kernel with the table's errno, and their twins get through" {
    try requireFilters();
    inline for (.{
        .{ "getpid", .{ 0, 0, 0, 0, 0 }, linux.E.SUCCESS },
        .{ "mount", .{ bad, bad, bad, 0, bad }, .PERM },
        .{ "unshare", .{ 0x1000_0000, 0, 0, 0, 0 }, .PERM },
        .{ "unshare", .{ 0x200, 0, 0, 0, 0 }, .SUCCESS },
        .{ "bpf", .{ 0, bad, 0, 0, 0 }, .PERM },
        .{ "ptrace", .{ 0, 0, 0, 0, 0 }, .PERM }, // PTRACE_TRACEME
        .{ "clone3", .{ bad, 0, 0, 0, 0 }, .NOSYS },
        .{ "openat2", .{ bad, bad, bad, 24, 0 }, .NOSYS },
        .{ "io_uring_setup", .{ 1, bad, 0, 0, 0 }, .NOSYS },
        .{ "keyctl", .{ 0, 0, 0, 0, 0 }, .NOSYS },
        .{ "perf_event_open", .{ bad, 0, 0, 0, 0 }, .ACCES },
        .{ "ioctl", .{ bad, 0x5412, 0, 0, 0 }, .PERM },
        .{ "ioctl", .{ bad, 0x1_0000_5412, 0, 0, 0 }, .PERM },
        .{ "ioctl", .{ bad, 0x5401, 0, 0, 0 }, .BADF },
        .{ "ioctl", .{ bad, 0x8940, 0, 0, 0 }, .PERM }, // SIOCGIFBR
        .{ "ioctl", .{ bad, 0x8941, 0, 0, 0 }, .PERM },
        .{ "ioctl", .{ bad, 0x8982, 0, 0, 0 }, .PERM }, // SIOCGIFVLAN
        .{ "ioctl", .{ bad, 0x8983, 0, 0, 0 }, .PERM },
        .{ "ioctl", .{ bad, 0x89a0, 0, 0, 0 }, .PERM }, // SIOCBRADDBR
        .{ "ioctl", .{ bad, 0x89a1, 0, 0, 0 }, .PERM },
        .{ "ioctl", .{ bad, 0x8913, 0, 0, 0 }, .BADF }, // SIOCGIFFLAGS
        .{ "fchmod", .{ bad, 0o4755, 0, 0, 0 }, .PERM },
        .{ "fchmod", .{ bad, 0o755, 0, 0, 0 }, .BADF },
        .{ "openat", .{ bad, bad, 0o100, 0o4755, 0 }, .PERM },
        .{ "openat", .{ bad, bad, 0o100, 0o755, 0 }, .FAULT },
        .{ "mknodat", .{ bad, bad, 0o020644, 0x103, 0 }, .PERM },
        .{ "socket", .{ 17, 2, 0, 0, 0 }, .AFNOSUPPORT },
        .{ "socket", .{ 2, 1, 262, 0, 0 }, .PROTONOSUPPORT },
        .{ "socket", .{ 2, 1, 0, 0, 0 }, .SUCCESS },
        .{ "seccomp", .{ 1, 8, bad, 0, 0 }, .BUSY },
        .{ "seccomp", .{ 1, 0, bad, 0, 0 }, .FAULT },
        .{ "prctl", .{ 35, 0, 0, 0, 0 }, .PERM },
        .{ "prctl", .{ 39, 0, 0, 0, 0 }, .SUCCESS }, // PR_GET_NO_NEW_PRIVS: 1, as set
    }) |expectation| {
        const ending = try under(host, calling(expectation[0], expectation[1]));
        testing.expectEqual(Ending{ .errno = @intCast(@backingInt(@as(linux.E, expectation[2]))) }, ending) catch |err| {
            std.debug.print("{s}{any}\n", .{ expectation[0], expectation[1] });
            return err;
        };
    }
}

test "a call of another architecture or of x32 is the process's last" {
    try requireFilters();
    if (builtin.cpu.arch != .x86_64) return error.SkipZigTest;
    const calls = struct {
        /// getpid of i386, which is writev in x86_64's table.
        fn compatibility() linux.E {
            _ = asm volatile ("int $0x80"
                : [_] "={eax}" (-> u32),
                : [_] "{eax}" (@as(u32, 20)),
                : .{ .memory = true });
            return .SUCCESS;
        }
        fn x32() linux.E {
            // By hand: std's system calls take known numbers only.
            _ = asm volatile ("syscall"
                : [_] "={rax}" (-> usize),
                : [_] "{rax}" (@as(usize, 0x4000_0000 | 39)),
                : .{ .rcx = true, .r11 = true, .memory = true });
            return .SUCCESS;
        }
    };
    try testing.expectEqual(Ending{ .signal = SIGSYS }, try under(host, calls.compatibility));
    try testing.expectEqual(Ending{ .signal = SIGSYS }, try under(host, calls.x32));
}

/// A name in the abstract name space (unix(7)), this process's own.
fn bystanderAddress() linux.sockaddr.un {
    var address: linux.sockaddr.un = .{ .path = @splat(0) };
    _ = std.fmt.bufPrint(address.path[1..], "seccomp-bystander-{d}", .{bystander_pid}) catch unreachable;
    return address;
}
var bystander_pid: i32 = 0;

fn sendFromPair(kind: u32) linux.E {
    var pair: [2]i32 = undefined;
    const made = linux.errno(linux.socketpair(linux.AF.UNIX, kind, 0, &pair));
    if (made != .SUCCESS) return made;
    const address = bystanderAddress();
    return linux.errno(linux.sendto(pair[0], "x", 1, 0, @ptrCast(&address), @sizeOf(linux.sockaddr.un)));
}

test "without Unix sockets, a pair of them does not reach the host's abstract ones either" {
    try requireFilters();
    bystander_pid = linux.getpid();
    const bystander = linux.socket(linux.AF.UNIX, linux.SOCK.DGRAM, 0);
    try testing.expectEqual(linux.E.SUCCESS, linux.errno(bystander));
    defer _ = linux.close(@intCast(bystander));
    const address = bystanderAddress();
    try testing.expectEqual(linux.E.SUCCESS, linux.errno(linux.bind(@intCast(bystander), @ptrCast(&address), @sizeOf(linux.sockaddr.un))));

    const pairs = struct {
        fn datagrams() linux.E {
            return sendFromPair(linux.SOCK.DGRAM);
        }
        fn raw() linux.E {
            return sendFromPair(linux.SOCK.RAW);
        }
        fn stream() linux.E {
            return sendFromPair(linux.SOCK.STREAM);
        }
        /// Its send goes to the other end, whatever the address.
        fn packets() linux.E {
            return sendFromPair(linux.SOCK.SEQPACKET);
        }
    };
    var byte: [1]u8 = undefined;
    const received = struct {
        fn any(fd: usize, into: *[1]u8) bool {
            return linux.errno(linux.recvfrom(@intCast(fd), into, 1, linux.MSG.DONTWAIT, null, null)) == .SUCCESS;
        }
    };
    // With them it does: the attack is real.
    try testing.expectEqual(Ending{ .errno = 0 }, try under(host, pairs.datagrams));
    try testing.expect(received.any(bystander, &byte));

    const refused: Ending = .{ .errno = @intCast(@backingInt(linux.E.AFNOSUPPORT)) };
    try testing.expectEqual(refused, try under(host_no_unix, pairs.datagrams));
    try testing.expectEqual(refused, try under(host_no_unix, pairs.raw));
    try testing.expectEqual(Ending{ .errno = @intCast(@backingInt(linux.E.ISCONN)) }, try under(host_no_unix, pairs.stream));
    try testing.expectEqual(Ending{ .errno = 0 }, try under(host_no_unix, pairs.packets));
    try testing.expect(!received.any(bystander, &byte));
}
