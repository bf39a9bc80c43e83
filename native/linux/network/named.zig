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
/// A non-blocking connect is held back until the far end has answered, so that it fails as it should;
/// no longer than this, though, since the caller waits in it: then it succeeds early, and a failure
/// comes as a reset. Below the 250 ms after which clients try another address (RFC 8305).
const patience_ns = 200 * std.time.ns_per_ms;

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
    /// Our end of it, when it has been answered early; -1 before.
    near: sys.fd_t = -1,
    domain: u16,
    blocks: bool,
    since: u64,
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
    waiting: []Waiting = &.{},
    used: usize = 0,
    count: usize = 0,

    pub fn connect(named: *Named, connections: *Connections, call: Connections.Call, endpoint: addresses.Endpoint) Connections.Outcome {
        const waiting = named.allocate() catch return .{ .errno = sockets.ENOMEM };
        var errno: u16 = 0;
        const far = sockets.open(call.domain, sockets.SOCK_STREAM, 0, &errno) orelse {
            named.release(waiting);
            return .{ .errno = errno };
        };
        connections.defaults.copy(call.file, far, call.domain);
        errno = sockets.connectTo(far, endpoint, call.domain);
        if (errno != 0 and errno != sockets.EINPROGRESS) {
            sys.close(far);
            named.release(waiting);
            return .{ .errno = errno };
        }
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
            sys.close(far);
            named.release(waiting);
            return .{ .errno = sockets.ENOMEM };
        };
        if (!waiting.blocks) named.startTimer();
        return .later;
    }

    fn onFar(watcher: *loops.Watcher, _: u32) void {
        const waiting: *Waiting = @fieldParentPtr("watcher", watcher);
        const named = waiting.owner;
        const far = watcher.fd;
        named.loop.remove(watcher);
        defer named.release(waiting);
        const errno = sockets.pendingError(far);
        if (errno != 0) {
            sys.close(far);
            named.fail(waiting, errno);
            return;
        }
        if (waiting.near < 0) waiting.near = named.answer(waiting) orelse return sys.close(far);
        named.flows.join(waiting.near, far, waiting.subject);
    }

    fn fail(_: *Named, waiting: *Waiting, errno: u16) void {
        if (waiting.near >= 0) return sockets.reset(waiting.near);
        waiting.connections.listener.answer(waiting.id, errno);
        sys.close(waiting.file);
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

    fn connectInside(named: *Named, file: sys.fd_t, domain: u16) ?sys.fd_t {
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
            const peer = sockets.peerEndpoint(near);
            if (peer != null and peer.?.port == local.port and peer.?.address.eql(local.address)) return near;
            sockets.reset(near);
        }
        return null;
    }

    fn listenerOf(named: *Named, domain: u16) ?sys.fd_t {
        const place = if (domain == addresses.AF_INET) &named.listener_v4 else &named.listener_v6;
        if (place.* >= 0) return place.*;
        const fd = named.sockets.open(domain, sockets.SOCK_STREAM) orelse return null;
        const address = if (domain == addresses.AF_INET) loopback_v4 else loopback_v6;
        if (sockets.bindTo(fd, .{ .address = address, .port = 0 }, domain) != 0 or sockets.listen(fd, 4096) != 0) {
            sys.close(fd);
            return null;
        }
        place.* = fd;
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
            if (!waiting.in_use or waiting.blocks or waiting.near >= 0) continue;
            if (now - waiting.since < patience_ns) {
                left = true;
                continue;
            }
            waiting.near = named.answer(waiting) orelse {
                const far = waiting.watcher.fd;
                named.loop.remove(&waiting.watcher);
                sys.close(far);
                named.release(waiting);
                continue;
            };
        }
        if (!left) named.setTimer(0);
    }

    fn allocate(named: *Named) error{OutOfMemory}!*Waiting {
        if (named.waiting.len == 0) {
            named.waiting = try std.heap.page_allocator.alloc(Waiting, waiting_max);
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

    fn release(_: *Named, waiting: *Waiting) void {
        waiting.in_use = false;
    }
};
