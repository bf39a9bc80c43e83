//! The workload's connect, bind and listen, performed in its place. A socket of the sandbox stays in
//! the sandbox; only a TCP connection that leaves it, and may, becomes a socket of the host's
//! network, which takes the descriptor's place. Nothing here is decided on memory that the workload
//! can still write, or on a descriptor number that it can still point elsewhere.

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const agent = @import("agent.zig");
const decisions_ = @import("decisions.zig");
const ingress_ = @import("ingress.zig");
const interface = @import("interface.zig");
const loops = @import("loop.zig");
const named_ = @import("named.zig");
const names_ = @import("names.zig");
const notify = @import("notify.zig");
const options = @import("options.zig");
const policies = @import("policy.zig");
const reactors = @import("reactors.zig");
const resolver_ = @import("resolver.zig");
const sockets = @import("sockets.zig");

const Address = addresses.Address;
const Endpoint = addresses.Endpoint;
const Notification = notify.Notification;

/// The host's loopback, by the address at which the sandbox finds it.
pub fn hostLoopbackOf(address: Address) ?Address {
    if (address.eql(interface.gateway_v4)) return .v4(.{ 127, 0, 0, 1 });
    if (address.eql(interface.gateway_v6)) return .v6(.{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 });
    return null;
}

/// Domain names (RFC 1035, 4.2).
const name_port = 53;

/// Calls that wait for something at one time; more are told ENOMEM, which programs take as a limit
/// of the system.
const pending_max = 4096;

const Pending = struct {
    watcher: loops.Watcher = .{ .callback = Connections.onPending },
    owner: *Connections,
    notification: Notification,
    waits_for: union(enum) {
        free: ?*Pending,
        /// A blocking connect of a host socket that will replace the caller's.
        host: sys.fd_t,
        /// A blocking connect on the caller's own socket.
        own,
        unix: agent.Started,
    },
    /// The caller's socket.
    file: sys.fd_t,
    /// When the caller stops waiting, of the monotonic clock in nanoseconds.
    deadline: ?u64 = null,
};

pub const Connections = struct {
    loop: *loops.Loop,
    listener: notify.Listener,
    watcher: loops.Watcher = .{ .callback = onNotification },
    ticker: loops.Ticker = .{ .callback = onTick },
    alarm: loops.Ticker = .{ .callback = onDeadline },
    policy: *const policies.Policy,
    names: *names_.Names,
    named: *named_.Named,
    ingress: *ingress_.Ingress,
    decisions: *decisions_.Decisions,
    /// The landlock tier: the workload's sockets are of the host's network from the first, and other
    /// calls than these come here too.
    shared: ?Shared = null,
    namespaces: agent.Namespaces = .{},
    host_namespace: u64,
    host_addresses: HostAddresses,
    defaults: options.Defaults,
    pending: []Pending,
    free: ?*Pending = null,
    pending_used: usize = 0,

    pub const Shared = struct {
        context: *const anyopaque,
        /// Any other call that was stopped; null where the caller has gone.
        perform: *const fn (context: *const anyopaque, notification: *const Notification) ?u16,
        /// Takes connections to whatever name server; null: names are not looked up.
        resolver: ?*resolver_.Resolver,
    };

    pub fn start(connections: *Connections) error{ OutOfMemory, Syscall }!void {
        connections.pending = try std.heap.page_allocator.alloc(Pending, pending_max);
        try connections.loop.add(&connections.watcher, connections.listener.fd, loops.IN);
        connections.loop.tick(&connections.ticker);
        connections.loop.onDeadline(&connections.alarm);
    }

    fn onNotification(watcher: *loops.Watcher, events: u32) void {
        const connections: *Connections = @fieldParentPtr("watcher", watcher);
        if (events & loops.IN == 0) {
            // Nobody is left under the filter.
            connections.loop.remove(watcher);
            return;
        }
        var notification: Notification = undefined;
        if (!connections.listener.receive(&notification)) return;
        const number: sys.SYS = @fromBackingInt(@as(usize, @intCast(notification.number)));
        const outcome = switch (number) {
            .connect => connections.connect(&notification),
            .bind => connections.bind(&notification),
            .listen => connections.listen(&notification),
            else => connections.other(&notification),
        };
        switch (outcome) {
            .errno => |errno| connections.listener.answer(notification.id, errno),
            .later, .gone => {},
        }
    }

    fn other(connections: *Connections, notification: *const Notification) Outcome {
        const shared = connections.shared orelse return .{ .errno = sockets.EPERM };
        return if (shared.perform(shared.context, notification)) |errno| .{ .errno = errno } else .gone;
    }

    pub const Outcome = union(enum) {
        /// The call returns now; 0 is success.
        errno: u16,
        /// Somebody will answer.
        later,
        gone,
    };

    fn connect(connections: *Connections, notification: *const Notification) Outcome {
        const file = switch (connections.listener.takeFile(notification)) {
            .file => |file| file,
            .errno => |errno| return .{ .errno = errno },
            .gone => return .gone,
        };
        var kept = false;
        defer if (!kept) sys.close(file);
        var errno: u16 = 0;
        const domain: u16 = @truncate(sockets.intOption(file, sockets.SOL_SOCKET, sockets.SO_DOMAIN, &errno));
        if (errno != 0) return .{ .errno = errno };
        var buffer: [notify.address_max]u8 = undefined;
        const bytes = switch (notify.Listener.copyAddress(notification, &buffer)) {
            .bytes => |bytes| bytes,
            .errno => |refused| return .{ .errno = refused },
        };
        if (!connections.listener.isValid(notification.id)) return .gone;

        switch (domain) {
            addresses.AF_UNIX => {
                const outcome = connections.unix(notification, .connect, file, bytes);
                kept = outcome == .later;
                return outcome;
            },
            addresses.AF_INET, addresses.AF_INET6 => {},
            else => return .{ .errno = sockets.connect(file, bytes) },
        }
        const kind = sockets.intOption(file, sockets.SOL_SOCKET, sockets.SO_TYPE, &errno);
        const of_host = sockets.namespaceOf(file) == connections.host_namespace;
        if (kind != sockets.SOCK_STREAM) {
            // It reaches nothing but the sandbox's own network. One of the host's was never handed out.
            if (of_host) return .{ .errno = sockets.EPERM };
            return .{ .errno = sockets.connect(file, bytes) };
        }
        // AF_UNSPEC takes a connection apart and makes none.
        const family = if (bytes.len < 2) addresses.AF_UNSPEC else std.mem.readInt(u16, bytes[0..2], .little);
        if (family == addresses.AF_UNSPEC) return .{ .errno = sockets.connect(file, bytes) };
        if (family != domain) return .{ .errno = sockets.EAFNOSUPPORT };
        const endpoint = addresses.parse(bytes) orelse return .{ .errno = sockets.EINVAL };

        const call: Call = .{ .notification = notification, .file = file, .domain = domain };
        const outcome = if (connections.shared) |shared|
            connections.connectShared(shared, call, endpoint)
        else if (of_host) connections.again(call, endpoint) else connections.connectStream(call, endpoint, bytes);
        kept = outcome == .later;
        return outcome;
    }

    /// One connect of a stream socket. Who answers `.later` has taken `file`.
    pub const Call = struct { notification: *const Notification, file: sys.fd_t, domain: u16 };

    fn connectStream(connections: *Connections, call: Call, endpoint: Endpoint, bytes: []const u8) Outcome {
        const address = endpoint.address;
        if (address.isLoopback() or address.eql(interface.own_v4) or address.eql(interface.own_v6)) {
            const inside = connections.connectOwn(call, bytes);
            if (inside != .errno or inside.errno != sockets.ECONNREFUSED or !address.isLoopback()) return inside;
            return connections.connectHostLoopback(call, endpoint, inside);
        }
        if (hostLoopbackOf(address)) |loopback| {
            const decision = connections.policy.decide(.tcp, loopback, endpoint.port, &.{}, true);
            connections.tell("connect", endpoint, "", decision);
            if (decision.verdict == .deny) return .{ .errno = sockets.EACCES };
            return connections.connectHost(call, .{ .address = loopback, .port = endpoint.port });
        }
        const on_host = connections.host_addresses.contains(address);
        var found: [16][]const u8 = undefined;
        const names = connections.names.of(address, loops.seconds(), &found);
        const decision = connections.policy.decide(.tcp, address, endpoint.port, names, on_host);
        connections.tell("connect", endpoint, if (names.len > 0) names[0] else "", decision);
        return switch (decision.verdict) {
            .deny => .{ .errno = sockets.EACCES },
            .allow => connections.connectHost(call, endpoint),
            // What need not name itself needs no look.
            .allow_by_name => if (decision.rule.?.any_head)
                connections.connectHost(call, endpoint)
            else
                connections.named.connect(connections, call, endpoint),
        };
    }

    /// The socket is the host's already, and stays the caller's: the address is ours.
    fn connectShared(connections: *Connections, shared: Shared, call: Call, endpoint: Endpoint) Outcome {
        if (endpoint.port == name_port) {
            if (shared.resolver) |resolver| {
                const near = connections.named.connectInside(call.file, call.domain) orelse return .{ .errno = sockets.ECONNREFUSED };
                resolver.serveClient(near);
                return .{ .errno = 0 };
            }
        }
        const address = endpoint.address;
        const on_host = connections.host_addresses.contains(address);
        var found: [16][]const u8 = undefined;
        const names = connections.names.of(address, loops.seconds(), &found);
        const decision = connections.policy.decide(.tcp, address, endpoint.port, names, on_host);
        connections.tell("connect", endpoint, if (names.len > 0) names[0] else "", decision);
        return switch (decision.verdict) {
            .deny => .{ .errno = sockets.EACCES },
            .allow => connections.connectItself(call, endpoint),
            .allow_by_name => if (decision.rule.?.any_head)
                connections.connectItself(call, endpoint)
            else
                connections.named.connect(connections, call, endpoint),
        };
    }

    /// Nothing in the sandbox listens there: a service of the host may be meant, if one is granted.
    fn connectHostLoopback(connections: *Connections, call: Call, endpoint: Endpoint, refused: Outcome) Outcome {
        const decision = connections.policy.decide(.tcp, endpoint.address, endpoint.port, &.{}, true);
        connections.tell("connect", endpoint, "", decision);
        return if (decision.verdict == .deny) refused else connections.connectHost(call, endpoint);
    }

    /// On the caller's own socket, inside the sandbox; never waits.
    fn connectOwn(connections: *Connections, call: Call, bytes: []const u8) Outcome {
        const flags = sockets.statusFlags(call.file);
        const blocks = flags & sockets.O_NONBLOCK == 0;
        if (blocks) sockets.setStatusFlags(call.file, flags | sockets.O_NONBLOCK);
        const errno = sockets.connect(call.file, bytes);
        const is_over = errno == sockets.EINPROGRESS and sockets.isWritable(call.file);
        if (blocks) sockets.setStatusFlags(call.file, flags);
        if (errno != sockets.EINPROGRESS) return .{ .errno = errno };
        if (is_over) {
            const failed = sockets.pendingError(call.file);
            return .{ .errno = if (failed != 0) failed else if (blocks) 0 else sockets.EINPROGRESS };
        }
        return if (blocks) connections.wait(call, .own, call.file, loops.OUT) else .{ .errno = sockets.EINPROGRESS };
    }

    /// On a new socket of the host's network, which then takes the place of the caller's.
    pub fn connectHost(connections: *Connections, call: Call, endpoint: Endpoint) Outcome {
        var errno: u16 = 0;
        const host = sockets.open(call.domain, sockets.SOCK_STREAM, 0, &errno) orelse return .{ .errno = errno };
        var kept = false;
        defer if (!kept) sys.close(host);
        connections.defaults.copy(call.file, host, call.domain);
        const flags = sockets.statusFlags(call.file);
        const blocks = flags & sockets.O_NONBLOCK == 0;
        errno = sockets.connectTo(host, endpoint, call.domain);
        if (errno == sockets.EINPROGRESS and blocks and sockets.isWritable(host)) errno = sockets.pendingError(host);
        if (errno == sockets.EINPROGRESS) {
            if (blocks) {
                const outcome = connections.wait(call, .{ .host = host }, host, loops.OUT);
                kept = outcome == .later;
                return outcome;
            }
            reactors.carryOver(&connections.listener, call.notification, host);
        } else if (errno != 0) return .{ .errno = errno };
        const refused = connections.handOver(call.notification, host, flags);
        return .{ .errno = if (refused != 0) refused else errno };
    }

    fn handOver(connections: *Connections, notification: *const Notification, host: sys.fd_t, flags: u32) u16 {
        if (flags & sockets.O_NONBLOCK == 0) sockets.setStatusFlags(host, flags);
        const descriptor = notification.descriptor();
        return connections.listener.replace(notification.id, host, descriptor, notify.closesOnExec(notification.thread, descriptor));
    }

    /// A socket that was handed over before: its connection failed, or it is asked how it stands. It
    /// goes nowhere that the policy does not allow as if it were new.
    fn again(connections: *Connections, call: Call, endpoint: Endpoint) Outcome {
        const on_host = connections.host_addresses.contains(endpoint.address);
        const decision = connections.policy.decide(.tcp, endpoint.address, endpoint.port, &.{}, on_host);
        if (decision.verdict != .allow) {
            connections.tell("connect", endpoint, "", decision);
            return .{ .errno = sockets.EACCES };
        }
        return connections.connectItself(call, endpoint);
    }

    fn connectItself(connections: *Connections, call: Call, endpoint: Endpoint) Outcome {
        const flags = sockets.statusFlags(call.file);
        const blocks = flags & sockets.O_NONBLOCK == 0;
        if (blocks) sockets.setStatusFlags(call.file, flags | sockets.O_NONBLOCK);
        const errno = sockets.connectTo(call.file, endpoint, call.domain);
        if (blocks) sockets.setStatusFlags(call.file, flags);
        if (errno != sockets.EINPROGRESS or !blocks) return .{ .errno = errno };
        return connections.wait(call, .own, call.file, loops.OUT);
    }

    fn bind(connections: *Connections, notification: *const Notification) Outcome {
        const file = switch (connections.listener.takeFile(notification)) {
            .file => |file| file,
            .errno => |errno| return .{ .errno = errno },
            .gone => return .gone,
        };
        var kept = false;
        defer if (!kept) sys.close(file);
        var errno: u16 = 0;
        const domain: u16 = @truncate(sockets.intOption(file, sockets.SOL_SOCKET, sockets.SO_DOMAIN, &errno));
        if (errno != 0) return .{ .errno = errno };
        var buffer: [notify.address_max]u8 = undefined;
        const bytes = switch (notify.Listener.copyAddress(notification, &buffer)) {
            .bytes => |bytes| bytes,
            .errno => |refused| return .{ .errno = refused },
        };
        if (!connections.listener.isValid(notification.id)) return .gone;
        if (domain == addresses.AF_UNIX) {
            const outcome = connections.unix(notification, .bind, file, bytes);
            kept = outcome == .later;
            return outcome;
        }
        if (connections.shared != null) return .{ .errno = sockets.EACCES };
        // A port of the host's is not the workload's to take.
        if (isInternet(domain) and sockets.namespaceOf(file) == connections.host_namespace) return .{ .errno = sockets.EINVAL };
        return .{ .errno = sys.errnoOf(sys.call(.bind, .{ file, bytes.ptr, bytes.len })) };
    }

    fn listen(connections: *Connections, notification: *const Notification) Outcome {
        const file = switch (connections.listener.takeFile(notification)) {
            .file => |file| file,
            .errno => |errno| return .{ .errno = errno },
            .gone => return .gone,
        };
        defer sys.close(file);
        var errno: u16 = 0;
        const domain: u16 = @truncate(sockets.intOption(file, sockets.SOL_SOCKET, sockets.SO_DOMAIN, &errno));
        if (errno != 0) return .{ .errno = errno };
        if (connections.shared != null) return .{ .errno = sockets.EACCES };
        // Without a port of its own it would be given one of the host's.
        if (isInternet(domain) and sockets.namespaceOf(file) == connections.host_namespace) return .{ .errno = sockets.EINVAL };
        const backlog: u32 = @truncate(notification.arguments[1]);
        errno = sys.errnoOf(sys.call(.listen, .{ file, backlog }));
        if (errno == 0 and isInternet(domain)) return .{ .errno = connections.ingress.publish(file, domain) };
        return .{ .errno = errno };
    }

    fn unix(connections: *Connections, notification: *const Notification, operation: agent.Operation, file: sys.fd_t, bytes: []const u8) Outcome {
        // One that came from outside names the abstract sockets of the network it came from.
        if (sockets.namespaceOf(file) == connections.host_namespace) return .{ .errno = sockets.EPERM };
        const started = agent.start(connections.namespaces, notification.thread, operation, file, bytes) orelse return .{ .errno = sockets.ENOMEM };
        const call: Call = .{ .notification = notification, .file = file, .domain = addresses.AF_UNIX };
        const outcome = connections.wait(call, .{ .unix = started }, started.pidfd, loops.IN);
        if (outcome != .later) agent.cancel(started);
        return outcome;
    }

    /// Answers when `watched` is ready. Takes `call.file`.
    fn wait(connections: *Connections, call: Call, waits_for: @FieldType(Pending, "waits_for"), watched: sys.fd_t, events: u32) Outcome {
        const pending = connections.allocate() orelse return .{ .errno = sockets.ENOMEM };
        pending.* = .{ .owner = connections, .notification = call.notification.*, .waits_for = waits_for, .file = call.file };
        connections.loop.add(&pending.watcher, watched, events) catch {
            connections.release(pending);
            return .{ .errno = sockets.ENOMEM };
        };
        if (waits_for != .unix) pending.deadline = sockets.sendDeadline(call.file, loops.nanoseconds());
        if (pending.deadline) |deadline| connections.loop.wakeBy(deadline);
        return .later;
    }

    fn onPending(watcher: *loops.Watcher, _: u32) void {
        const pending: *Pending = @fieldParentPtr("watcher", watcher);
        const connections = pending.owner;
        const notification = &pending.notification;
        const listener = &connections.listener;
        switch (pending.waits_for) {
            .free => return,
            .own => listener.answer(notification.id, sockets.pendingError(pending.file)),
            .unix => |started| {
                connections.loop.remove(watcher);
                listener.answer(notification.id, agent.finish(started));
                pending.waits_for = .own;
            },
            .host => |host| {
                var errno = sockets.pendingError(host);
                if (errno == 0) errno = connections.handOver(notification, host, sockets.statusFlags(pending.file));
                listener.answer(notification.id, errno);
            },
        }
        connections.end(pending);
    }

    fn end(connections: *Connections, pending: *Pending) void {
        connections.loop.remove(&pending.watcher);
        switch (pending.waits_for) {
            .host => |host| sys.close(host),
            .unix => |started| agent.cancel(started),
            .own, .free => {},
        }
        sys.close(pending.file);
        connections.release(pending);
    }

    /// The caller's time is over: its connect goes on without it (connect(2), EINPROGRESS).
    fn leaveUnderWay(connections: *Connections, pending: *Pending) void {
        const notification = &pending.notification;
        var errno: u16 = 0;
        if (pending.waits_for == .host) {
            errno = connections.handOver(notification, pending.waits_for.host, sockets.statusFlags(pending.file));
        }
        connections.listener.answer(notification.id, if (errno != 0) errno else sockets.EINPROGRESS);
        connections.end(pending);
    }

    fn onDeadline(alarm: *loops.Ticker, _: u64) void {
        const connections: *Connections = @fieldParentPtr("alarm", alarm);
        const now = loops.nanoseconds();
        for (connections.pending[0..connections.pending_used]) |*pending| {
            if (pending.waits_for == .free) continue;
            const deadline = pending.deadline orelse continue;
            if (now >= deadline) connections.leaveUnderWay(pending) else connections.loop.wakeBy(deadline);
        }
    }

    /// Calls whose thread is gone.
    fn onTick(ticker: *loops.Ticker, _: u64) void {
        const connections: *Connections = @fieldParentPtr("ticker", ticker);
        for (connections.pending[0..connections.pending_used]) |*pending| {
            if (pending.waits_for == .free) continue;
            if (!connections.listener.isValid(pending.notification.id)) connections.end(pending);
        }
    }

    fn allocate(connections: *Connections) ?*Pending {
        if (connections.free) |pending| {
            connections.free = pending.waits_for.free;
            return pending;
        }
        if (connections.pending_used == connections.pending.len) return null;
        connections.pending_used += 1;
        return &connections.pending[connections.pending_used - 1];
    }

    fn release(connections: *Connections, pending: *Pending) void {
        pending.waits_for = .{ .free = connections.free };
        connections.free = pending;
    }

    pub fn tell(connections: *Connections, what: []const u8, endpoint: Endpoint, name: []const u8, decision: policies.Decision) void {
        connections.decisions.tell(.{
            .what = what,
            .subject = .{ .endpoint = endpoint },
            .name = name,
            .allowed = decision.verdict != .deny,
            .reason = decision.reason,
            .rule = if (decision.rule) |rule| rule.label else "",
        });
    }
};

fn isInternet(domain: u16) bool {
    return domain == addresses.AF_INET or domain == addresses.AF_INET6;
}

/// Is an address one of the host's own? Asked of the routing table each time, since interfaces come
/// and go: for a destination on this machine, and only for one, the kernel picks the destination
/// itself as the source.
pub const HostAddresses = struct {
    v4: sys.fd_t,
    v6: sys.fd_t,

    pub fn init() HostAddresses {
        var errno: u16 = 0;
        return .{
            .v4 = sockets.open(addresses.AF_INET, sockets.SOCK_DGRAM, 0, &errno) orelse -1,
            .v6 = sockets.open(addresses.AF_INET6, sockets.SOCK_DGRAM, 0, &errno) orelse -1,
        };
    }

    pub fn contains(host: *const HostAddresses, address: Address) bool {
        if (address.isLoopback()) return true;
        const family: u16 = if (address.asV4() != null) addresses.AF_INET else addresses.AF_INET6;
        const fd = if (family == addresses.AF_INET) host.v4 else host.v6;
        // Nowhere to ask means nowhere to go.
        if (fd < 0) return false;
        // Any port will do: nothing is sent.
        if (sockets.connectTo(fd, .{ .address = address, .port = 9 }, family) != 0) return false;
        const source = sockets.localEndpoint(fd) orelse return true;
        return source.address.eql(address);
    }
};
