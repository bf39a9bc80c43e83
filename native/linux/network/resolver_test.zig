//! The resolver with clients and name servers on the loopback, in one loop.

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const connections_ = @import("connections.zig");
const decisions_ = @import("decisions.zig");
const dns = @import("dns.zig");
const loops = @import("loop.zig");
const names_ = @import("names.zig");
const policies = @import("policy.zig");
const wildcards = @import("wildcards.zig");
const resolver_ = @import("resolver.zig");
const sockets = @import("sockets.zig");
const Address = addresses.Address;
const Code = dns.Code;
const Rule = policies.Rule;
const Type = dns.Type;
const testing = std.testing;

const public: Address = .v4(.{ 9, 9, 9, 10 });
const other_public: Address = .v4(.{ 9, 9, 9, 11 });
const private: Address = .v4(.{ 10, 9, 0, 10 });
const one_v4: Address = .v4(.{ 127, 0, 0, 1 });
const two_v4: Address = .v4(.{ 127, 0, 0, 2 });

/// What a server does with a query, besides the right thing.
const Habit = enum { none, truncates, forges_first, silent, refuses, knows_no_options, talks_nonsense };

const Entry = struct { name: []const u8, type: u16 = Type.a, addresses: []const Address = &.{}, records: []const u8 = "", count: u16 = 0, habit: Habit = .none };

const zone = [_]Entry{
    .{ .name = "api.test", .addresses = &.{public} },
    .{ .name = "denied.test", .addresses = &.{other_public} },
    .{ .name = "rebind.test", .addresses = &.{ one_v4, private, public, .v4(.{ 169, 254, 169, 254 }) } },
    .{ .name = "alias.test", .records = "\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x07\x04edge\xc0\x12" ++ "\xc0\x28\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x09\x09\x09\x0a", .count = 2 },
    .{ .name = "large.test", .addresses = &@as([dns.addresses_max]Address, @splat(public)), .habit = .truncates },
    .{ .name = "forged.test", .addresses = &.{public}, .habit = .forges_first },
    .{ .name = "silent.test", .habit = .silent },
    .{ .name = "refused.test", .addresses = &.{public}, .habit = .refuses },
    .{ .name = "old.test", .addresses = &.{public}, .habit = .knows_no_options },
    .{ .name = "nonsense.test", .addresses = &.{public}, .habit = .talks_nonsense },
    .{ .name = "api.test", .type = Type.txt, .records = "\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x3c\x00\x06\x05hello", .count = 1 },
    .{ .name = "api.test", .type = Type.https, .records = "\xc0\x0c\x00\x41\x00\x01\x00\x00\x00\x3c\x00\x03\x00\x01\x00", .count = 1 },
    .{ .name = "api.test", .type = 13, .records = "\xc0\x0c\x00\x0d\x00\x01\x00\x00\x00\x3c\x00\x02\x01x", .count = 1 },
};

const Server = struct {
    udp: loops.Watcher = .{ .callback = onUdp },
    tcp: loops.Watcher = .{ .callback = onTcp },
    connection: loops.Watcher = .{ .callback = onConnection },
    run: *TestRun,
    /// Only the first has habits.
    is_second: bool,

    fn onUdp(watcher: *loops.Watcher, _: u32) void {
        const server: *Server = @fieldParentPtr("udp", watcher);
        var buffer: [512]u8 = undefined;
        var client: [28]u8 = undefined;
        var client_length: u32 = client.len;
        const length = sys.call(.recvfrom, .{ watcher.fd, &buffer, buffer.len, @as(u32, 0), &client, &client_length });
        if (sys.failed(length)) return;
        server.run.asked += 1;
        var out: [dns.tcp_max]u8 = undefined;
        const query = dns.parseQuery(buffer[0..length]) catch return;
        const entry = find(&query);
        const habit = if (server.is_second or entry == null) .none else entry.?.habit;
        switch (habit) {
            .silent => return,
            .forges_first => {
                const forged = write(&out, buffer[0..length], &query, &.{ .name = "", .addresses = &.{private} });
                out[0] ^= 1;
                _ = sys.call(.sendto, .{ watcher.fd, forged.ptr, forged.len, @as(u32, 0), &client, client_length });
            },
            else => {},
        }
        var message = write(&out, buffer[0..length], &query, entry);
        switch (habit) {
            .truncates => {
                message = dns.buildAnswer(&out, buffer[0..length], &query, Code.none, &.{}, 0, dns.udp_max);
                out[2] |= 2;
            },
            .refuses => out[3] = 0x85,
            .knows_no_options => if (query.has_options) {
                out[3] = 0x81;
            },
            // A record that goes on where the message does not.
            .talks_nonsense => message = message[0 .. message.len - 15],
            else => {},
        }
        _ = sys.call(.sendto, .{ watcher.fd, message.ptr, message.len, @as(u32, 0), &client, client_length });
    }

    fn onTcp(watcher: *loops.Watcher, _: u32) void {
        const server: *Server = @fieldParentPtr("tcp", watcher);
        const fd = sockets.accept(watcher.fd) orelse return;
        server.run.loop.add(&server.connection, fd, loops.IN) catch sys.close(fd);
    }

    fn onConnection(watcher: *loops.Watcher, _: u32) void {
        const server: *Server = @fieldParentPtr("connection", watcher);
        const fd = watcher.fd;
        defer sys.close(fd);
        defer server.run.loop.remove(watcher);
        var buffer: [514]u8 = undefined;
        const length = sys.call(.recvfrom, .{ fd, &buffer, buffer.len, @as(u32, 0), @as(usize, 0), @as(usize, 0) });
        if (sys.failed(length) or length < 2) return;
        const query = dns.parseQuery(buffer[2..length]) catch return;
        var out: [2 + dns.tcp_max]u8 = undefined;
        const message = write(out[2..], buffer[2..length], &query, find(&query));
        std.mem.writeInt(u16, out[0..2], @intCast(message.len), .big);
        // In parts, as connections do.
        for ([_][]const u8{ out[0..1], out[1..20], out[20 .. 2 + message.len] }) |part| {
            _ = sys.call(.sendto, .{ fd, part.ptr, part.len, @as(u32, 0x4000), @as(usize, 0), @as(usize, 0) });
        }
    }

    fn find(query: *const dns.Query) ?*const Entry {
        for (&zone) |*entry| {
            if (entry.type == query.type and std.mem.eql(u8, entry.name, query.name.text())) return entry;
        }
        return null;
    }

    fn write(out: []u8, asked: []const u8, query: *const dns.Query, entry: ?*const Entry) []const u8 {
        const found = entry orelse {
            const exists = for (&zone) |*one| {
                if (std.mem.eql(u8, one.name, query.name.text())) break true;
            } else false;
            return dns.buildAnswer(out, asked, query, if (exists) Code.none else Code.no_name, &.{}, 0, out.len);
        };
        var plain = query.*;
        plain.has_options = false;
        const message = dns.buildAnswer(out, asked, &plain, Code.none, found.addresses, 60, out.len);
        @memcpy(out[message.len..][0..found.records.len], found.records);
        if (found.count > 0) out[7] = @intCast(found.count);
        return out[0 .. message.len + found.records.len];
    }
};

const TestRun = struct {
    loop: loops.Loop,
    policy: policies.Policy,
    names: names_.Names = .{},
    decisions: decisions_.Decisions = .{ .summary = true },
    host: connections_.HostAddresses,
    resolver: resolver_.Resolver = undefined,
    servers: [2]Server = undefined,
    /// Queries that reached a server.
    asked: usize = 0,
    stub: addresses.Endpoint = undefined,
    stub_tcp: addresses.Endpoint = undefined,
    client: loops.Watcher = .{ .callback = onClient },
    buffer: [4096]u8 = undefined,

    fn start(run: *TestRun, rules: []const Rule, default_allow: bool, settings: []const u8) !void {
        var failure: sys.Failure = undefined;
        run.* = .{
            .loop = try .init(&failure),
            .policy = .{ .rules = rules, .default_allow = default_allow, .host_loopback = false },
            .host = .init(),
        };
        const first = try bound(one_v4, 0, sockets.SOCK_DGRAM);
        const port = sockets.localEndpoint(first).?.port;
        for (&run.servers, 0..) |*server, index| {
            server.* = .{ .run = run, .is_second = index == 1 };
            try run.loop.add(&server.udp, if (index == 0) first else try bound(two_v4, port, sockets.SOCK_DGRAM), loops.IN);
            try run.loop.add(&server.tcp, try bound(if (index == 0) one_v4 else two_v4, port, sockets.SOCK_STREAM), loops.IN);
        }
        run.resolver = .{
            .loop = &run.loop,
            .policy = &run.policy,
            .names = &run.names,
            .decisions = &run.decisions,
            .host = &run.host,
            .hosts_path = null,
            .hosts_text = "127.0.0.1 localhost\n10.9.0.10 inside.test\n9.9.9.10 files.test\n",
            .port = port,
        };
        try run.resolver.startWith(settings);
        const udp = try bound(one_v4, 0, sockets.SOCK_DGRAM);
        const tcp = try bound(one_v4, 0, sockets.SOCK_STREAM);
        run.stub = sockets.localEndpoint(udp).?;
        run.stub_tcp = sockets.localEndpoint(tcp).?;
        try run.resolver.serveUdp(udp);
        try run.resolver.serveTcp(tcp);
        try run.loop.add(&run.client, try bound(one_v4, 0, sockets.SOCK_DGRAM), loops.IN);
        if (sockets.connectTo(run.client.fd, run.stub, addresses.AF_INET) != 0) return error.Connect;
    }

    fn stop(run: *TestRun) void {
        const memory = std.heap.page_allocator;
        for (run.resolver.lookups[0..run.resolver.lookups_used]) |*lookup| {
            if (lookup.watcher.fd >= 0) sys.close(lookup.watcher.fd);
            if (lookup.stream) |stream| memory.destroy(stream);
        }
        for (run.resolver.clients) |*client| if (client.in_use) sys.close(client.watcher.fd);
        for (&run.servers) |*server| for ([_]sys.fd_t{ server.udp.fd, server.tcp.fd }) |fd| sys.close(fd);
        for ([_]sys.fd_t{ run.loop.epoll, run.host.v4, run.host.v6, run.resolver.udp.fd, run.resolver.tcp.fd, run.client.fd }) |fd| sys.close(fd);
        memory.free(run.resolver.lookups);
        memory.free(run.resolver.clients);
        memory.free(run.resolver.wildcards.counts);
        run.names.deinit();
    }

    fn onClient(watcher: *loops.Watcher, _: u32) void {
        const run: *TestRun = @fieldParentPtr("client", watcher);
        run.loop.stopped = true;
    }

    fn say(run: *TestRun, message: []const u8) !void {
        if (sys.failed(sys.call(.sendto, .{ run.client.fd, message.ptr, message.len, @as(u32, 0), @as(usize, 0), @as(usize, 0) }))) return error.Send;
    }

    fn hear(run: *TestRun) ![]const u8 {
        run.loop.stopped = false;
        run.loop.run();
        const length = sys.call(.recvfrom, .{ run.client.fd, &run.buffer, run.buffer.len, @as(u32, 0x40), @as(usize, 0), @as(usize, 0) });
        if (sys.failed(length)) return error.Receive;
        return run.buffer[0..length];
    }

    fn question(out: *[dns.query_max]u8, name: []const u8, kind: u16) ![]const u8 {
        return dns.buildQuery(out, 0x1234, name, kind, .with_options);
    }

    fn lookUp(run: *TestRun, name: []const u8, kind: u16) !dns.Response {
        var buffer: [dns.query_max]u8 = undefined;
        try run.say(try question(&buffer, name, kind));
        return (try dns.parseResponse(try run.hear(), 0x1234, name, kind)).?;
    }

    /// Name, code, and what came with it.
    fn expect(run: *TestRun, name: []const u8, code: u8, found: []const Address) !void {
        const response = try run.lookUp(name, Type.a);
        try testing.expectEqual(code, response.code);
        try testing.expectEqual(found.len, response.count);
        for (found, response.addresses[0..response.count]) |wanted, got| try testing.expect(wanted.eql(got));
    }

    fn namesOf(run: *TestRun, address: Address) usize {
        var out: [16][]const u8 = undefined;
        return run.names.of(address, loops.seconds(), &out).len;
    }
};

fn bound(address: Address, port: u16, kind: u32) !sys.fd_t {
    var errno: u16 = 0;
    const fd = sockets.open(addresses.AF_INET, kind, 0, &errno) orelse return error.Socket;
    if (sockets.bindTo(fd, .{ .address = address, .port = port }, addresses.AF_INET) != 0) return error.Bind;
    if (kind == sockets.SOCK_STREAM and sockets.listen(fd, 16) != 0) return error.Listen;
    return fd;
}

const one_server = "nameserver 127.0.0.1\n";
const tcp_only: u8 = 1;

fn named(text: []const u8, deny: bool) Rule {
    const is_wild = std.mem.startsWith(u8, text, "*.");
    return .{ .peer = .{ .name = .{ .text = if (is_wild) text[2..] else text, .subdomains = is_wild } }, .deny = deny, .protocols = policies.protocols_all, .label = "n" };
}

fn block(address: Address, bits: u8, port: u16) Rule {
    return .{ .peer = .{ .block = .{ .address = address, .bits = bits } }, .deny = false, .protocols = tcp_only, .first_port = port, .last_port = port, .label = "b" };
}

test "what is granted is looked up and recorded; what is not is not asked for" {
    var run: TestRun = undefined;
    try run.start(&.{ named("api.test", false), named("alias.test", false) }, false, one_server);
    defer run.stop();
    try run.expect("api.test", Code.none, &.{public});
    try run.expect("alias.test", Code.none, &.{public});
    try testing.expectEqual(2, run.namesOf(public));
    try testing.expectEqual(2, run.asked);
    // No keys that hide a server's name, no texts; no server is asked for them.
    for ([_]u16{ Type.https, Type.svcb, Type.txt, Type.mx, 255 }) |kind| {
        const response = try run.lookUp("api.test", kind);
        try testing.expectEqual(Code.none, response.code);
        try testing.expectEqual(0, response.records_count);
    }
    for ([_][]const u8{ "denied.test", "edge.test", "xapi.test", "api.test.evil.test", "test" }) |name| {
        try run.expect(name, Code.no_name, &.{});
        try testing.expectEqual(Code.no_name, (try run.lookUp(name, Type.aaaa)).code);
    }
    try testing.expectEqual(2, run.asked);
    // Each name and verdict is told once.
    try testing.expectEqual(5, run.decisions.denied_length);
    for (run.decisions.denied[0..5]) |denied| try testing.expectEqual(1, denied.count);
}

test "a name that leads inside" {
    var run: TestRun = undefined;
    try run.start(&.{ named("rebind.test", false), block(.v4(.{ 10, 9, 0, 0 }), 96 + 16, 80) }, false, one_server);
    defer run.stop();
    try run.expect("rebind.test", Code.none, &.{ private, public });
    // What a rule for addresses grants stays with that rule's ports.
    try testing.expectEqual(0, run.namesOf(private));
    try testing.expectEqual(1, run.namesOf(public));
}

test "servers: cut-off answers, forged ones, failures, silence" {
    var run: TestRun = undefined;
    try run.start(&.{named("*.test", false)}, false, one_server ++ "nameserver 127.0.0.2\noptions timeout:1\n");
    defer run.stop();
    try testing.expectEqual(dns.addresses_max, (try run.lookUp("large.test", Type.a)).count);
    try run.expect("forged.test", Code.none, &.{public});
    run.asked = 0;
    try run.expect("old.test", Code.none, &.{public});
    try testing.expectEqual(2, run.asked);
    run.asked = 0;
    try run.expect("refused.test", Code.none, &.{public});
    try testing.expectEqual(2, run.asked);
    run.asked = 0;
    try run.expect("nonsense.test", Code.none, &.{public});
    try testing.expectEqual(2, run.asked);
    try testing.expectEqual(0, run.resolver.preferred);
    try testing.expectEqual(Code.none, (try run.lookUp("silent.test", Type.a)).code);
    // Whoever did not answer is asked last from now on.
    try testing.expectEqual(1, run.resolver.preferred);
    try testing.expectEqual(0, run.resolver.running);
}

test "no server" {
    var run: TestRun = undefined;
    try run.start(&.{named("api.test", false)}, false, "nameserver 127.0.0.3\n");
    defer run.stop();
    try run.expect("api.test", Code.server, &.{});
    try testing.expectEqual(0, run.asked);
    try testing.expectEqual(0, run.resolver.running);
}

test "below a wildcard: how many names, and how long" {
    var run: TestRun = undefined;
    try run.start(&.{ named("*.wild.test", false), named("*.other.test", false) }, false, one_server);
    defer run.stop();
    run.resolver.budget = 10_000;
    // The minute must not end meanwhile.
    run.resolver.wildcards.minute = loops.seconds() / 60;
    var name: [32]u8 = undefined;
    for (0..wildcards.names_per_minute + 5) |index| {
        const text = std.fmt.bufPrint(&name, "x{d}.wild.test", .{index}) catch unreachable;
        for ([_]u16{ Type.a, Type.aaaa, Type.a }) |kind| {
            try testing.expectEqual(Code.no_name, (try run.lookUp(text, kind)).code);
        }
    }
    try testing.expectEqual(3 * wildcards.names_per_minute, run.asked);
    // Each wildcard has its own.
    _ = try run.lookUp("x.other.test", Type.a);
    try testing.expectEqual(3 * wildcards.names_per_minute + 1, run.asked);
    const label: [60]u8 = @splat('x');
    _ = try run.lookUp(label ++ "." ++ label ++ ".other.test", Type.a);
    try testing.expectEqual(3 * wildcards.names_per_minute + 1, run.asked);
}

test "the host's files, and whose address it is" {
    var run: TestRun = undefined;
    try run.start(&.{ block(public, 128, 80), named("api.test", false) }, false, one_server);
    defer run.stop();
    try run.expect("files.test", Code.none, &.{public});
    // Its address is nothing that a rule speaks of.
    try run.expect("inside.test", Code.no_name, &.{});
    try run.expect("localhost", Code.none, &.{one_v4});
    try run.expect("a.localhost", Code.none, &.{one_v4});
    try testing.expectEqual(1, (try run.lookUp("localhost", Type.aaaa)).count);
    try testing.expectEqual(0, (try run.lookUp("localhost", Type.mx)).records_count);
    try testing.expectEqual(1, (try run.lookUp("10.9.9.9.in-addr.arpa", Type.ptr)).records_count);
    try testing.expectEqual(1, (try run.lookUp("1.0.0.127.in-addr.arpa", Type.ptr)).records_count);
    for ([_][]const u8{ "10.0.9.10.in-addr.arpa", "11.9.9.9.in-addr.arpa" }) |name| {
        try testing.expectEqual(Code.no_name, (try run.lookUp(name, Type.ptr)).code);
    }
    try testing.expectEqual(0, run.asked);
}

test "where everything is allowed, records that are understood pass" {
    var run: TestRun = undefined;
    try run.start(&.{}, true, one_server);
    defer run.stop();
    try run.expect("api.test", Code.none, &.{public});
    try testing.expectEqual(1, (try run.lookUp("api.test", Type.txt)).records_count);
    try testing.expectEqual(1, (try run.lookUp("api.test", Type.https)).records_count);
    try testing.expectEqual(0, (try run.lookUp("api.test", 13)).records_count);
    try testing.expectEqual(Code.no_name, (try run.lookUp("none.test", Type.mx)).code);
}

test "a denied name's address is known before anyone asks, and stays known" {
    var run: TestRun = undefined;
    const rules = [_]Rule{named("denied.test", true)} ++ @as([200]Rule, @splat(named("nowhere.test", true)));
    try run.start(&rules, true, one_server);
    defer run.stop();
    const before = loops.seconds();
    // The first tick asks; more than have a place at one time.
    try run.expect("denied.test", Code.no_name, &.{});
    try testing.expectEqual(Code.none, (try run.lookUp("api.test", Type.txt)).code);
    while (run.resolver.denied_running > 0 or run.resolver.denied_next < rules.len * 2) _ = try run.lookUp("api.test", Type.txt);
    try testing.expectEqual(1, run.namesOf(other_public));
    var out: [1][]const u8 = undefined;
    try testing.expectEqual(1, run.names.of(other_public, before + 899, &out).len);
    // The workload's own look-ups hold no place of these.
    run.resolver.running = 256;
    run.names.deinit();
    run.resolver.refreshDenied();
    try testing.expect(run.resolver.denied_running > 0);
    run.resolver.running = 0;
    try testing.expectEqual(0, (try run.lookUp("api.test", Type.https)).records_count);
    while (run.namesOf(other_public) == 0) _ = try run.lookUp("api.test", Type.txt);
}

test "what is denied in part is recorded before other names" {
    var run: TestRun = undefined;
    var rule = named("api.test", true);
    rule.first_port = 25;
    rule.last_port = 25;
    rule.peer.name.subdomains = true;
    rule.peer.name.text = "test";
    try run.start(&.{rule}, true, one_server);
    defer run.stop();
    for (0..20) |index| {
        var name: [16]u8 = undefined;
        try run.names.pin(std.fmt.bufPrint(&name, "x{d}.example", .{index}) catch unreachable, public, 900, loops.seconds());
    }
    try run.expect("api.test", Code.none, &.{public});
    var out: [16][]const u8 = undefined;
    const found = run.names.of(public, loops.seconds(), &out);
    try testing.expectEqualStrings("api.test", found[0]);
    try testing.expectEqual(.deny, run.policy.decide(.tcp, public, 25, found, false).verdict);
}

test "who may ask a server anyway has names looked up; addresses stay what rules grant" {
    var run: TestRun = undefined;
    var everywhere = block(.v4(@splat(0)), 96, 0);
    everywhere.last_port = 65535;
    everywhere.protocols = 2;
    try run.start(&.{everywhere}, false, one_server);
    defer run.stop();
    try testing.expect(run.resolver.asks_anything);
    try run.expect("api.test", Code.none, &.{public});
    try run.expect("rebind.test", Code.none, &.{ private, public, .v4(.{ 169, 254, 169, 254 }) });

    // The host's loopback is none of the workload's, whatever block it is in.
    var narrow: TestRun = undefined;
    var own = everywhere;
    own.peer.block = .{ .address = .v4(.{ 127, 0, 0, 0 }), .bits = 96 + 8 };
    try narrow.start(&.{own}, false, one_server);
    defer narrow.stop();
    try testing.expect(!narrow.resolver.asks_anything);
}

test "floods: queries beyond the rate are dropped, beyond the places too" {
    var run: TestRun = undefined;
    try run.start(&.{named("silent.test", false)}, false, one_server);
    defer run.stop();
    var buffer: [dns.query_max]u8 = undefined;
    const message = try TestRun.question(&buffer, "silent.test", Type.a);
    run.resolver.budget = 10_000;
    run.loop.next_tick = loops.seconds() + 60;
    for (0..300) |_| {
        try run.say(message);
        run.resolver.udp.callback(&run.resolver.udp, loops.IN);
    }
    try testing.expectEqual(256, run.resolver.running);
    try testing.expectEqual(256, run.resolver.lookups_used);
    run.resolver.budget = 0;
    try run.say(try TestRun.question(&buffer, "none.test", Type.a));
    run.resolver.udp.callback(&run.resolver.udp, loops.IN);
    run.resolver.budget = 1;
    try run.expect("other.test", Code.no_name, &.{});
}

test "what cannot be read is said so; a response is never answered" {
    var run: TestRun = undefined;
    try run.start(&.{named("api.test", false)}, false, one_server);
    defer run.stop();
    var buffer: [dns.query_max]u8 = undefined;
    const message = try TestRun.question(&buffer, "api.test", Type.a);
    try run.say(message[0 .. message.len - 12]);
    try testing.expectEqual(Code.format, (try run.hear())[3] & 15);
    buffer[2] = 0x80;
    try run.say(message);
    buffer[2] = 0x28;
    try run.say(message);
    try testing.expectEqual(Code.not_implemented, (try run.hear())[3] & 15);
    // A name that no host has is answered with its question, or libraries would wait for more.
    buffer[2] = 1;
    buffer[dns.header_size + 1] = '@';
    try run.say(message);
    const heard = try run.hear();
    try testing.expectEqual(Code.no_name, heard[3] & 15);
    try testing.expectEqualSlices(u8, message[dns.header_size .. message.len - 11], heard[dns.header_size .. heard.len - 11]);
    try testing.expectEqual(0, run.asked);
}

test "over TCP: several queries on a connection, in parts" {
    var run: TestRun = undefined;
    try run.start(&.{ named("api.test", false), named("large.test", false) }, false, one_server);
    defer run.stop();
    const udp = run.client.fd;
    run.loop.remove(&run.client);
    sys.close(udp);
    var errno: u16 = 0;
    const fd = sockets.open(addresses.AF_INET, sockets.SOCK_STREAM, 0, &errno).?;
    const connecting = sockets.connectTo(fd, run.stub_tcp, addresses.AF_INET);
    try testing.expect(connecting == 0 or connecting == sockets.EINPROGRESS);
    try run.loop.add(&run.client, fd, loops.IN);
    var bytes: [2 * (2 + dns.query_max)]u8 = undefined;
    var length: usize = 0;
    for ([_][]const u8{ "api.test", "large.test" }) |name| {
        const message = try dns.buildQuery(bytes[length + 2 ..][0..dns.query_max], 0x1234, name, Type.a, .plain);
        std.mem.writeInt(u16, bytes[length..][0..2], @intCast(message.len), .big);
        length += 2 + message.len;
    }
    try run.say(bytes[0..30]);
    try run.say(bytes[30..length]);
    var got: [4096]u8 = undefined;
    var got_length: usize = 0;
    var counts: [2]usize = undefined;
    for ([_][]const u8{ "api.test", "large.test" }, &counts) |name, *count| {
        while (got_length < 2 or got_length < 2 + @as(usize, std.mem.readInt(u16, got[0..2], .big))) {
            const part = try run.hear();
            try testing.expect(part.len > 0);
            @memcpy(got[got_length..][0..part.len], part);
            got_length += part.len;
        }
        const end = 2 + @as(usize, std.mem.readInt(u16, got[0..2], .big));
        count.* = (try dns.parseResponse(got[2..end], 0x1234, name, Type.a)).?.count;
        std.mem.copyForwards(u8, &got, got[end..got_length]);
        got_length -= end;
    }
    // More than a datagram without options takes.
    try testing.expectEqualSlices(usize, &.{ 1, dns.addresses_max }, &counts);
}

test "questions of the broker's own" {
    var run: TestRun = undefined;
    try run.start(&.{named("api.test", false)}, false, one_server);
    defer run.stop();
    const Asker = struct {
        question: resolver_.Question = .{ .answered = answered },
        run: *TestRun,
        count: usize = 99,

        fn answered(question: *resolver_.Question, found: []const Address) void {
            const asker: *@This() = @fieldParentPtr("question", question);
            asker.count = found.len;
            asker.run.loop.stopped = true;
        }
    };
    var asker: Asker = .{ .run = &run };
    run.resolver.ask("api.test", Type.a, &asker.question);
    run.loop.run();
    try testing.expectEqual(1, asker.count);
    const label: [64]u8 = @splat('x');
    for ([_][]const u8{ "denied.test", "a..test", "", &label }) |name| {
        asker.count = 99;
        run.resolver.ask(name, Type.a, &asker.question);
        try testing.expectEqual(0, asker.count);
    }
    asker.count = 99;
    run.resolver.ask("api.test", Type.a, &asker.question);
    run.resolver.cancel(&asker.question);
    try run.expect("api.test", Code.none, &.{public});
    try testing.expectEqual(99, asker.count);
    try testing.expectEqual(0, run.resolver.running);
}
