//! Look-ups at the host's name servers (resolv.conf(5)): one after the other is asked, over UDP, and
//! over TCP where an answer is cut off.

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const dns = @import("dns.zig");
const loops = @import("loop.zig");
const policies = @import("policy.zig");
const resolver_ = @import("resolver.zig");
const sockets = @import("sockets.zig");
const Resolver = resolver_.Resolver;

const MSG_DONTWAIT: u32 = 0x40;
const MSG_NOSIGNAL: u32 = 0x4000;

pub const Lookup = struct {
    watcher: loops.Watcher = .{ .callback = onDatagram },
    owner: *Resolver,
    client: resolver_.Client,
    /// Header and question as they came; of a question of our own, only its type counts.
    asked: [dns.question_max]u8 = undefined,
    query: dns.Query,
    decision: policies.Decision,
    /// Of our query to the server.
    id: u16 = 0,
    attempt: usize = 0,
    /// The server of the first attempt.
    first_server: usize,
    since: u64 = 0,
    form: dns.Form = .with_options,
    /// Where the server is asked over TCP.
    stream: ?*Stream = null,
};

const Stream = struct {
    buffer: [2 + dns.tcp_max]u8 = undefined,
    length: usize = 0,
    is_sent: bool = false,
};

pub fn askServer(resolver: *Resolver, lookup: *Lookup) void {
    while (lookup.attempt < resolver.attempts_max) {
        lookup.attempt += 1;
        if (askOne(resolver, lookup, sockets.SOCK_DGRAM)) return;
    }
    resolver.end(lookup, dns.Code.server, &.{}, 0);
}

pub fn serverOf(resolver: *const Resolver, lookup: *const Lookup) usize {
    return (lookup.first_server + lookup.attempt - 1) % resolver.server_count;
}

/// Asks the server of this attempt; false where that cannot be done.
fn askOne(resolver: *Resolver, lookup: *Lookup, kind: u32) bool {
    const server = &resolver.servers[serverOf(resolver, lookup)];
    var errno: u16 = 0;
    const family: u16 = if (server.address.asV4() != null) addresses.AF_INET else addresses.AF_INET6;
    var sockaddr = addresses.Sockaddr.of(.{ .address = server.address, .port = resolver.port }, family).?;
    if (family == addresses.AF_INET6) sockaddr.value.in6.scope = server.scope;
    // A port that the kernel picks anew for each query, and a random id, are what a forged
    // answer would have to guess.
    const fd = sockets.open(family, kind, 0, &errno) orelse return false;
    errno = sockets.connect(fd, std.mem.asBytes(&sockaddr.value)[0..sockaddr.length]);
    const is_stream = kind == sockets.SOCK_STREAM;
    const is_connected = errno == 0 or (is_stream and errno == sockets.EINPROGRESS);
    lookup.watcher.callback = if (is_stream) onStream else onDatagram;
    if (!is_connected or !prepare(resolver, lookup, fd, is_stream)) {
        sys.close(fd);
        return false;
    }
    return true;
}

fn prepare(resolver: *Resolver, lookup: *Lookup, fd: sys.fd_t, is_stream: bool) bool {
    var id: [2]u8 = .{ 0, 0 };
    resolver_.random(&id);
    lookup.id = std.mem.readInt(u16, &id, .little);
    lookup.since = loops.seconds();
    if (is_stream) {
        lookup.stream = std.heap.page_allocator.create(Stream) catch return false;
        lookup.stream.?.length = 0;
        lookup.stream.?.is_sent = false;
    } else {
        var buffer: [dns.query_max]u8 = undefined;
        const message = dns.buildQuery(&buffer, lookup.id, lookup.query.name.text(), lookup.query.type, lookup.form) catch return false;
        if (sys.failed(sys.call(.sendto, .{ fd, message.ptr, message.len, MSG_NOSIGNAL, @as(usize, 0), @as(usize, 0) }))) return false;
    }
    resolver.loop.add(&lookup.watcher, fd, if (is_stream) loops.OUT else loops.IN) catch {
        lookup.watcher.fd = -1;
        closeStream(lookup);
        return false;
    };
    return true;
}

pub fn stopAsking(resolver: *Resolver, lookup: *Lookup) void {
    closeStream(lookup);
    const fd = lookup.watcher.fd;
    if (fd < 0) return;
    resolver.loop.remove(&lookup.watcher);
    sys.close(fd);
}

/// The server is of no use for this one.
pub fn askNext(resolver: *Resolver, lookup: *Lookup) void {
    stopAsking(resolver, lookup);
    askServer(resolver, lookup);
}

pub fn onDatagram(watcher: *loops.Watcher, _: u32) void {
    const lookup: *Lookup = @fieldParentPtr("watcher", watcher);
    const resolver = lookup.owner;
    var buffer: [dns.udp_max]u8 = undefined;
    const length = sys.call(.recvfrom, .{ watcher.fd, &buffer, buffer.len, MSG_DONTWAIT, @as(usize, 0), @as(usize, 0) });
    if (sys.errnoOf(length) == sockets.EAGAIN) return;
    // Nobody listens there.
    if (sys.failed(length)) askNext(resolver, lookup) else hear(resolver, lookup, buffer[0..length]);
    resolver.continueDenied();
}

fn onStream(watcher: *loops.Watcher, _: u32) void {
    const lookup: *Lookup = @fieldParentPtr("watcher", watcher);
    const resolver = lookup.owner;
    goOn(resolver, lookup) catch askNext(resolver, lookup);
    resolver.continueDenied();
}

/// A connection to a server: the query out, then the answer in. An error: it is of no use.
fn goOn(resolver: *Resolver, lookup: *Lookup) error{Unusable}!void {
    const stream = lookup.stream.?;
    const fd = lookup.watcher.fd;
    if (!stream.is_sent) {
        var framed: [2 + dns.query_max]u8 = undefined;
        const message = dns.buildQuery(framed[2..], lookup.id, lookup.query.name.text(), lookup.query.type, lookup.form) catch return error.Unusable;
        std.mem.writeInt(u16, framed[0..2], @intCast(message.len), .big);
        const sent = sys.call(.sendto, .{ fd, &framed, 2 + message.len, MSG_DONTWAIT | MSG_NOSIGNAL, @as(usize, 0), @as(usize, 0) });
        if (sys.failed(sent) or sent != 2 + message.len) return error.Unusable;
        stream.is_sent = true;
        return resolver.loop.modify(&lookup.watcher, loops.IN);
    }
    const wanted = if (stream.length < 2) 2 else 2 + @as(usize, std.mem.readInt(u16, stream.buffer[0..2], .big));
    if (wanted > stream.buffer.len) return error.Unusable;
    const rest = stream.buffer[stream.length..wanted];
    const got = sys.call(.recvfrom, .{ fd, rest.ptr, rest.len, MSG_DONTWAIT, @as(usize, 0), @as(usize, 0) });
    if (sys.errnoOf(got) == sockets.EAGAIN) return;
    if (sys.failed(got) or got == 0) return error.Unusable;
    stream.length += got;
    if (wanted == 2 or stream.length < wanted) return;
    hear(resolver, lookup, stream.buffer[2..wanted]);
}

/// What came from where the server is.
fn hear(resolver: *Resolver, lookup: *Lookup, message: []const u8) void {
    const parsed = dns.parseResponse(message, lookup.id, lookup.query.name.text(), lookup.query.type) catch return askNext(resolver, lookup);
    const response = parsed orelse {
        // A datagram may be a guess of somebody else's; a connection is the server's.
        if (lookup.stream != null) askNext(resolver, lookup);
        return;
    };
    if (response.truncated) {
        const was_stream = lookup.stream != null;
        stopAsking(resolver, lookup);
        if (was_stream or !askOne(resolver, lookup, sockets.SOCK_STREAM)) askServer(resolver, lookup);
        return;
    }
    if (response.code == dns.Code.format and lookup.form == .with_options) {
        // A server of before EDNS.
        lookup.form = .plain;
        lookup.attempt -= 1;
        return askNext(resolver, lookup);
    }
    if (response.code != dns.Code.none and response.code != dns.Code.no_name) return askNext(resolver, lookup);
    if (resolver_.isOfAddresses(lookup.query.type)) resolver.answer(lookup, response) else resolver.copy(lookup, message, &response);
}

fn closeStream(lookup: *Lookup) void {
    if (lookup.stream) |stream| std.heap.page_allocator.destroy(stream);
    lookup.stream = null;
}
