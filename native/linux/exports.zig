//! The library behind bun:ffi, for commands that ask the host or start without the prelude. The
//! only `export fn`s; they translate and return. Nothing unwinds across, nothing is kept: every
//! pointer belongs to the caller and is not used after the return.

const std = @import("std");
const sys = @import("sys");
const abi = @import("abi");
const handover = @import("handover");
const opening = @import("opening");
const landlock = @import("landlock.zig");
const launch = @import("launch.zig");
const notify = @import("network/notify.zig");
const shared_memory = @import("shared.zig");

pub const panic = std.debug.no_panic;

const helper_elf = @embedFile("helper");

/// The boundary's digest (native/abi/structs.zig): the caller compares it before anything else.
export fn mxc_abi_digest() callconv(.c) u64 {
    return abi.structs.digest;
}

/// Tries, in a child that ends at once, what every sandbox needs: the opening.
/// `out`: 8 words, owned by the caller: Landlock ABI; stage, step, system call number, errno of
/// the failure (stage 0: none); whether seccomp filters exist, and whether pidfd_getfd(2) may be called;
/// one of zero. 0, or an errno.
export fn mxc_probe(out: *[8]u32) callconv(.c) i32 {
    out.* = @splat(0);
    out[0] = landlock.abiVersion();
    const SECCOMP_GET_ACTION_AVAIL: u32 = 2;
    const kill_process: u32 = 0x8000_0000;
    out[5] = @intFromBool(!sys.failed(sys.call(.seccomp, .{ SECCOMP_GET_ACTION_AVAIL, @as(u32, 0), &kill_process })));
    out[6] = @intFromBool(notify.canTakeDescriptors());
    const shared = shared_memory.Shared.create() orelse return ENOMEM;
    defer shared.destroy();
    const header = shared.header();
    const identity: launch.Identity = .{ .uid = @intCast(sys.call(.getuid, .{})), .gid = @intCast(sys.call(.getgid, .{})) };
    const child = sys.call(.clone, .{ @as(usize, opening.all_namespaces) | SIGCHLD, @as(usize, 0), @as(usize, 0), @as(usize, 0), @as(usize, 0) });
    if (sys.failed(child)) {
        header.fail(.namespaces, 0, .{ .syscall = .clone, .errno = sys.errnoOf(child) }, false);
    } else if (child == 0) {
        var state: launch.Launch = .{ .identity = identity };
        for (opening.steps, 0..) |step, index| {
            state.openingStep(step) catch |err| {
                header.fail(.opening, index, state.failure, err == error.Changed);
                break;
            };
        }
        sys.exit(0);
    } else {
        _ = sys.call(.wait4, .{ child, @as(usize, 0), @as(u32, 0x4000_0000), @as(usize, 0) });
    }
    out[1] = header.stage;
    out[2] = header.step;
    out[3] = header.syscall;
    out[4] = header.errno;
    return 0;
}

/// Becomes the supervisor with this plan. `plan`: `length` bytes, copied. Returns an errno only if
/// that fails.
export fn mxc_exec_supervisor(plan: [*]const u8, length: usize) callconv(.c) i32 {
    if (length > abi.structs.plan_bytes_max) return E2BIG;
    const plan_file = memoryFile("mxc-plan", plan[0..length]) orelse return ENOMEM;
    const SEEK_SET: usize = 0;
    _ = sys.call(.lseek, .{ plan_file, @as(usize, 0), SEEK_SET });
    const helper = memoryFile("mxc", helper_elf) orelse return ENOMEM;
    var plan_fd = plan_file;
    var helper_fd = helper;
    if (helper_fd == handover.helper_plan_fd) {
        helper_fd = @intCast(sys.call(.fcntl, .{ helper_fd, F_DUPFD_CLOEXEC, @as(usize, 10) }));
    }
    if (plan_fd != handover.helper_plan_fd) {
        const moved = sys.call(.dup3, .{ plan_fd, handover.helper_plan_fd, @as(usize, 0) });
        if (sys.failed(moved)) return sys.errnoOf(moved);
        plan_fd = handover.helper_plan_fd;
    } else {
        _ = sys.call(.fcntl, .{ plan_fd, F_SETFD, @as(usize, 0) });
    }
    const argv = [_:null]?[*:0]const u8{"mxc"};
    const envp = [_:null]?[*:0]const u8{};
    const AT_EMPTY_PATH: usize = 0x1000;
    return sys.errnoOf(sys.call(.execveat, .{ helper_fd, @as([*:0]const u8, ""), &argv, &envp, AT_EMPTY_PATH }));
}

fn memoryFile(name: [*:0]const u8, content: []const u8) ?sys.fd_t {
    const MFD_CLOEXEC: usize = 1;
    const MFD_EXEC: usize = 0x10;
    var result = sys.call(.memfd_create, .{ name, MFD_CLOEXEC | MFD_EXEC });
    if (sys.failed(result)) result = sys.call(.memfd_create, .{ name, MFD_CLOEXEC });
    if (sys.failed(result)) return null;
    const fd: sys.fd_t = @intCast(result);
    var rest = content;
    while (rest.len > 0) {
        const count = sys.call(.write, .{ fd, rest.ptr, rest.len });
        if (sys.failed(count) or count == 0) {
            sys.close(fd);
            return null;
        }
        rest = rest[count..];
    }
    return fd;
}

const SIGCHLD: usize = 17;
const E2BIG = 7;
const ENOMEM = 12;
const F_SETFD: usize = 2;
const F_DUPFD_CLOEXEC: usize = 1030;
