//! The memory that the supervisor and PID 1 share: the plan on its way in, what happened on its
//! way out. Never mapped into the workload, which is another program by then.

const sys = @import("sys");
const structs = @import("abi").structs;
const scratch_ = @import("guard/scratch.zig");

pub const Stage = enum(u32) {
    none = 0,
    /// Making the namespaces.
    namespaces = 1,
    /// A step of the opening; `step` counts from the opening's first.
    opening = 2,
    /// A step of the plan; `step` counts from the plan's first.
    plan = 3,
    /// Between the last step and the workload's first instruction.
    confine = 4,
    /// The working folder.
    working_folder = 5,
    /// execve(2) of the workload.
    execute = 6,
    _,
};

pub const Header = extern struct {
    /// Bytes of the plan once it is complete and checked; a futex.
    plan_length: u32 = 0,
    stage: u32 = 0,
    step: u32 = 0,
    syscall: u32 = 0,
    errno: u32 = 0,
    /// 1: an object was not the one that the planner saw.
    changed: u32 = 0,
    /// wait(2) status of the workload, valid when `finished`.
    status: u32 = 0,
    finished: u32 = 0,
    /// The landlock tier's folder in place of a private /tmp.
    scratch: scratch_.Identity = .{},
    /// 1: nothing was free in the sandbox's own /tmp when the workload ended.
    disk_full: u32 = 0,

    pub fn fail(header: *Header, stage: Stage, step: usize, failure: sys.Failure, changed: bool) void {
        header.step = @intCast(step);
        header.syscall = @intCast(@backingInt(failure.syscall));
        header.errno = failure.errno;
        header.changed = @intFromBool(changed);
        header.stage = @backingInt(stage);
    }
};

/// The plan starts here, behind the header.
pub const plan_offset = 4096;
pub const size = plan_offset + structs.plan_bytes_max;

pub const Shared = struct {
    base: [*]align(4096) u8,

    /// Pages appear as they are written.
    pub fn create() ?Shared {
        const PROT_READ_WRITE = 3;
        const MAP_SHARED_ANONYMOUS_NORESERVE = 0x01 | 0x20 | 0x4000;
        const result = sys.call(.mmap, .{ @as(usize, 0), @as(usize, size), @as(usize, PROT_READ_WRITE), @as(usize, MAP_SHARED_ANONYMOUS_NORESERVE), @as(isize, -1), @as(usize, 0) });
        if (sys.failed(result)) return null;
        const shared: Shared = .{ .base = @ptrFromInt(result) };
        shared.header().* = .{};
        return shared;
    }

    pub fn destroy(shared: Shared) void {
        _ = sys.call(.munmap, .{ shared.base, @as(usize, size) });
    }

    pub fn header(shared: Shared) *Header {
        return @ptrCast(shared.base);
    }

    pub fn planBuffer(shared: Shared) []align(8) u8 {
        return @alignCast(shared.base[plan_offset..size]);
    }
};
