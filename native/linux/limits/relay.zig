//! Counts what the workload prints, where that is limited: a process for each stream copies from a
//! pipe to what the caller gave, so that a slow reader holds up that stream and nothing else.

const std = @import("std");
const sys = @import("sys");

pub const Relay = struct {
    /// The caller's stream.
    stream: sys.fd_t,
    pipe: [2]sys.fd_t,
    process: ?sys.pid_t = null,
};

pub const Relays = struct {
    list: [2]Relay = undefined,
    length: usize = 0,
    /// Bytes of both, in memory that their processes share.
    total: *u64 = undefined,

    /// Standard output and error, one pipe where they are the same file.
    pub fn open(relays: *Relays, failure: *sys.Failure) error{Syscall}!void {
        const PROT_READ_WRITE: u32 = 3;
        const MAP_SHARED_ANONYMOUS: u32 = 0x21;
        const memory = try sys.check(.mmap, .{ @as(usize, 0), @as(usize, 4096), PROT_READ_WRITE, MAP_SHARED_ANONYMOUS, @as(isize, -1), @as(usize, 0) }, failure);
        relays.total = @ptrFromInt(memory);
        const count: usize = if (sameFile(1, 2)) 1 else 2;
        for (0..count) |index| {
            var relay: Relay = .{ .stream = @intCast(1 + index), .pipe = undefined };
            _ = try sys.check(.pipe2, .{ &relay.pipe, O_CLOEXEC }, failure);
            relays.list[index] = relay;
            relays.length += 1;
        }
    }

    /// In PID 1: its standard output and error, and so the workload's, become the pipes.
    pub fn takePlace(relays: *const Relays) void {
        if (relays.length == 0) return;
        for (0..2) |index| {
            const relay = relays.list[@min(index, relays.length - 1)];
            _ = sys.call(.dup3, .{ relay.pipe[1], @as(sys.fd_t, @intCast(1 + index)), @as(u32, 0) });
        }
        for (relays.list[0..relays.length]) |relay| for (relay.pipe) |fd| sys.close(fd);
    }

    /// Once PID 1 has its ends.
    pub fn start(relays: *Relays, limit: u64, failure: *sys.Failure) error{Syscall}!void {
        const self = sys.call(.getpid, .{});
        for (relays.list[0..relays.length]) |*relay| sys.close(relay.pipe[1]);
        for (relays.list[0..relays.length]) |*relay| {
            const SIGCHLD: usize = 17;
            const pid = try sys.check(.clone, .{ SIGCHLD, @as(usize, 0), @as(usize, 0), @as(usize, 0), @as(usize, 0) }, failure);
            if (pid == 0) {
                const PR_SET_PDEATHSIG: usize = 1;
                const SIGKILL: usize = 9;
                _ = sys.call(.prctl, .{ PR_SET_PDEATHSIG, SIGKILL, @as(usize, 0), @as(usize, 0), @as(usize, 0) });
                if (sys.call(.getppid, .{}) != self) sys.exit(0);
                copy(relay.*, relays.total, limit);
            }
            relay.process = @intCast(pid);
        }
        for (relays.list[0..relays.length]) |relay| sys.close(relay.pipe[0]);
    }

    pub fn isRunning(relays: *const Relays) bool {
        for (relays.list[0..relays.length]) |relay| if (relay.process != null) return true;
        return false;
    }

    /// A child of the supervisor's has ended.
    pub fn reaped(relays: *Relays, pid: sys.pid_t) void {
        for (relays.list[0..relays.length]) |*relay| {
            if (relay.process != null and relay.process.? == pid) relay.process = null;
        }
    }

    pub fn bytes(relays: *const Relays) u64 {
        return if (relays.length == 0) 0 else @atomicLoad(u64, relays.total, .acquire);
    }
};

/// Ends the process: at the end of the workload's output, or when there is too much of it.
fn copy(relay: Relay, total: *u64, limit: u64) noreturn {
    const name: [*:0]const u8 = "mxc-output";
    const PR_SET_NAME: usize = 15;
    _ = sys.call(.prctl, .{ PR_SET_NAME, name, @as(usize, 0), @as(usize, 0), @as(usize, 0) });
    // Nothing else may be held open: the pipe's end is what tells that the workload has ended.
    _ = sys.call(.dup3, .{ relay.pipe[0], @as(sys.fd_t, 0), @as(u32, 0) });
    if (relay.stream != 1) _ = sys.call(.dup3, .{ relay.stream, @as(sys.fd_t, 1), @as(u32, 0) });
    _ = sys.call(.close_range, .{ @as(u32, 2), @as(u32, 0xffff_ffff), @as(u32, 0) });
    var buffer: [65536]u8 = undefined;
    while (true) {
        const result = sys.call(.read, .{ @as(sys.fd_t, 0), &buffer, buffer.len });
        if (sys.errnoOf(result) == EINTR) continue;
        if (sys.failed(result) or result == 0) sys.exit(0);
        const before = @atomicRmw(u64, total, .Add, result, .acq_rel);
        var rest: []const u8 = buffer[0..@min(result, limit -| before)];
        while (rest.len > 0) {
            const written = sys.call(.write, .{ @as(sys.fd_t, 1), rest.ptr, rest.len });
            switch (sys.errnoOf(written)) {
                0 => rest = rest[written..],
                EINTR => {},
                EAGAIN => waitFor(1),
                // The reader has gone: the workload hears of it by its own pipe's end.
                else => sys.exit(0),
            }
        }
        if (before + result > limit) sys.exit(1);
    }
}

/// The caller's stream may be a non-blocking one.
fn waitFor(fd: sys.fd_t) void {
    var poll = [_]extern struct { fd: i32, events: u16, revents: u16 = 0 }{.{ .fd = fd, .events = 4 }};
    _ = sys.call(.ppoll, .{ &poll, @as(usize, 1), @as(usize, 0), @as(usize, 0), @as(usize, 8) });
}

fn sameFile(a: sys.fd_t, b: sys.fd_t) bool {
    const KCMP_FILE: u32 = 0;
    const self = sys.call(.getpid, .{});
    return sys.call(.kcmp, .{ self, self, KCMP_FILE, a, b }) == 0;
}

const O_CLOEXEC: u32 = 0o2000000;
const EINTR = 4;
const EAGAIN = 11;
