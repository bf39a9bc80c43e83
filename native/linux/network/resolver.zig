//! The stub that the sandbox asks for names, on its loopback: it looks them up as the host does
//! (hosts(5), the servers of resolv.conf(5)), only those that the policy permits, and records which
//! address each gave (names.zig). Answers are written anew: of a name that is granted, addresses
//! alone; where everything is allowed, records of types that are understood.
//!
//! A query tells whoever serves the zone what is in it, so a name that nothing grants is not asked
//! for at all; below a wildcard the number and the length of new names are bounded.
//!
//! What is refused does not exist (NXDOMAIN): every library takes that as final. REFUSED makes glibc,
//! c-ares and Go ask the next server, or the same again, and report a failure that may pass; musl
//! takes it for a broken server.

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const connections_ = @import("connections.zig");
const decisions_ = @import("decisions.zig");
const dns = @import("dns.zig");
const hosts = @import("hosts.zig");
const loops = @import("loop.zig");
const servers = @import("name_servers.zig");
const names_ = @import("names.zig");
const notify = @import("notify.zig");
const policies = @import("policy.zig");
const sockets = @import("sockets.zig");
const wildcards_ = @import("wildcards.zig");
const Address = addresses.Address;
const Endpoint = addresses.Endpoint;
const Lookup = servers.Lookup;

/// Look-ups under way at one time for the workload; more queries are dropped, and asked again by
/// their clients. Those of denied names have places of their own, so that no flood holds them up.
const lookups_max = 256;
const denied_lookups_max = 16;
/// Seconds for one try at a server, at most: clients wait five, so the next one is asked before.
const patience_max = 2;
/// Queries of a burst, and per second after it.
pub const burst = 400;
pub const rate = 200;
const tcp_clients_max = 64;
/// Seconds after which a client that says nothing makes room.
const tcp_client_idle = 30;
/// Seconds between look-ups of names that are denied, so that their addresses are known; after one
/// that failed; and how long an address counts that a look-up gave: longer than two failures.
const refresh_seconds = 300;
const refresh_failed_seconds = 30;
const denied_seconds = 3 * refresh_seconds;
/// Seconds for which an answer out of the host's files, or of no server's, is good.
const local_ttl = 60;
/// Of hosts(5) no more is read; lists against advertisements are about as long.
const hosts_size = 1024 * 1024;

const MSG_DONTWAIT: u32 = 0x40;
const MSG_NOSIGNAL: u32 = 0x4000;

pub const Client = union(enum) {
    free: ?*Lookup,
    udp: struct { address: [28]u8, length: u32 },
    tcp: *TcpClient,
    question: *Question,
    /// A rule's, only for the record.
    denied,
    /// It has gone.
    nobody,
};

/// A look-up for the broker itself. One call of `answered`, perhaps before `ask` returns.
pub const Question = struct {
    answered: *const fn (question: *Question, found: []const Address) void,
    lookup: ?*Lookup = null,
};

const TcpClient = struct {
    watcher: loops.Watcher = .{ .callback = Resolver.onTcpClient },
    owner: *Resolver,
    buffer: [2 + dns.udp_plain]u8 = undefined,
    length: usize = 0,
    /// Of its look-ups under way.
    lookups: usize = 0,
    since: u64 = 0,
    in_use: bool = false,
};

const Server = struct {
    address: Address,
    /// Of a link-local address; 0 otherwise.
    scope: u32,
};

pub const Resolver = struct {
    loop: *loops.Loop,
    policy: *const policies.Policy,
    names: *names_.Names,
    decisions: *decisions_.Decisions,
    host: *const connections_.HostAddresses,
    /// hosts(5); null: `hosts_text` is all there is.
    hosts_path: ?[:0]const u8 = "/etc/hosts",
    hosts_text: []const u8 = "",
    hosts_buffer: []u8 = &.{},
    hosts_read: u64 = 0,
    /// Of the servers.
    port: u16 = 53,
    udp: loops.Watcher = .{ .callback = onQuery },
    tcp: loops.Watcher = .{ .callback = onTcp },
    ticker: loops.Ticker = .{ .callback = onTick },
    servers: [hosts.servers_max]Server = undefined,
    server_count: usize = 0,
    /// The one that answers, as far as is known.
    preferred: usize = 0,
    rotates: bool = false,
    patience: u64 = patience_max,
    attempts_max: usize = 0,
    /// A server of the host's is a destination that the rules allow: any name may be asked for.
    asks_anything: bool = false,
    has_names: bool = false,
    lookups: []Lookup = &.{},
    lookups_used: usize = 0,
    /// Under way for the workload, and for denied names.
    running: usize = 0,
    denied_running: usize = 0,
    free: ?*Lookup = null,
    clients: []TcpClient = &.{},
    budget: u32 = burst,
    /// For hashes that nobody outside can foresee.
    seed: u64 = 0,
    wildcards: wildcards_.Wildcards = .{},
    told: [1024]u64 = @splat(0),
    /// The next name of the refresh under way: rule times two, plus one for IPv6.
    denied_next: usize = std.math.maxInt(usize),
    denied_failed: bool = false,
    refresh_at: u64 = 0,

    /// Before anything is asked. The host's files are read here and, for hosts(5), again later.
    pub fn start(resolver: *Resolver) error{OutOfMemory}!void {
        var content: [16 * 1024]u8 = undefined;
        return resolver.startWith(notify.readSmall("/etc/resolv.conf", &content) orelse "");
    }

    /// `settings_text`: of resolv.conf(5).
    pub fn startWith(resolver: *Resolver, settings_text: []const u8) error{OutOfMemory}!void {
        const memory = std.heap.page_allocator;
        resolver.lookups = try memory.alloc(Lookup, lookups_max + denied_lookups_max);
        resolver.clients = try memory.alloc(TcpClient, tcp_clients_max);
        for (resolver.clients) |*client| client.* = .{ .owner = resolver };
        resolver.wildcards.counts = try memory.alloc(u8, resolver.policy.rules.len);
        @memset(resolver.wildcards.counts, 0);
        if (resolver.hosts_path != null) resolver.hosts_buffer = try memory.alloc(u8, hosts_size);
        var seed: [8]u8 = @splat(0);
        random(&seed);
        resolver.seed = std.mem.readInt(u64, &seed, .little);
        resolver.has_names = resolver.policy.hasNames();
        resolver.use(&hosts.parseSettings(settings_text));
        resolver.loop.tick(&resolver.ticker);
    }

    fn use(resolver: *Resolver, settings: *const hosts.Settings) void {
        for (settings.servers[0..settings.servers_count]) |*server| {
            resolver.servers[resolver.server_count] = .{ .address = server.address, .scope = scopeOf(server.scope) };
            resolver.server_count += 1;
            if (resolver.mayAskItself(server.address)) resolver.asks_anything = true;
        }
        resolver.rotates = settings.rotates;
        resolver.patience = @min(settings.timeout, patience_max);
        resolver.attempts_max = resolver.server_count * settings.attempts;
    }

    /// Could the workload ask this server, or any other, if it were not for us? What is on the host's
    /// own addresses it cannot reach under a rule for an address; who may send datagrams anywhere
    /// needs no server of the host's to have any name looked up.
    fn mayAskItself(resolver: *const Resolver, server: Address) bool {
        const on_host = resolver.host.contains(server);
        if (resolver.policy.decide(.udp, server, resolver.port, &.{}, on_host).verdict == .allow) return true;
        const decision = resolver.policy.decide(.udp, server, resolver.port, &.{}, false);
        if (decision.verdict != .allow) return false;
        const rule = decision.rule orelse return true;
        const all_v4 = 96;
        return rule.peer.block.bits <= all_v4;
    }

    pub fn serveUdp(resolver: *Resolver, fd: sys.fd_t) error{Syscall}!void {
        try resolver.loop.add(&resolver.udp, fd, loops.IN);
    }

    pub fn serveTcp(resolver: *Resolver, fd: sys.fd_t) error{Syscall}!void {
        try resolver.loop.add(&resolver.tcp, fd, loops.IN);
    }

    /// Looks `name` up for the broker, as the policy decides it for the workload.
    pub fn ask(resolver: *Resolver, name: []const u8, kind: u16, question: *Question) void {
        question.lookup = null;
        var buffer: [dns.query_max]u8 = undefined;
        const message = dns.buildQuery(&buffer, 0, name, kind, .plain) catch return question.answered(question, &.{});
        const query = dns.parseQuery(message) catch return question.answered(question, &.{});
        resolver.begin(message, &query, .{ .question = question });
    }

    pub fn cancel(_: *Resolver, question: *Question) void {
        if (question.lookup) |lookup| lookup.client = .nobody;
        question.lookup = null;
    }

    /// Exact names that are denied while others are not: where they are is found out, so that their
    /// addresses are denied too, also to a program that brings the address along. At the start and
    /// every `refresh_seconds` it is called from here.
    pub fn refreshDenied(resolver: *Resolver) void {
        resolver.denied_next = 0;
        resolver.denied_failed = false;
        resolver.continueDenied();
    }

    fn onQuery(watcher: *loops.Watcher, _: u32) void {
        const resolver: *Resolver = @fieldParentPtr("udp", watcher);
        for (0..32) |_| {
            var buffer: [dns.udp_plain]u8 = undefined;
            var client: Client = .{ .udp = .{ .address = undefined, .length = 28 } };
            const length = sys.call(.recvfrom, .{ watcher.fd, &buffer, buffer.len, MSG_DONTWAIT, &client.udp.address, &client.udp.length });
            if (sys.failed(length)) return;
            if (client.udp.length > 28) continue;
            resolver.take(buffer[0..length], client);
        }
    }

    fn take(resolver: *Resolver, message: []const u8, client: Client) void {
        if (resolver.budget == 0) return;
        resolver.budget -= 1;
        const query = dns.parseQuery(message) catch |problem| {
            var out: [dns.header_size]u8 = undefined;
            const code = switch (problem) {
                error.Response => return,
                error.Malformed => dns.Code.format,
                error.Unsupported => dns.Code.not_implemented,
            };
            return resolver.send(client, dns.buildError(&out, message, code));
        };
        resolver.begin(message, &query, client);
    }

    fn begin(resolver: *Resolver, message: []const u8, query: *const dns.Query, client: Client) void {
        if (!query.name.is_host) return resolver.reply(message, query, client, dns.Code.no_name, &.{}, 0);
        const name = query.name.text();
        if (isLocalhost(name)) return resolver.reply(message, query, client, dns.Code.none, &loopback, local_ttl);
        if (hosts.reverseAddress(name)) |address| return resolver.beginReverse(message, query, client, address);
        var decision = resolver.policy.decideName(name);
        if (decision.verdict == .deny) {
            const by_default: policies.Decision = .{ .verdict = .allow, .reason = .default };
            if (decision.reason != .default) return resolver.refuse(message, query, client, decision, "");
            // Nothing grants the name; its addresses may be granted.
            if (resolver.fromHosts(message, query, client, by_default)) return;
            if (!resolver.asks_anything) return resolver.refuse(message, query, client, decision, "");
            decision = by_default;
        }
        if (resolver.wildcards.objection(resolver, name, decision)) |objection| {
            decision.verdict = .deny;
            return resolver.refuse(message, query, client, decision, objection);
        }
        if (isOfAddresses(query.type) and resolver.fromHosts(message, query, client, decision)) return;
        resolver.tell(name, decision, "");
        if (!resolver.passes(query.type, decision)) return resolver.reply(message, query, client, dns.Code.none, &.{}, 0);
        resolver.lookUp(message, query, client, decision);
    }

    /// Records besides addresses could carry anything, keys that hide a server's name among it.
    fn passes(resolver: *const Resolver, kind: u16, decision: policies.Decision) bool {
        if (isOfAddresses(kind)) return true;
        if (decision.verdict != .allow) return false;
        if (kind == dns.Type.svcb or kind == dns.Type.https) return !resolver.has_names;
        return dns.canCopy(kind);
    }

    /// Whose address it is: what the host's files say of one that may be reached, or what the workload
    /// has been told already; servers are asked where they are for anything.
    fn beginReverse(resolver: *Resolver, message: []const u8, query: *const dns.Query, client: Client, address: Address) void {
        if (query.type == dns.Type.ptr) {
            if (address.isLoopback()) return resolver.point(message, query, client, "localhost");
            if (hosts.nameOf(resolver.hostsText(), address)) |name| {
                if (resolver.policy.mayReach(address, resolver.host.contains(address))) return resolver.point(message, query, client, name);
            }
            if (resolver.names.nameOf(address, loops.seconds())) |name| return resolver.point(message, query, client, name);
        }
        if (!resolver.policy.default_allow and !resolver.asks_anything) return resolver.reply(message, query, client, dns.Code.no_name, &.{}, 0);
        const decision: policies.Decision = .{ .verdict = .allow, .reason = .default };
        if (!resolver.passes(query.type, decision)) return resolver.reply(message, query, client, dns.Code.none, &.{}, 0);
        resolver.lookUp(message, query, client, decision);
    }

    fn refuse(resolver: *Resolver, message: []const u8, query: *const dns.Query, client: Client, decision: policies.Decision, detail: []const u8) void {
        resolver.tell(query.name.text(), decision, detail);
        resolver.reply(message, query, client, dns.Code.no_name, &.{}, 0);
    }

    /// hosts(5). True: it answered.
    fn fromHosts(resolver: *Resolver, message: []const u8, query: *const dns.Query, client: Client, decision: policies.Decision) bool {
        var buffer: [dns.addresses_max]Address = undefined;
        const name = query.name.text();
        const found = hosts.addressesOf(resolver.hostsText(), name, &buffer);
        if (found.len == 0) return false;
        const kept = resolver.keep(found, name, decision, local_ttl);
        // Of a name that nothing grants, not even that it exists is said.
        if (kept == 0 and decision.reason == .default) return false;
        if (kept < found.len) resolver.tellDropped(name, decision);
        resolver.tell(name, decision, "");
        resolver.reply(message, query, client, dns.Code.none, found[0..kept], local_ttl);
        return true;
    }

    /// Read anew at most once a second.
    fn hostsText(resolver: *Resolver) []const u8 {
        const path = resolver.hosts_path orelse return resolver.hosts_text;
        const now = loops.seconds();
        if (now != resolver.hosts_read) {
            resolver.hosts_read = now;
            resolver.hosts_text = notify.readSmall(path, resolver.hosts_buffer) orelse "";
        }
        return resolver.hosts_text;
    }

    /// Drops the addresses that the decision does not cover, and records the others; how many are
    /// left, at the front.
    fn keep(resolver: *Resolver, found: []Address, name: []const u8, decision: policies.Decision, ttl: u32) usize {
        const is_watched = resolver.isDeniedInPart(name);
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
            // Reached by a rule for the address alone, it must stay that: a record would grant it by
            // the name's rule too, with its ports.
            const is_by_address_only = decision.verdict == .allow_by_name and !by_name;
            if (is_watched) {
                if (is_by_address_only) continue;
                // What cannot be recorded cannot be denied later.
                resolver.names.pinAs(.watched, name, address, std.math.clamp(ttl, names_.ttl_min, names_.ttl_max), loops.seconds()) catch continue;
            } else if (resolver.has_names and !is_by_address_only) {
                resolver.names.pin(name, address, ttl, loops.seconds()) catch if (!by_address) continue;
            }
            found[kept] = address;
            kept += 1;
        }
        return kept;
    }

    fn isDeniedInPart(resolver: *const Resolver, name: []const u8) bool {
        if (!resolver.has_names) return false;
        for (resolver.policy.rules) |*rule| if (rule.deny and rule.matchesName(name)) return true;
        return false;
    }

    fn lookUp(resolver: *Resolver, message: []const u8, query: *const dns.Query, client: Client, decision: policies.Decision) void {
        if (resolver.running == lookups_max) {
            // A client would ask again; the broker itself does not.
            if (client == .question) client.question.answered(client.question, &.{});
            return;
        }
        resolver.running += 1;
        resolver.startLookup(message, query, client, decision);
    }

    /// There is a place for it.
    fn startLookup(resolver: *Resolver, message: []const u8, query: *const dns.Query, client: Client, decision: policies.Decision) void {
        const lookup = resolver.allocate();
        if (resolver.rotates) resolver.preferred = (resolver.preferred + 1) % resolver.server_count;
        lookup.* = .{ .owner = resolver, .client = client, .query = query.*, .decision = decision, .first_server = resolver.preferred };
        @memcpy(lookup.asked[0..query.length], message[0..query.length]);
        switch (client) {
            .question => |question| question.lookup = lookup,
            .tcp => |tcp| tcp.lookups += 1,
            else => {},
        }
        servers.askServer(resolver, lookup);
    }

    pub fn answer(resolver: *Resolver, lookup: *Lookup, given: dns.Response) void {
        var response = given;
        servers.stopAsking(resolver, lookup);
        const name = lookup.query.name.text();
        const found = response.addresses[0..response.count];
        if (lookup.client == .denied) {
            resolver.pinDenied(name, found, response.ttl);
            return resolver.end(lookup, response.code, &.{}, 0);
        }
        const kept = resolver.keep(found, name, lookup.decision, response.ttl);
        if (kept < found.len) resolver.tellDropped(name, lookup.decision);
        resolver.end(lookup, response.code, response.addresses[0..kept], @min(response.ttl, names_.ttl_max));
    }

    /// What a server says of a name that is asked for as everything is: in types that are understood.
    pub fn copy(resolver: *Resolver, lookup: *Lookup, message: []const u8, response: *const dns.Response) void {
        var out: [dns.tcp_max]u8 = undefined;
        const limit: usize = if (lookup.client == .tcp) out.len else lookup.query.answer_max;
        const written = dns.buildCopy(&out, lookup.asked[0..lookup.query.length], &lookup.query, message, response, names_.ttl_max, limit) catch return servers.askNext(resolver, lookup);
        servers.stopAsking(resolver, lookup);
        const client = lookup.client;
        resolver.release(lookup);
        resolver.send(client, written);
    }

    pub fn end(resolver: *Resolver, lookup: *Lookup, code: u8, found: []const Address, ttl: u32) void {
        const client = lookup.client;
        const query = lookup.query;
        var asked: [dns.question_max]u8 = undefined;
        @memcpy(asked[0..query.length], lookup.asked[0..query.length]);
        if (client == .denied and code == dns.Code.server) {
            resolver.denied_failed = true;
            // Where it was is the best that is known.
            resolver.names.prolong(query.name.text(), denied_seconds, loops.seconds());
        }
        resolver.release(lookup);
        resolver.reply(&asked, &query, client, code, found, ttl);
    }

    fn release(resolver: *Resolver, lookup: *Lookup) void {
        switch (lookup.client) {
            .tcp => |tcp| tcp.lookups -= 1,
            .question => |question| question.lookup = null,
            else => {},
        }
        const count = if (lookup.client == .denied) &resolver.denied_running else &resolver.running;
        count.* -= 1;
        lookup.client = .{ .free = resolver.free };
        resolver.free = lookup;
    }

    fn limitOf(client: Client, query: *const dns.Query) usize {
        return if (client == .tcp) dns.tcp_max else query.answer_max;
    }

    fn reply(resolver: *Resolver, message: []const u8, query: *const dns.Query, client: Client, code: u8, found: []const Address, ttl: u32) void {
        if (client == .question) return client.question.answered(client.question, found);
        var out: [dns.tcp_max]u8 = undefined;
        resolver.send(client, dns.buildAnswer(&out, message, query, code, found, ttl, limitOf(client, query)));
    }

    fn point(resolver: *Resolver, message: []const u8, query: *const dns.Query, client: Client, name: []const u8) void {
        var out: [dns.tcp_max]u8 = undefined;
        resolver.send(client, dns.buildPointer(&out, message, query, name, local_ttl, limitOf(client, query)));
    }

    fn send(resolver: *Resolver, client: Client, message: []const u8) void {
        switch (client) {
            .udp => |udp| _ = sys.call(.sendto, .{ resolver.udp.fd, message.ptr, message.len, MSG_DONTWAIT | MSG_NOSIGNAL, &udp.address, udp.length }),
            .tcp => |tcp| {
                if (tcp.watcher.fd < 0) return;
                var framed: [2 + dns.tcp_max]u8 = undefined;
                std.mem.writeInt(u16, framed[0..2], @intCast(message.len), .big);
                @memcpy(framed[2..][0..message.len], message);
                const sent = sys.call(.sendto, .{ tcp.watcher.fd, &framed, message.len + 2, MSG_DONTWAIT | MSG_NOSIGNAL, @as(usize, 0), @as(usize, 0) });
                // Who does not read what it asked for is not waited for.
                if (sys.failed(sent) or sent != message.len + 2) resolver.closeTcp(tcp);
            },
            else => {},
        }
    }

    fn onTcp(watcher: *loops.Watcher, _: u32) void {
        const resolver: *Resolver = @fieldParentPtr("tcp", watcher);
        resolver.serveClient(sockets.accept(watcher.fd) orelse return);
    }

    /// Takes `fd`, a connection of the workload's.
    pub fn serveClient(resolver: *Resolver, fd: sys.fd_t) void {
        for (resolver.clients) |*client| {
            if (client.in_use or client.lookups > 0) continue;
            client.length = 0;
            client.since = loops.seconds();
            resolver.loop.add(&client.watcher, fd, loops.IN) catch {
                client.watcher.fd = -1;
                break;
            };
            client.in_use = true;
            return;
        }
        sys.close(fd);
    }

    fn onTcpClient(watcher: *loops.Watcher, _: u32) void {
        const client: *TcpClient = @fieldParentPtr("watcher", watcher);
        const resolver = client.owner;
        const rest = client.buffer[client.length..];
        const got = sys.call(.recvfrom, .{ watcher.fd, rest.ptr, rest.len, MSG_DONTWAIT, @as(usize, 0), @as(usize, 0) });
        if (sys.errnoOf(got) == sockets.EAGAIN) return;
        if (sys.failed(got) or got == 0) return resolver.closeTcp(client);
        client.length += got;
        client.since = loops.seconds();
        while (client.length >= 2 and client.in_use) {
            const size: usize = std.mem.readInt(u16, client.buffer[0..2], .big);
            if (size > dns.udp_plain) return resolver.closeTcp(client);
            if (client.length < 2 + size) return;
            var message: [dns.udp_plain]u8 = undefined;
            @memcpy(message[0..size], client.buffer[2..][0..size]);
            std.mem.copyForwards(u8, client.buffer[0..], client.buffer[2 + size .. client.length]);
            client.length -= 2 + size;
            resolver.take(message[0..size], .{ .tcp = client });
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
        for (resolver.lookups[0..resolver.lookups_used]) |*lookup| {
            // More than the patience, never less: clocks of seconds differ by one.
            if (lookup.client == .free or now <= lookup.since + resolver.patience) continue;
            const silent = servers.serverOf(resolver, lookup);
            if (silent == resolver.preferred) resolver.preferred = (silent + 1) % resolver.server_count;
            servers.askNext(resolver, lookup);
        }
        for (resolver.clients) |*client| {
            if (client.in_use and client.lookups == 0 and now > client.since + tcp_client_idle) resolver.closeTcp(client);
        }
        if (now >= resolver.refresh_at) {
            resolver.refresh_at = now + refresh_seconds;
            resolver.refreshDenied();
        }
        resolver.continueDenied();
    }

    pub fn continueDenied(resolver: *Resolver) void {
        const rules = resolver.policy.rules;
        while (resolver.denied_next < rules.len * 2 and resolver.denied_running < denied_lookups_max) {
            const rule = &rules[resolver.denied_next / 2];
            const kind = if (resolver.denied_next % 2 == 0) dns.Type.a else dns.Type.aaaa;
            resolver.denied_next += 1;
            if (rule.deny and rule.peer == .name and !rule.peer.name.subdomains) resolver.lookUpDenied(rule, kind);
        }
        if (resolver.denied_failed and resolver.denied_running == 0) {
            resolver.denied_failed = false;
            resolver.refresh_at = @min(resolver.refresh_at, loops.seconds() + refresh_failed_seconds);
        }
    }

    fn lookUpDenied(resolver: *Resolver, rule: *const policies.Rule, kind: u16) void {
        const name = rule.peer.name.text;
        var buffer: [dns.query_max]u8 = undefined;
        const message = dns.buildQuery(&buffer, 0, name, kind, .plain) catch return;
        const query = dns.parseQuery(message) catch return;
        if (!query.name.is_host) return;
        var found: [dns.addresses_max]Address = undefined;
        resolver.pinDenied(name, hosts.addressesOf(resolver.hostsText(), name, &found), denied_seconds);
        resolver.denied_running += 1;
        resolver.startLookup(message, &query, .denied, .{ .verdict = .allow, .reason = .rule, .rule = rule });
    }

    /// Only addresses that a rule for addresses, or the default, would let through: those that are
    /// reached by another name are told apart by what a connection says (head.zig).
    fn pinDenied(resolver: *Resolver, name: []const u8, found: []const Address, ttl: u32) void {
        for (found) |address| {
            if (!resolver.policy.mayReach(address, resolver.host.contains(address))) continue;
            resolver.names.pinAs(.denied, name, address, std.math.clamp(ttl, denied_seconds, names_.ttl_max), loops.seconds()) catch
                resolver.decisions.tell(.{
                    .what = "lookup",
                    .subject = .{ .name = name },
                    .allowed = false,
                    .reason = .rule,
                    .detail = "too many denied addresses: not all of them are known",
                });
        }
    }

    /// Each name and verdict once, as far as memory goes.
    fn tell(resolver: *Resolver, name: []const u8, decision: policies.Decision, detail: []const u8) void {
        const hash = resolver.hashOf(name) ^ (@as(u64, @backingInt(decision.verdict)) + 1);
        const place = &resolver.told[hash >> 8 & (resolver.told.len - 1)];
        if (place.* == hash) return;
        place.* = hash;
        resolver.decisions.tell(.{
            .what = "lookup",
            .protocol = .udp,
            .subject = .{ .name = name },
            .allowed = decision.verdict != .deny,
            .reason = decision.reason,
            .rule = if (decision.rule) |rule| rule.label else "",
            .detail = detail,
        });
    }

    fn tellDropped(resolver: *Resolver, name: []const u8, decision: policies.Decision) void {
        resolver.decisions.tell(.{
            .what = "lookup",
            .protocol = .udp,
            .subject = .{ .name = name },
            .allowed = false,
            .reason = .rule,
            .rule = if (decision.rule) |rule| rule.label else "",
            .detail = "an answer led to an address that the policy does not grant",
        });
    }

    pub fn hashOf(resolver: *const Resolver, name: []const u8) u64 {
        return std.hash.Wyhash.hash(resolver.seed, name);
    }

    /// `running` and `denied_running` leave one.
    fn allocate(resolver: *Resolver) *Lookup {
        if (resolver.free) |lookup| {
            resolver.free = lookup.client.free;
            return lookup;
        }
        defer resolver.lookups_used += 1;
        return &resolver.lookups[resolver.lookups_used];
    }
};

const loopback = [_]Address{ .v4(.{ 127, 0, 0, 1 }), .v6(.{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }) };

fn isLocalhost(name: []const u8) bool {
    return std.mem.eql(u8, name, "localhost") or std.mem.endsWith(u8, name, ".localhost");
}

pub fn isOfAddresses(kind: u16) bool {
    return kind == dns.Type.a or kind == dns.Type.aaaa;
}

pub fn random(out: []u8) void {
    _ = sys.call(.getrandom, .{ out.ptr, out.len, @as(u32, 0) });
}

/// The number of an interface, given by name or number; 0 where there is none.
fn scopeOf(text: []const u8) u32 {
    if (text.len == 0) return 0;
    if (std.fmt.parseInt(u32, text, 10)) |number| return number else |_| {}
    // struct ifreq (netdevice(7)).
    const Request = extern struct { name: [16]u8 = @splat(0), index: u32 = 0, rest: [20]u8 = @splat(0) };
    const SIOCGIFINDEX: u32 = 0x8933;
    var request: Request = .{};
    if (text.len >= request.name.len) return 0;
    @memcpy(request.name[0..text.len], text);
    var errno: u16 = 0;
    const fd = sockets.open(addresses.AF_INET, sockets.SOCK_DGRAM, 0, &errno) orelse return 0;
    defer sys.close(fd);
    return if (sys.failed(sys.call(.ioctl, .{ fd, SIOCGIFINDEX, &request }))) 0 else request.index;
}
