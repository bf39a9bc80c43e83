//! The stub that the sandbox asks for names, on its loopback: it looks them up as the host does
//! (hosts(5), the servers of resolv.conf(5)), only those that the policy permits, and records which
//! address each gave (names.zig). Answers are written anew, addresses only: nothing that a server
//! says is passed on.
//!
//! A query tells whoever serves the zone what is in it, so a name that nothing grants is not asked
//! for at all; below a wildcard the number and the length of new names are bounded.

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const connections_ = @import("connections.zig");
const decisions_ = @import("decisions.zig");
const dns = @import("dns.zig");
const loops = @import("loop.zig");
const names_ = @import("names.zig");
const notify = @import("notify.zig");
const policies = @import("policy.zig");
const sockets = @import("sockets.zig");
const Address = addresses.Address;
const Endpoint = addresses.Endpoint;

/// Look-ups under way at one time; more queries are dropped, and asked again by their clients.
const lookups_max = 256;
const servers_max = 3;
/// Each server twice, two to three seconds each.
const attempts_max = servers_max * 2;
const patience_seconds = 2;
/// Queries of a burst, and per second after it.
const burst = 400;
const rate = 200;
/// New names below wildcards in a minute, and the longest: enough for a package index, little for a
/// tunnel (some 100 bytes a second).
const wildcard_names_per_minute = 60;
const wildcard_name_max = 128;
const tcp_clients_max = 64;
/// Seconds between look-ups of names that are denied, so that their addresses are known.
const refresh_seconds = 300;

const port = 53;

const Client = union(enum) {
    free: ?*Lookup,
    udp: struct { address: [28]u8, length: u32 },
    tcp: *TcpClient,
    question: *Question,
    /// Only for the record.
    nobody,
};

/// A look-up for the broker itself. One call of `answered`, perhaps before `ask` returns.
pub const Question = struct {
    answered: *const fn (question: *Question, found: []const Address) void,
    lookup: ?*Lookup = null,
};

const Lookup = struct {
    watcher: loops.Watcher = .{ .callback = Resolver.onAnswer },
    owner: *Resolver,
    client: Client,
    /// Header and question as they came; of a question of our own, only its type counts.
    asked: [dns.answer_max]u8 = undefined,
    query: dns.Query,
    decision: policies.Decision,
    /// Of our query to the server.
    id: u16 = 0,
    attempt: u8 = 0,
    since: u64 = 0,
};

const TcpClient = struct {
    watcher: loops.Watcher = .{ .callback = Resolver.onTcpClient },
    owner: *Resolver,
    buffer: [2 + dns.answer_max]u8 = undefined,
    length: usize = 0,
    /// Of its look-ups under way.
    lookups: usize = 0,
    in_use: bool = false,
};

pub const Resolver = struct {
    loop: *loops.Loop,
    policy: *const policies.Policy,
    names: *names_.Names,
    decisions: *decisions_.Decisions,
    host: *const connections_.HostAddresses,
    udp: loops.Watcher = .{ .callback = onQuery },
    tcp: loops.Watcher = .{ .callback = onTcp },
    ticker: loops.Ticker = .{ .callback = onTick },
    servers: [servers_max]Address = undefined,
    server_count: usize = 0,
    /// A server of the host's is a destination that the rules allow: any name may be asked for.
    asks_anything: bool = false,
    lookups: []Lookup = &.{},
    lookups_used: usize = 0,
    free: ?*Lookup = null,
    clients: []TcpClient = &.{},
    budget: u32 = burst,
    wildcard_budget: u32 = wildcard_names_per_minute,
    wildcard_minute: u64 = 0,
    refreshed: u64 = 0,

    /// Before anything is asked. The host's files are read here and, for hosts(5), with each query.
    pub fn start(resolver: *Resolver) error{OutOfMemory}!void {
        resolver.lookups = try std.heap.page_allocator.alloc(Lookup, lookups_max);
        resolver.clients = try std.heap.page_allocator.alloc(TcpClient, tcp_clients_max);
        for (resolver.clients) |*client| client.* = .{ .owner = resolver };
        var content: [16 * 1024]u8 = undefined;
        resolver.readServers(notify.readSmall("/etc/resolv.conf", &content) orelse "");
        for (resolver.servers[0..resolver.server_count]) |server| {
            const decision = resolver.policy.decide(.udp, server, port, &.{}, false);
            if (decision.verdict == .allow) resolver.asks_anything = true;
        }
        resolver.loop.tick(&resolver.ticker);
    }

    pub fn serveUdp(resolver: *Resolver, fd: sys.fd_t) error{Syscall}!void {
        try resolver.loop.add(&resolver.udp, fd, loops.IN);
    }

    pub fn serveTcp(resolver: *Resolver, fd: sys.fd_t) error{Syscall}!void {
        try resolver.loop.add(&resolver.tcp, fd, loops.IN);
    }

    fn readServers(resolver: *Resolver, text: []const u8) void {
        var lines = std.mem.tokenizeScalar(u8, text, '\n');
        while (lines.next()) |line| {
            var words = std.mem.tokenizeAny(u8, line, " \t\r");
            if (!std.mem.eql(u8, words.next() orelse continue, "nameserver")) continue;
            const address = parseAddress(words.next() orelse continue) orelse continue;
            if (resolver.server_count == servers_max) return;
            resolver.servers[resolver.server_count] = address;
            resolver.server_count += 1;
        }
        if (resolver.server_count > 0) return;
        // resolv.conf(5): the name server on this machine, if the file names none.
        resolver.servers[0] = .v4(.{ 127, 0, 0, 1 });
        resolver.server_count = 1;
    }

    /// Looks `name` up for the broker, as the policy decides it for the workload.
    pub fn ask(resolver: *Resolver, name: []const u8, kind: u16, question: *Question) void {
        var buffer: [300]u8 = undefined;
        question.lookup = null;
        const message = dns.buildQuery(&buffer, 0, name, kind);
        const query = dns.parseQuery(message) catch return question.answered(question, &.{});
        resolver.begin(message, &query, .{ .question = question });
    }

    pub fn cancel(_: *Resolver, question: *Question) void {
        if (question.lookup) |lookup| lookup.client = .nobody;
        question.lookup = null;
    }

    fn onQuery(watcher: *loops.Watcher, _: u32) void {
        const resolver: *Resolver = @fieldParentPtr("udp", watcher);
        for (0..32) |_| {
            var buffer: [dns.answer_max]u8 = undefined;
            var client: Client = .{ .udp = .{ .address = undefined, .length = 28 } };
            const MSG_DONTWAIT: u32 = 0x40;
            const length = sys.call(.recvfrom, .{ watcher.fd, &buffer, buffer.len, MSG_DONTWAIT, &client.udp.address, &client.udp.length });
            if (sys.failed(length)) return;
            if (client.udp.length > 28) continue;
            const query = dns.parseQuery(buffer[0..length]) catch {
                resolver.refuse(buffer[0..length], client);
                continue;
            };
            resolver.begin(buffer[0..length], &query, client);
        }
    }

    /// What cannot be read, or asks for something that no host has.
    fn refuse(resolver: *Resolver, message: []const u8, client: Client) void {
        if (message.len < dns.header_size or message[2] & 0x80 != 0) return;
        var out: [dns.header_size]u8 = @splat(0);
        @memcpy(out[0..2], message[0..2]);
        out[2] = 0x80 | (message[2] & 1);
        out[3] = 0x80 | dns.Code.no_name;
        resolver.send(client, &out);
    }

    fn begin(resolver: *Resolver, message: []const u8, query: *const dns.Query, client: Client) void {
        const name = query.name.text();
        if (isLocalhost(name)) {
            return resolver.reply(message, query, client, dns.Code.none, &.{ .v4(.{ 127, 0, 0, 1 }), .v6(.{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }) }, 3600);
        }
        const is_internal = client == .question or client == .nobody;
        if (!is_internal) {
            if (resolver.budget == 0) return;
            resolver.budget -= 1;
        }
        var decision = resolver.policy.decideName(name);
        const is_denied = decision.verdict == .deny;
        if (client == .nobody) decision.verdict = .allow;
        if (is_denied and client != .nobody) {
            // Nothing grants the name; its addresses may be granted.
            if (decision.reason == .default and resolver.fromHosts(message, query, client, .{ .verdict = .allow, .reason = .default })) return;
            if (decision.reason == .default and resolver.asks_anything) {
                decision = .{ .verdict = .allow, .reason = .default };
            } else {
                resolver.tell(name, decision);
                // Not REFUSED: libraries would try again, and elsewhere.
                return resolver.reply(message, query, client, dns.Code.no_name, &.{}, 60);
            }
        }
        if (!resolver.boundWildcard(name, decision)) {
            decision.verdict = .deny;
            resolver.tell(name, decision);
            return resolver.reply(message, query, client, dns.Code.no_name, &.{}, 60);
        }
        if (resolver.fromHosts(message, query, client, decision)) return;
        // Records besides addresses could carry anything, keys that hide a server's name among it.
        if (query.type != dns.Type.a and query.type != dns.Type.aaaa) {
            return resolver.reply(message, query, client, dns.Code.none, &.{}, 60);
        }
        const lookup = resolver.allocate() orelse return;
        lookup.* = .{ .owner = resolver, .client = client, .query = query.*, .decision = decision };
        const kept = @min(query.length, lookup.asked.len);
        @memcpy(lookup.asked[0..kept], message[0..kept]);
        switch (client) {
            .question => |question| question.lookup = lookup,
            .tcp => |tcp| tcp.lookups += 1,
            else => {},
        }
        if (client != .nobody) resolver.tell(name, decision);
        resolver.askServer(lookup);
    }

    fn boundWildcard(resolver: *Resolver, name: []const u8, decision: policies.Decision) bool {
        const rule = decision.rule orelse return true;
        if (rule.deny) return true;
        switch (rule.peer) {
            .name => |wanted| if (!wanted.subdomains) return true,
            .block => return true,
        }
        if (name.len > wildcard_name_max) return false;
        if (resolver.isKnown(name)) return true;
        if (resolver.wildcard_budget == 0) return false;
        resolver.wildcard_budget -= 1;
        return true;
    }

    fn isKnown(resolver: *const Resolver, name: []const u8) bool {
        for (resolver.names.records[0..resolver.names.used]) |*record| {
            if (std.mem.eql(u8, record.name.text(), name)) return true;
        }
        return false;
    }

    /// hosts(5). True: it answered.
    fn fromHosts(resolver: *Resolver, message: []const u8, query: *const dns.Query, client: Client, decision: policies.Decision) bool {
        var content: [64 * 1024]u8 = undefined;
        const text = notify.readSmall("/etc/hosts", &content) orelse return false;
        var found: [dns.addresses_max]Address = undefined;
        var count: usize = 0;
        var lines = std.mem.tokenizeScalar(u8, text, '\n');
        while (lines.next()) |whole| {
            const line = whole[0 .. std.mem.indexOfScalar(u8, whole, '#') orelse whole.len];
            var words = std.mem.tokenizeAny(u8, line, " \t\r");
            const address = parseAddress(words.next() orelse continue) orelse continue;
            while (words.next()) |word| {
                if (!std.ascii.eqlIgnoreCase(word, query.name.text()) or count == found.len) continue;
                found[count] = address;
                count += 1;
                break;
            }
        }
        if (count == 0) return false;
        const kept = resolver.keep(found[0..count], query.name.text(), decision, 60);
        // Of a name that nothing grants, not even that it exists is said.
        if (kept == 0 and decision.reason == .default) return false;
        resolver.reply(message, query, client, dns.Code.none, found[0..kept], 60);
        return true;
    }

    /// Drops the addresses that the decision does not cover, and records the others; how many are
    /// left, at the front.
    fn keep(resolver: *Resolver, found: []Address, name: []const u8, decision: policies.Decision, ttl: u32) usize {
        var kept: usize = 0;
        for (found) |address| {
            const on_host = resolver.host.contains(address);
            const by_address = resolver.policy.mayReach(address, on_host);
            const by_name = switch (decision.verdict) {
                // A public name that leads inside is a trick (rebinding), unless the rule names a
                // service of the host itself.
                .allow_by_name => decision.rule.?.host_loopback or (!on_host and !address.isSpecial()),
                else => false,
            };
            if (!by_address and !by_name) continue;
            if (by_name or resolver.policy.hasNames()) {
                resolver.names.pin(name, address, ttl, loops.seconds()) catch {};
            }
            found[kept] = address;
            kept += 1;
        }
        return kept;
    }

    fn askServer(resolver: *Resolver, lookup: *Lookup) void {
        const name = lookup.query.name.text();
        while (lookup.attempt < attempts_max) {
            const server = resolver.servers[lookup.attempt % resolver.server_count];
            lookup.attempt += 1;
            var errno: u16 = 0;
            const family: u16 = if (server.asV4() != null) addresses.AF_INET else addresses.AF_INET6;
            // A port that the kernel picks anew for each query, and a random id, are what a forged
            // answer would have to guess.
            const fd = sockets.open(family, sockets.SOCK_DGRAM, 0, &errno) orelse continue;
            var id: [2]u8 = .{ 0, 0 };
            _ = sys.call(.getrandom, .{ &id, id.len, @as(u32, 0) });
            lookup.id = std.mem.readInt(u16, &id, .little);
            var buffer: [300]u8 = undefined;
            const message = dns.buildQuery(&buffer, lookup.id, name, lookup.query.type);
            const MSG_NOSIGNAL: u32 = 0x4000;
            if (sockets.connectTo(fd, .{ .address = server, .port = port }, family) != 0 or
                sys.failed(sys.call(.sendto, .{ fd, message.ptr, message.len, MSG_NOSIGNAL, @as(usize, 0), @as(usize, 0) })))
            {
                sys.close(fd);
                continue;
            }
            lookup.since = loops.seconds();
            resolver.loop.add(&lookup.watcher, fd, loops.IN) catch {
                sys.close(fd);
                continue;
            };
            return;
        }
        resolver.end(lookup, dns.Code.server, &.{}, 0);
    }

    fn stopAsking(resolver: *Resolver, lookup: *Lookup) void {
        const fd = lookup.watcher.fd;
        if (fd < 0) return;
        resolver.loop.remove(&lookup.watcher);
        sys.close(fd);
    }

    fn onAnswer(watcher: *loops.Watcher, _: u32) void {
        const lookup: *Lookup = @fieldParentPtr("watcher", watcher);
        const resolver = lookup.owner;
        var buffer: [dns.message_max]u8 = undefined;
        const MSG_DONTWAIT: u32 = 0x40;
        const length = sys.call(.recvfrom, .{ watcher.fd, &buffer, buffer.len, MSG_DONTWAIT, @as(usize, 0), @as(usize, 0) });
        if (sys.errnoOf(length) == sockets.EAGAIN) return;
        if (sys.failed(length)) {
            // Nobody listens there.
            resolver.stopAsking(lookup);
            return resolver.askServer(lookup);
        }
        const name = lookup.query.name.text();
        const parsed = dns.parseResponse(buffer[0..length], lookup.id, name, lookup.query.type) catch return;
        var response = parsed orelse return;
        resolver.stopAsking(lookup);
        if (response.code != dns.Code.none and response.code != dns.Code.no_name) return resolver.askServer(lookup);
        const kept = resolver.keep(response.addresses[0..response.count], name, lookup.decision, response.ttl);
        if (kept < response.count) resolver.decisions.tell(.{
            .what = "lookup",
            .subject = .{ .name = name },
            .allowed = false,
            .reason = .rule,
            .rule = if (lookup.decision.rule) |rule| rule.label else "",
            .detail = "an answer led to an address that the policy does not grant",
        });
        resolver.end(lookup, response.code, response.addresses[0..kept], @min(response.ttl, 3600));
    }

    fn end(resolver: *Resolver, lookup: *Lookup, code: u8, found: []const Address, ttl: u32) void {
        const client = lookup.client;
        if (client == .tcp) client.tcp.lookups -= 1;
        if (client == .question) client.question.lookup = null;
        const query = lookup.query;
        var asked: [dns.answer_max]u8 = undefined;
        const length = @min(query.length, asked.len);
        @memcpy(asked[0..length], lookup.asked[0..length]);
        lookup.client = .{ .free = resolver.free };
        resolver.free = lookup;
        resolver.reply(asked[0..length], &query, client, code, found, ttl);
    }

    fn reply(resolver: *Resolver, message: []const u8, query: *const dns.Query, client: Client, code: u8, found: []const Address, ttl: u32) void {
        switch (client) {
            .question => |question| return question.answered(question, found),
            .nobody, .free => return,
            .udp, .tcp => {},
        }
        if (query.length > dns.answer_max) return;
        var out: [dns.answer_max]u8 = undefined;
        resolver.send(client, dns.buildAnswer(&out, message, query, code, found, ttl));
    }

    fn send(resolver: *Resolver, client: Client, message: []const u8) void {
        const MSG_DONTWAIT_NOSIGNAL: u32 = 0x40 | 0x4000;
        switch (client) {
            .udp => |udp| _ = sys.call(.sendto, .{ resolver.udp.fd, message.ptr, message.len, MSG_DONTWAIT_NOSIGNAL, &udp.address, udp.length }),
            .tcp => |tcp| {
                if (tcp.watcher.fd < 0) return;
                var framed: [2 + dns.answer_max]u8 = undefined;
                std.mem.writeInt(u16, framed[0..2], @intCast(message.len), .big);
                @memcpy(framed[2..][0..message.len], message);
                const sent = sys.call(.sendto, .{ tcp.watcher.fd, &framed, message.len + 2, MSG_DONTWAIT_NOSIGNAL, @as(usize, 0), @as(usize, 0) });
                if (sys.failed(sent) or sent != message.len + 2) resolver.closeTcp(tcp);
            },
            else => {},
        }
    }

    fn onTcp(watcher: *loops.Watcher, _: u32) void {
        const resolver: *Resolver = @fieldParentPtr("tcp", watcher);
        const fd = sockets.accept(watcher.fd) orelse return;
        for (resolver.clients) |*client| {
            if (client.in_use or client.lookups > 0) continue;
            client.in_use = true;
            client.length = 0;
            resolver.loop.add(&client.watcher, fd, loops.IN) catch {
                client.in_use = false;
                break;
            };
            return;
        }
        sys.close(fd);
    }

    fn onTcpClient(watcher: *loops.Watcher, _: u32) void {
        const client: *TcpClient = @fieldParentPtr("watcher", watcher);
        const resolver = client.owner;
        const MSG_DONTWAIT: u32 = 0x40;
        const rest = client.buffer[client.length..];
        const got = sys.call(.recvfrom, .{ watcher.fd, rest.ptr, rest.len, MSG_DONTWAIT, @as(usize, 0), @as(usize, 0) });
        if (sys.errnoOf(got) == sockets.EAGAIN) return;
        if (sys.failed(got) or got == 0) return resolver.closeTcp(client);
        client.length += got;
        while (client.length >= 2 and client.in_use) {
            const size: usize = std.mem.readInt(u16, client.buffer[0..2], .big);
            if (size > dns.answer_max) return resolver.closeTcp(client);
            if (client.length < 2 + size) return;
            var message: [dns.answer_max]u8 = undefined;
            @memcpy(message[0..size], client.buffer[2..][0..size]);
            std.mem.copyForwards(u8, client.buffer[0..], client.buffer[2 + size .. client.length]);
            client.length -= 2 + size;
            const query = dns.parseQuery(message[0..size]) catch {
                resolver.refuse(message[0..size], .{ .tcp = client });
                continue;
            };
            resolver.begin(message[0..size], &query, .{ .tcp = client });
        }
    }

    fn closeTcp(resolver: *Resolver, client: *TcpClient) void {
        const fd = client.watcher.fd;
        if (fd < 0) return;
        resolver.loop.remove(&client.watcher);
        sys.close(fd);
        client.in_use = false;
    }

    fn onTick(ticker: *loops.Ticker, now: u64) void {
        const resolver: *Resolver = @fieldParentPtr("ticker", ticker);
        resolver.budget = @min(burst, resolver.budget + rate);
        if (now / 60 != resolver.wildcard_minute) {
            resolver.wildcard_minute = now / 60;
            resolver.wildcard_budget = wildcard_names_per_minute;
        }
        for (resolver.lookups[0..resolver.lookups_used]) |*lookup| {
            if (lookup.client == .free or now < lookup.since + patience_seconds) continue;
            resolver.stopAsking(lookup);
            resolver.askServer(lookup);
        }
        if (resolver.refreshed == 0 or now >= resolver.refreshed + refresh_seconds) {
            resolver.refreshed = now;
            resolver.lookUpDenied();
        }
    }

    /// Exact names that are denied while others are not: where they are is found out, so that their
    /// addresses are denied too, also to a program that brings the address along.
    fn lookUpDenied(resolver: *Resolver) void {
        for (resolver.policy.rules) |*rule| {
            const wanted = switch (rule.peer) {
                .name => |wanted| wanted,
                .block => continue,
            };
            if (!rule.deny or wanted.subdomains) continue;
            for ([_]u16{ dns.Type.a, dns.Type.aaaa }) |kind| {
                var buffer: [300]u8 = undefined;
                const message = dns.buildQuery(&buffer, 0, wanted.text, kind);
                const query = dns.parseQuery(message) catch continue;
                resolver.begin(message, &query, .nobody);
            }
        }
    }

    fn tell(resolver: *Resolver, name: []const u8, decision: policies.Decision) void {
        resolver.decisions.tell(.{
            .what = "lookup",
            .protocol = .udp,
            .subject = .{ .name = name },
            .allowed = decision.verdict != .deny,
            .reason = decision.reason,
            .rule = if (decision.rule) |rule| rule.label else "",
        });
    }

    fn allocate(resolver: *Resolver) ?*Lookup {
        if (resolver.free) |lookup| {
            resolver.free = lookup.client.free;
            return lookup;
        }
        if (resolver.lookups_used == resolver.lookups.len) return null;
        resolver.lookups_used += 1;
        return &resolver.lookups[resolver.lookups_used - 1];
    }
};

fn isLocalhost(name: []const u8) bool {
    return std.mem.eql(u8, name, "localhost") or std.mem.endsWith(u8, name, ".localhost");
}

/// An address in text, as the host's files have it; a scope is not kept.
fn parseAddress(text: []const u8) ?Address {
    const authority = @import("authority.zig");
    const plain = text[0 .. std.mem.indexOfScalar(u8, text, '%') orelse text.len];
    if (authority.parseV4(plain)) |bytes| return .v4(bytes);
    if (authority.parseV6(plain)) |bytes| return .v6(bytes);
    return null;
}
