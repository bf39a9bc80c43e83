//! Connections that are granted by name. The address alone is not the name: behind it others may be
//! served. So the first bytes are looked at before they leave: the workload's socket is connected, in
//! the sandbox, to one of ours, the far end to another, and the bytes are relayed once the name in
//! them is one that the policy grants.

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const connections_ = @import("connections.zig");
const flows_ = @import("flows.zig");
const loops = @import("loop.zig");
const policies = @import("policy.zig");
const sandbox_sockets = @import("sandbox_sockets.zig");
const sockets = @import("sockets.zig");

const Connections = connections_.Connections;

/// Connects under way at one time.
const waiting_max = 4096;
/// A non-blocking connect is held back until the far end has answered; no longer than this, though,
/// since the caller waits in it. Then it is left under way, at a listener that drops what it gets
/// until the far end has answered, when the kernel's next try is let in (a second later at most, at
/// first) or refused. Well below the 250 ms after which clients try another address (RFC 8305).
const patience_ns = 100 * std.time.ns_per_ms;
/// Seconds after which a connect that was left under way is given up, as the kernel does.
const held_seconds = 130;

const loopback_v4: addresses.Address = .v4(.{ 127, 0, 0, 1 });
const loopback_v6: addresses.Address = .v6(.{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 });

const Waiting = struct {
    /// Of the far end.
    watcher: loops.Watcher = .{ .callback = Named.onFar },
    owner: *Named,
    connections: *Connections,
    id: u64,
    /// The workload's socket; -1 when its connect has been answered.
    file: sys.fd_t,
    /// Where a connect that was left under way will arrive; unwatched before the far end answered.
    arrival: loops.Watcher = .{ .callback = Named.onArrival },
    held: sys.fd_t = -1,
    /// Its end that arrives.
    local: addresses.Endpoint = undefined,
    far: sys.fd_t = -1,
    domain: u16,
    blocks: bool,
    since: u64,
    /// When a blocking caller stops waiting.
    deadline: ?u64 = null,
    subject: flows_.Subject,
    in_use: bool = true,
};

pub const Named = struct {
    loop: *loops.Loop,
    sockets: *sandbox_sockets.SandboxSockets,
    flows: *flows_.Flows,
    /// In the sandbox, on its loopback; made when first needed.
    listener_v4: sys.fd_t = -1,
    listener_v6: sys.fd_t = -1,
    timer: loops.Watcher = .{ .callback = onTimer },
    ticker: loops.Ticker = .{ .callback = onTick },
    alarm: loops.Ticker = .{ .callback = onDeadline },
    waiting: []Waiting = &.{},
    used: usize = 0,

    pub fn connect(named: *Named, connections: *Connections, call: Connections.Call, endpoint: addresses.Endpoint) Connections.Outcome {
        var errno: u16 = 0;
        const far = sockets.open(call.domain, sockets.SOCK_STREAM, 0, &errno) orelse return .{ .errno = errno };
        connections.defaults.copy(call.file, far, call.domain);
        errno = sockets.connectTo(far, endpoint, call.domain);
        if (errno != 0 and errno != sockets.EINPROGRESS) {
            sys.close(far);
            return .{ .errno = errno };
        }
        const waiting = named.allocate() catch {
            sys.close(far);
            return .{ .errno = sockets.ENOMEM };
        };
        waiting.* = .{
            .owner = named,
            .connections = connections,
            .id = call.notification.id,
            .file = call.file,
            .domain = call.domain,
            .blocks = sockets.statusFlags(call.file) & sockets.O_NONBLOCK == 0,
            .since = loops.nanoseconds(),
            .subject = .{ .endpoint = endpoint },
        };
        named.loop.add(&waiting.watcher, far, loops.OUT) catch {
            named.release(waiting);
            return .{ .errno = sockets.ENOMEM };
        };
        if (waiting.blocks) {
            waiting.deadline = sockets.sendDeadline(call.file, waiting.since);
            if (waiting.deadline) |deadline| named.loop.wakeBy(deadline);
        } else named.startTimer();
        return .later;
    }

    fn onFar(watcher: *loops.Watcher, _: u32) void {
        const waiting: *Waiting = @fieldParentPtr("watcher", watcher);
        const named = waiting.owner;
        const far = watcher.fd;
        named.loop.remove(watcher);
        const errno = sockets.pendingError(far);
        if (errno != 0) {
            sys.close(far);
            if (waiting.held < 0) {
                waiting.connections.listener.answer(waiting.id, errno);
                sys.close(waiting.file);
            }
            return named.release(waiting);
        }
        waiting.far = far;
        if (waiting.held >= 0) return named.letIn(waiting);
        const near = named.answer(waiting) orelse return named.release(waiting);
        waiting.far = -1;
        named.flows.join(near, far, waiting.subject);
        named.release(waiting);
    }

    /// The connect that was left under way may arrive.
    fn letIn(named: *Named, waiting: *Waiting) void {
        const SO_DETACH_FILTER: u32 = 27;
        const unused: u32 = 0;
        _ = sys.call(.setsockopt, .{ waiting.held, sockets.SOL_SOCKET, SO_DETACH_FILTER, &unused, @as(u32, 4) });
        named.loop.add(&waiting.arrival, waiting.held, loops.IN) catch named.release(waiting);
    }

    fn onArrival(watcher: *loops.Watcher, _: u32) void {
        const waiting: *Waiting = @fieldParentPtr("arrival", watcher);
        const named = waiting.owner;
        const near = sockets.accept(watcher.fd) orelse return;
        if (!isFrom(near, waiting.local)) return sockets.reset(near);
        named.flows.join(near, waiting.far, waiting.subject);
        waiting.far = -1;
        named.release(waiting);
    }

    /// Connects the workload's socket to ours and tells it so; our end, or null when that failed.
    fn answer(named: *Named, waiting: *Waiting) ?sys.fd_t {
        defer {
            sys.close(waiting.file);
            waiting.file = -1;
        }
        const listener = &waiting.connections.listener;
        if (!listener.isValid(waiting.id)) return null;
        const near = named.connectInside(waiting.file, waiting.domain);
        listener.answer(waiting.id, if (near == null) sockets.ECONNREFUSED else 0);
        return near;
    }

    /// Leaves a connect under way; false when that failed.
    fn hold(named: *Named, waiting: *Waiting) bool {
        defer {
            sys.close(waiting.file);
            waiting.file = -1;
        }
        const listener = &waiting.connections.listener;
        if (!listener.isValid(waiting.id)) return false;
        var errno = sockets.ECONNREFUSED;
        if (named.newListener(waiting.domain)) |held| {
            waiting.held = held;
            if (dropAll(held)) {
                const flags = sockets.statusFlags(waiting.file);
                if (waiting.blocks) sockets.setStatusFlags(waiting.file, flags | sockets.O_NONBLOCK);
                errno = sockets.connectTo(waiting.file, sockets.localEndpoint(held).?, waiting.domain);
                if (waiting.blocks) sockets.setStatusFlags(waiting.file, flags);
            }
        }
        waiting.local = sockets.localEndpoint(waiting.file) orelse .{ .address = loopback_v4, .port = 0 };
        listener.answer(waiting.id, errno);
        return errno == sockets.EINPROGRESS;
    }

    pub fn connectInside(named: *Named, file: sys.fd_t, domain: u16) ?sys.fd_t {
        const listener = named.listenerOf(domain) orelse return null;
        const target = sockets.localEndpoint(listener) orelse return null;
        const flags = sockets.statusFlags(file);
        sockets.setStatusFlags(file, flags | sockets.O_NONBLOCK);
        const errno = sockets.connectTo(file, target, domain);
        sockets.setStatusFlags(file, flags);
        if (errno != 0 and errno != sockets.EINPROGRESS) return null;
        const local = sockets.localEndpoint(file) orelse return null;
        // Anything in the sandbox can connect to our listener; only this socket is let in.
        for (0..64) |_| {
            const near = sockets.accept(listener) orelse return null;
            if (isFrom(near, local)) return near;
            sockets.reset(near);
        }
        return null;
    }

    fn listenerOf(named: *Named, domain: u16) ?sys.fd_t {
        const place = if (domain == addresses.AF_INET) &named.listener_v4 else &named.listener_v6;
        if (place.* < 0) place.* = named.newListener(domain) orelse return null;
        return place.*;
    }

    fn newListener(named: *Named, domain: u16) ?sys.fd_t {
        const fd = named.sockets.open(domain, sockets.SOCK_STREAM) orelse return null;
        const address = if (domain == addresses.AF_INET) loopback_v4 else loopback_v6;
        if (sockets.bindTo(fd, .{ .address = address, .port = 0 }, domain) != 0 or sockets.listen(fd, 4096) != 0) {
            sys.close(fd);
            return null;
        }
        return fd;
    }

    fn startTimer(named: *Named) void {
        if (named.timer.fd < 0) {
            const CLOCK_MONOTONIC: usize = 1;
            const TFD_NONBLOCK_CLOEXEC: u32 = 0o4000 | 0o2000000;
            const fd = sys.call(.timerfd_create, .{ CLOCK_MONOTONIC, TFD_NONBLOCK_CLOEXEC });
            if (sys.failed(fd)) return;
            named.loop.add(&named.timer, @intCast(fd), loops.IN) catch return;
        }
        named.setTimer(patience_ns);
    }

    fn setTimer(named: *Named, nanoseconds: u64) void {
        // struct itimerspec: interval, first (timerfd_settime(2)).
        const period = [4]u64{ 0, nanoseconds / 4, 0, nanoseconds };
        const none: [4]u64 = @splat(0);
        _ = sys.call(.timerfd_settime, .{ named.timer.fd, @as(u32, 0), if (nanoseconds == 0) &none else &period, @as(usize, 0) });
    }

    fn onTimer(watcher: *loops.Watcher, _: u32) void {
        const named: *Named = @fieldParentPtr("timer", watcher);
        var expirations: u64 = 0;
        _ = sys.call(.read, .{ watcher.fd, &expirations, @as(usize, 8) });
        const now = loops.nanoseconds();
        var left = false;
        for (named.waiting[0..named.used]) |*waiting| {
            if (!waiting.in_use or waiting.blocks) continue;
            const age = now - waiting.since;
            if (waiting.held < 0) {
                if (age >= patience_ns and !named.hold(waiting)) {
                    named.release(waiting);
                    continue;
                }
                left = true;
            }
        }
        if (!left) named.setTimer(0);
    }

    fn onDeadline(alarm: *loops.Ticker, _: u64) void {
        const named: *Named = @fieldParentPtr("alarm", alarm);
        const now = loops.nanoseconds();
        for (named.waiting[0..named.used]) |*waiting| {
            if (!waiting.in_use or waiting.file < 0) continue;
            const deadline = waiting.deadline orelse continue;
            if (now < deadline) named.loop.wakeBy(deadline) else if (!named.hold(waiting)) named.release(waiting);
        }
    }

    fn onTick(ticker: *loops.Ticker, _: u64) void {
        const named: *Named = @fieldParentPtr("ticker", ticker);
        const now = loops.nanoseconds();
        for (named.waiting[0..named.used]) |*waiting| {
            if (!waiting.in_use) continue;
            const is_gone = waiting.file >= 0 and !waiting.connections.listener.isValid(waiting.id);
            if (is_gone) sys.close(waiting.file);
            if (is_gone or (waiting.held >= 0 and now - waiting.since > held_seconds * std.time.ns_per_s)) named.release(waiting);
        }
    }

    fn allocate(named: *Named) error{OutOfMemory}!*Waiting {
        if (named.waiting.len == 0) {
            named.waiting = try std.heap.page_allocator.alloc(Waiting, waiting_max);
            named.loop.tick(&named.ticker);
            named.loop.onDeadline(&named.alarm);
        }
        for (named.waiting[0..named.used]) |*waiting| {
            if (!waiting.in_use) {
                waiting.in_use = true;
                return waiting;
            }
        }
        if (named.used == waiting_max) return error.OutOfMemory;
        const waiting = &named.waiting[named.used];
        named.used += 1;
        waiting.in_use = true;
        return waiting;
    }

    /// Closes what it still has.
    fn release(named: *Named, waiting: *Waiting) void {
        const far = if (waiting.watcher.fd >= 0) waiting.watcher.fd else waiting.far;
        named.loop.remove(&waiting.watcher);
        named.loop.remove(&waiting.arrival);
        if (far >= 0) sockets.reset(far);
        if (waiting.held >= 0) sys.close(waiting.held);
        waiting.held = -1;
        waiting.far = -1;
        waiting.in_use = false;
    }
};

fn isFrom(near: sys.fd_t, local: addresses.Endpoint) bool {
    const peer = sockets.peerEndpoint(near) orelse return false;
    return peer.port == local.port and peer.address.eql(local.address);
}

/// A socket filter (socket(7), SO_ATTACH_FILTER) that lets no segment through: no connection attempt
/// is answered.
fn dropAll(fd: sys.fd_t) bool {
    const SO_ATTACH_FILTER: u32 = 26;
    const Instruction = extern struct { code: u16, jt: u8 = 0, jf: u8 = 0, k: u32 };
    const Program = extern struct { length: u16, filter: *const Instruction };
    const BPF_RET_K = 0x06;
    const nothing: Instruction = .{ .code = BPF_RET_K, .k = 0 };
    const program: Program = .{ .length = 1, .filter = &nothing };
    return !sys.failed(sys.call(.setsockopt, .{ fd, sockets.SOL_SOCKET, SO_ATTACH_FILTER, &program, @as(u32, @sizeOf(Program)) }));
}
