//! What the built-in proxy asks of the broker: names looked up and connections opened, each decided
//! as if the workload had made it.

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const connections_ = @import("connections.zig");
const dns = @import("dns.zig");
const heads = @import("head.zig");
const loops = @import("loop.zig");
const policies = @import("policy.zig");
const proxies = @import("proxy.zig");
const resolver_ = @import("resolver.zig");
const sockets = @import("sockets.zig");
const Address = addresses.Address;

/// Seconds for a connection.
const patience_seconds = 30;

const denied: proxies.Denial = .{ .reason = "the network policy does not allow it", .remedy = "--allow-net=HOST:PORT would" };

/// One question under way: a look-up of both families, or a connect.
const Errand = struct {
    watcher: loops.Watcher = .{ .callback = Outside.onConnected },
    lookup: resolver_.Question = .{ .answered = Outside.onFound },
    owner: *Outside,
    question: *proxies.Question,
    found: [dns.addresses_max * 2]Address = undefined,
    count: usize = 0,
    kind: u16 = dns.Type.a,
    since: u64 = 0,
    check: proxies.Check = .nothing,
    port: u16 = 0,
    next: ?*Errand = null,
    in_use: bool = true,
};

pub const Outside = struct {
    loop: *loops.Loop,
    connections: *connections_.Connections,
    resolver: *resolver_.Resolver,
    ticker: loops.Ticker = .{ .callback = onTick },
    errands: []Errand = &.{},
    used: usize = 0,

    pub fn start(outside: *Outside) error{OutOfMemory}!proxies.Outside {
        outside.errands = try std.heap.page_allocator.alloc(Errand, proxies.clients_max);
        outside.loop.tick(&outside.ticker);
        return .{ .context = outside, .resolve = resolve, .connect = connect, .cancel = cancel };
    }

    fn resolve(context: *anyopaque, question: *proxies.Question) void {
        const outside: *Outside = @ptrCast(@alignCast(context));
        if (outside.connections.policy.decideName(question.name).verdict == .deny and !outside.resolver.asks_anything) {
            outside.connections.decisions.tell(.{ .what = "proxy", .subject = .{ .name = question.name }, .allowed = false });
            return question.answered(question, .{ .denied = denied });
        }
        const errand = outside.allocate(question) orelse return question.answered(question, .{ .failed = sockets.ENOMEM });
        outside.resolver.ask(question.name, dns.Type.a, &errand.lookup);
    }

    fn onFound(lookup: *resolver_.Question, found: []const Address) void {
        const errand: *Errand = @fieldParentPtr("lookup", lookup);
        for (found) |address| {
            const fits = (address.asV4() != null) == (errand.kind == dns.Type.a);
            if (!fits or errand.count == errand.found.len) continue;
            errand.found[errand.count] = address;
            errand.count += 1;
        }
        if (errand.kind == dns.Type.a) {
            errand.kind = dns.Type.aaaa;
            return errand.owner.resolver.ask(errand.question.name, dns.Type.aaaa, &errand.lookup);
        }
        const question = errand.question;
        const list = errand.found;
        const count = errand.count;
        release(errand);
        const ENOENT: u16 = 2;
        question.answered(question, if (count == 0) .{ .failed = ENOENT } else .{ .addresses = list[0..count] });
    }

    fn connect(context: *anyopaque, question: *proxies.Question) void {
        const outside: *Outside = @ptrCast(@alignCast(context));
        const connections = outside.connections;
        const endpoint = question.endpoint;
        const target = connections_.hostLoopbackOf(endpoint.address) orelse endpoint.address;
        const on_host = connections.host_addresses.contains(target);
        var found: [16][]const u8 = undefined;
        const names = connections.names.of(target, loops.seconds(), &found);
        const decision = connections.policy.decide(.tcp, target, endpoint.port, names, on_host);
        connections.tell("proxy", endpoint, question.name, decision);
        if (decision.verdict == .deny) return question.answered(question, .{ .denied = denied });
        const errand = outside.allocate(question) orelse return question.answered(question, .{ .failed = sockets.ENOMEM });
        errand.port = endpoint.port;
        if (decision.verdict == .allow_by_name and !decision.rule.?.any_head) {
            // Asked for by name, the proxy checks that one; by address, any that is granted here.
            const is_granted = question.name.len > 0 and connections.policy.permitsName(.tcp, endpoint.port, question.name);
            errand.check = if (is_granted) .name else .{ .permitted = .{ .context = errand, .permits = permits } };
        }
        const family: u16 = if (target.asV4() != null) addresses.AF_INET else addresses.AF_INET6;
        var errno: u16 = 0;
        const fd = sockets.open(family, sockets.SOCK_STREAM, 0, &errno) orelse return fail(errand, errno);
        errno = sockets.connectTo(fd, .{ .address = target, .port = endpoint.port }, family);
        if (errno == 0) errno = sockets.EINPROGRESS;
        if (errno == sockets.EINPROGRESS) {
            errand.since = loops.seconds();
            outside.loop.add(&errand.watcher, fd, loops.OUT) catch {
                sys.close(fd);
                return fail(errand, sockets.ENOMEM);
            };
            return;
        }
        sys.close(fd);
        fail(errand, errno);
    }

    fn permits(context: *const anyopaque, name: []const u8) bool {
        const errand: *const Errand = @ptrCast(@alignCast(context));
        return errand.owner.connections.policy.permitsName(.tcp, errand.port, name);
    }

    fn fail(errand: *Errand, errno: u16) void {
        const question = errand.question;
        release(errand);
        question.answered(question, .{ .failed = errno });
    }

    fn onConnected(watcher: *loops.Watcher, _: u32) void {
        const errand: *Errand = @fieldParentPtr("watcher", watcher);
        const fd = watcher.fd;
        errand.owner.loop.remove(watcher);
        const errno = sockets.pendingError(fd);
        if (errno != 0) {
            sys.close(fd);
            return fail(errand, errno);
        }
        const question = errand.question;
        const check = errand.check;
        // What permits by port alone stays where it is: the connection may ask it for as long as it
        // lives, so its place is given to no other.
        if (check != .permitted) release(errand) else question.note = null;
        question.answered(question, .{ .socket = .{ .fd = fd, .check = check } });
    }

    fn cancel(context: *anyopaque, question: *proxies.Question) void {
        const outside: *Outside = @ptrCast(@alignCast(context));
        const errand: *Errand = @ptrCast(@alignCast(question.note orelse return));
        outside.resolver.cancel(&errand.lookup);
        const fd = errand.watcher.fd;
        outside.loop.remove(&errand.watcher);
        if (fd >= 0) sys.close(fd);
        release(errand);
    }

    fn onTick(ticker: *loops.Ticker, now: u64) void {
        const outside: *Outside = @fieldParentPtr("ticker", ticker);
        for (outside.errands[0..outside.used]) |*errand| {
            if (!errand.in_use or errand.watcher.fd < 0 or now < errand.since + patience_seconds) continue;
            const fd = errand.watcher.fd;
            outside.loop.remove(&errand.watcher);
            sys.close(fd);
            fail(errand, sockets.ETIMEDOUT);
        }
    }

    fn allocate(outside: *Outside, question: *proxies.Question) ?*Errand {
        const errand = for (outside.errands[0..outside.used]) |*errand| {
            if (!errand.in_use) break errand;
        } else blk: {
            if (outside.used == outside.errands.len) return null;
            outside.used += 1;
            break :blk &outside.errands[outside.used - 1];
        };
        errand.* = .{ .owner = outside, .question = question };
        question.note = errand;
        return errand;
    }
};

fn release(errand: *Errand) void {
    errand.question.note = null;
    errand.in_use = false;
}
