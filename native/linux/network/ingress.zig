//! What the workload listens on, published on the host as far as the policy lets clients in: the same
//! port, on the host's loopback or on all of its addresses. The workload's own socket stays in the
//! sandbox; each connection is relayed to it, and comes from the sandbox's loopback there.

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const connections_ = @import("connections.zig");
const decisions_ = @import("decisions.zig");
const flows_ = @import("flows.zig");
const loops = @import("loop.zig");
const sandbox_sockets = @import("sandbox_sockets.zig");
const sockets = @import("sockets.zig");

const Address = addresses.Address;

const published_max = 256;

const loopback_v4: Address = .v4(.{ 127, 0, 0, 1 });
const loopback_v6: Address = .v6(.{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 });
const any_v4: Address = .v4(.{ 0, 0, 0, 0 });
const any_v6: Address = .v6(@splat(0));

const Published = struct {
    watcher: loops.Watcher = .{ .callback = Ingress.onConnection },
    owner: *Ingress,
    on_host: addresses.Endpoint,
    /// In the sandbox.
    target: addresses.Endpoint,
};

pub const Ingress = struct {
    loop: *loops.Loop,
    sockets: *sandbox_sockets.SandboxSockets,
    flows: *flows_.Flows,
    decisions: *decisions_.Decisions,
    host: *const connections_.HostAddresses,
    /// Clients from anywhere but the host itself.
    anyone: bool,
    /// Clients of the host itself.
    host_loopback: bool,
    /// What lets them, for records.
    rule: []const u8,
    published: []Published = &.{},
    used: usize = 0,

    /// `file` listens; 0, or why it cannot be published, which is then listen's failure.
    pub fn publish(ingress: *Ingress, file: sys.fd_t, domain: u16) u16 {
        if (!ingress.anyone and !ingress.host_loopback) return 0;
        const local = sockets.localEndpoint(file) orelse return 0;
        const inward = if (local.address.isLoopback() and !isAny(local.address)) local.address else if (domain == addresses.AF_INET) loopback_v4 else loopback_v6;
        const target: addresses.Endpoint = .{ .address = inward, .port = local.port };
        if (!isAny(local.address) and local.address.isLoopback()) {
            return if (ingress.host_loopback) ingress.open(local, target) else 0;
        }
        const v6 = domain == addresses.AF_INET6;
        if (ingress.anyone) {
            const errno = ingress.open(.{ .address = if (v6) any_v6 else any_v4, .port = local.port }, target);
            return if (v6 and errno == sockets.EAFNOSUPPORT) ingress.open(.{ .address = any_v4, .port = local.port }, target) else errno;
        }
        if (v6) {
            const errno = ingress.open(.{ .address = loopback_v6, .port = local.port }, target);
            // A host without IPv6 has no ::1.
            if (errno != 0 and errno != sockets.EAFNOSUPPORT and errno != EADDRNOTAVAIL) return errno;
        }
        return ingress.open(.{ .address = loopback_v4, .port = local.port }, target);
    }

    fn open(ingress: *Ingress, on_host: addresses.Endpoint, target: addresses.Endpoint) u16 {
        if (ingress.published.len == 0) {
            ingress.published = std.heap.page_allocator.alloc(Published, published_max) catch return sockets.ENOMEM;
        }
        for (ingress.published[0..ingress.used]) |*known| {
            if (known.watcher.fd >= 0 and known.on_host.port == on_host.port and known.on_host.address.eql(on_host.address)) {
                known.target = target;
                return 0;
            }
        }
        const place = for (ingress.published[0..ingress.used]) |*known| {
            if (known.watcher.fd < 0) break known;
        } else blk: {
            if (ingress.used == published_max) return sockets.ENOMEM;
            ingress.used += 1;
            break :blk &ingress.published[ingress.used - 1];
        };
        place.* = .{ .owner = ingress, .on_host = on_host, .target = target };
        const errno = ingress.listen(place);
        ingress.decisions.tell(.{ .what = "listen", .subject = .{ .endpoint = on_host }, .allowed = errno == 0, .reason = .rule, .rule = ingress.rule });
        return errno;
    }

    fn listen(ingress: *Ingress, place: *Published) u16 {
        var errno: u16 = 0;
        const family: u16 = if (place.on_host.address.asV4() != null) addresses.AF_INET else addresses.AF_INET6;
        const fd = sockets.open(family, sockets.SOCK_STREAM, 0, &errno) orelse return errno;
        const on: u32 = 1;
        const SO_REUSEADDR: u32 = 2;
        _ = sys.call(.setsockopt, .{ fd, sockets.SOL_SOCKET, SO_REUSEADDR, &on, @as(u32, 4) });
        errno = sockets.bindTo(fd, place.on_host, family);
        if (errno == 0) errno = sockets.listen(fd, 1024);
        if (errno == 0) {
            ingress.loop.add(&place.watcher, fd, loops.IN) catch {
                errno = sockets.ENOMEM;
            };
        }
        if (errno != 0) {
            place.watcher.fd = -1;
            sys.close(fd);
        }
        return errno;
    }

    fn onConnection(watcher: *loops.Watcher, _: u32) void {
        const place: *Published = @fieldParentPtr("watcher", watcher);
        const ingress = place.owner;
        const client = sockets.accept(watcher.fd) orelse return;
        const peer = sockets.peerEndpoint(client) orelse return sys.close(client);
        const allowed = if (ingress.host.contains(peer.address)) ingress.host_loopback else ingress.anyone;
        ingress.decisions.tell(.{ .what = "accept", .subject = .{ .endpoint = peer }, .allowed = allowed, .reason = if (ingress.host.contains(peer.address)) .host_loopback else .default });
        if (!allowed) return sockets.reset(client);
        const family: u16 = if (place.target.address.asV4() != null) addresses.AF_INET else addresses.AF_INET6;
        const inner = ingress.sockets.open(family, sockets.SOCK_STREAM) orelse return sockets.reset(client);
        var errno = sockets.connectTo(inner, place.target, family);
        if (errno == sockets.EINPROGRESS and sockets.isWritable(inner)) errno = sockets.pendingError(inner);
        if (errno != 0) {
            // Nobody listens any more: the port is given back.
            sys.close(inner);
            sockets.reset(client);
            if (errno != sockets.ECONNREFUSED) return;
            const fd = watcher.fd;
            ingress.loop.remove(watcher);
            sys.close(fd);
            return;
        }
        ingress.flows.join(client, inner, null);
    }
};

fn isAny(address: Address) bool {
    return address.eql(any_v4) or address.eql(any_v6);
}

const EADDRNOTAVAIL = 99;
