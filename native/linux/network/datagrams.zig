//! UDP and pings of the sandbox: packets from its device, decided once per flow, carried by ordinary
//! sockets of the host. The workload holds none of them; it can reach nothing but this relay.
//!
//! A flow is one source port (or one echo identifier) and one destination. Its socket is connected,
//! so the kernel takes answers from that destination alone and tells what became of a packet.
//! Datagrams larger than the host's path can carry are cut by the host's kernel, as for any socket;
//! the sandbox's device takes up to `interface.mtu`, and pieces are not put together.

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const batches = @import("batch.zig");
const connections_ = @import("connections.zig");
const decisions_ = @import("decisions.zig");
const echoes = @import("echo.zig");
const flow_table = @import("flow_table.zig");
const interface = @import("interface.zig");
const loops = @import("loop.zig");
const names_ = @import("names.zig");
const packets = @import("packet.zig");
const policies = @import("policy.zig");
const sockets = @import("sockets.zig");

const Message = batches.Message;
const Vector = batches.Vector;
const batch_max = batches.batch_max;

const Address = addresses.Address;
const Endpoint = addresses.Endpoint;
const VirtioHeader = interface.VirtioHeader;

/// At one time, denied ones included; the longest unused makes room.
pub const flows_max = 4096;

/// Seconds without a packet either way.
const idle_udp = 60;
/// One question, one answer.
const idle_resolver = 10;
const idle_echo = 10;
/// How long a denial is remembered: a permitted name may come to point there meanwhile.
const idle_denied = 1;

const resolver_port = 53;

/// Of datagrams this long, fewer at a time, so that they are still in the cache when they are
/// written on.
const large = 8192;
const batch_large = 2;

/// Packets, and messages of one socket, that are served before others get their turn.
const turn_max = 128;

/// A packet with the device's header, or what a socket gives with room for headers before it.
const slot_size = packets.headroom + packets.size_max + 1;

/// Failures that are told to the sandbox, in a burst and per second after it. Programs ask once and
/// wait; only a flood meets the limit.
const errors_burst = 256;
const errors_rate = 1000;

const host_receive_buffer: u32 = 1 << 20;

const Key = extern struct {
    destination: [16]u8,
    /// UDP's source port, or the identifier of an echo.
    source_port: u16,
    destination_port: u16,
    protocol: u32,

    fn protocolOf(key: Key) policies.Protocol {
        return @fromBackingInt(@intCast(key.protocol));
    }

    fn isV4(key: Key) bool {
        return key.address().asV4() != null;
    }

    fn address(key: Key) Address {
        return .{ .bytes = key.destination };
    }

    /// Who inside it is: the sandbox has one address of each family.
    fn own(key: Key) Address {
        return if (key.isV4()) interface.own_v4 else interface.own_v6;
    }
};

const Flow = struct {
    watcher: loops.Watcher = .{ .callback = Datagrams.onFlow },
    owner: *Datagrams,
    key: Key,
    /// -1: denied.
    fd: sys.fd_t = -1,
    /// How echoes are made, and the identifier that the host's socket carries, where that is ours.
    means: echoes.Means = .none,
    host_identifier: u16 = 0,
    /// The host's kernel cuts several datagrams out of one send.
    segments: bool = true,
    /// Its latest answer was.
    is_large: bool = false,
    links: flow_table.Links = .{},

    fn idleMax(flow: *const Flow) u64 {
        if (flow.fd < 0) return idle_denied;
        if (flow.key.protocolOf() == .icmp) return idle_echo;
        return if (flow.key.destination_port == resolver_port) idle_resolver else idle_udp;
    }
};

/// A datagram that waits to be sent; it lies in its slot.
const Waiting = struct { flow: *Flow, packet: []const u8 };

pub const Options = struct {
    hosts: *const connections_.HostAddresses,
    decisions: *decisions_.Decisions,
};

pub const Datagrams = struct {
    loop: *loops.Loop,
    policy: *const policies.Policy,
    names: *names_.Names,
    options: Options,
    /// What the host's kernel gives for pings; `.none` where it gives nothing.
    echo: echoes.Support,
    watcher: loops.Watcher = .{ .callback = onDevice },
    ticker: loops.Ticker = .{ .callback = onTick },
    now: u64,
    /// Identifiers of raw echoes count from here.
    first_identifier: u16,

    table: flow_table.Table(Flow, flows_max) = undefined,

    /// The device takes several datagrams in one write, as far as is known.
    segments: bool,

    waiting: [batch_max]Waiting = undefined,
    payloads: [batch_max][]const u8 = undefined,
    /// Those before `waiting_first` have been sent; their slots are free once all have.
    waiting_first: usize = 0,
    waiting_length: usize = 0,
    slots: [batch_max][slot_size]u8 = undefined,

    errors_left: u32 = errors_burst,
    errors_refilled: u64 = 0,

    /// Serves the device from now on and takes it. Lives as long as the loop.
    pub fn init(loop: *loops.Loop, policy: *const policies.Policy, names: *names_.Names, tun: sys.fd_t, options: Options) error{ OutOfMemory, Syscall }!*Datagrams {
        const datagrams = try std.heap.page_allocator.create(Datagrams);
        errdefer std.heap.page_allocator.destroy(datagrams);
        var random: [10]u8 = @splat(0);
        _ = sys.call(.getrandom, .{ &random, random.len, @as(u32, 0) });
        // One field after the other: the slots' pages are not touched before they are needed.
        datagrams.loop = loop;
        datagrams.policy = policy;
        datagrams.names = names;
        datagrams.options = options;
        datagrams.echo = .probe();
        datagrams.watcher = .{ .callback = onDevice };
        datagrams.ticker = .{ .callback = onTick };
        datagrams.now = loops.seconds();
        datagrams.table.init(std.mem.readInt(u64, random[0..8], .little));
        datagrams.first_identifier = std.mem.readInt(u16, random[8..10], .little);
        datagrams.segments = true;
        datagrams.waiting_first = 0;
        datagrams.waiting_length = 0;
        datagrams.errors_left = errors_burst;
        datagrams.errors_refilled = 0;
        try loop.add(&datagrams.watcher, tun, loops.IN);
        loop.tick(&datagrams.ticker);
        return datagrams;
    }

    // From the sandbox.

    fn onDevice(watcher: *loops.Watcher, _: u32) void {
        const datagrams: *Datagrams = @fieldParentPtr("watcher", watcher);
        datagrams.now = loops.seconds();
        for (0..turn_max) |_| {
            const slot = &datagrams.slots[datagrams.waiting_length];
            const length = sys.call(.read, .{ watcher.fd, slot, slot.len });
            switch (sys.errnoOf(length)) {
                0 => if (length > @sizeOf(VirtioHeader)) datagrams.take(slot[@sizeOf(VirtioHeader)..length]),
                sockets.EINTR => continue,
                sockets.EAGAIN => break,
                else => {
                    // The device is gone, and the sandbox's network with it.
                    datagrams.loop.remove(watcher);
                    break;
                },
            }
            const length_max: usize = if (length > large) batch_large else batch_max;
            if (datagrams.waiting_length >= length_max) datagrams.finishBatch();
        }
        datagrams.finishBatch();
    }

    fn take(datagrams: *Datagrams, bytes: []const u8) void {
        const packet = packets.parse(bytes) catch return;
        // Of another source: the kernel's own, from an address that only it uses, or made up by a
        // program that may bind to what it does not have. No answer would find the way back.
        if (!packet.source.eql(interface.own_v4) and !packet.source.eql(interface.own_v6)) return;
        if (isForMany(packet.destination)) {
            // Memberships and neighbours: the kernel's own business (RFC 3810, RFC 4861).
            if (packet.transport != .control and packet.transport != .other) {
                datagrams.tellRefused(packet, "several hosts at once: multicast and broadcast are not carried");
            }
            return;
        }
        if (packet.destination.isLoopback() or packet.destination.eql(interface.own_v4) or packet.destination.eql(interface.own_v6)) return;
        switch (packet.transport) {
            .udp => |udp| {
                const flow = datagrams.flowOf(.{
                    .destination = packet.destination.bytes,
                    .source_port = udp.source_port,
                    .destination_port = udp.destination_port,
                    .protocol = @backingInt(policies.Protocol.udp),
                }, packet) orelse return;
                datagrams.waiting[datagrams.waiting_length] = .{ .flow = flow, .packet = packet.bytes };
                datagrams.payloads[datagrams.waiting_length] = udp.payload;
                datagrams.waiting_length += 1;
            },
            .echo => |echo| {
                const flow = datagrams.flowOf(.{
                    .destination = packet.destination.bytes,
                    .source_port = echo.identifier,
                    .destination_port = 0,
                    .protocol = @backingInt(policies.Protocol.icmp),
                }, packet) orelse return;
                datagrams.sendEcho(flow, echo, packet);
            },
            .tcp => |tcp| {
                // Connections are made by seccomp's broker; a segment here belongs to none.
                if (!datagrams.mayTellError()) return;
                var out: [packets.reset_max]u8 = undefined;
                if (packets.buildReset(&out, packet, tcp)) |segment| datagrams.write(segment);
            },
            .control => {},
            .other => {
                datagrams.tellRefused(packet, "a protocol besides TCP, UDP and ICMP");
                datagrams.answer(packet.bytes, packet.source, .prohibited);
            },
            .refused => |refusal| {
                if (refusal == .later_fragment) return;
                datagrams.tellRefused(packet, refusal.text());
                if (refusal == .fragment) datagrams.answer(packet.bytes, packet.source, .prohibited);
            },
        }
    }

    /// Allowed, with a socket; otherwise the sender has been told.
    fn flowOf(datagrams: *Datagrams, key: Key, packet: packets.Packet) ?*Flow {
        const flow = datagrams.table.find(key) orelse return datagrams.begin(key, packet);
        if (flow.fd >= 0) {
            datagrams.table.use(flow, datagrams.now);
            return flow;
        }
        // A denial is not moved up among the used: it is decided anew after its second.
        if (datagrams.now - flow.links.last_used < idle_denied) {
            datagrams.answer(packet.bytes, packet.source, .prohibited);
            return null;
        }
        datagrams.close(flow);
        return datagrams.begin(key, packet);
    }

    fn begin(datagrams: *Datagrams, key: Key, packet: packets.Packet) ?*Flow {
        const address = key.address();
        const host_loopback = connections_.hostLoopbackOf(address);
        const target = host_loopback orelse address;
        const on_host = host_loopback != null or datagrams.options.hosts.contains(address);
        var found: [16][]const u8 = undefined;
        const names = if (host_loopback != null) found[0..0] else datagrams.names.of(address, datagrams.now, &found);
        const protocol = key.protocolOf();
        // A name's grant is enough: what a datagram says cannot be looked at (QUIC is encrypted), so
        // rules speak of UDP by name only where they say so.
        const decision = datagrams.policy.decide(protocol, target, key.destination_port, names, on_host);
        const means: echoes.Means = if (protocol == .icmp) datagrams.echo.of(key.isV4()) else .none;
        const cannot = protocol == .icmp and means == .none and decision.verdict != .deny;
        datagrams.tell(key, names, decision, cannot);

        const flow = datagrams.table.allocate() orelse flow: {
            datagrams.evict();
            break :flow datagrams.table.allocate().?;
        };
        flow.* = .{ .owner = datagrams, .key = key, .means = means };
        if (decision.verdict == .deny or cannot) {
            datagrams.table.insert(flow, datagrams.now);
            datagrams.answer(packet.bytes, packet.source, .prohibited);
            return null;
        }
        const errno = datagrams.open(flow, target);
        if (errno == 0) {
            datagrams.table.insert(flow, datagrams.now);
            return flow;
        }
        datagrams.table.release(flow);
        if (reasonOf(errno)) |reason| datagrams.answer(packet.bytes, packet.source, reason);
        return null;
    }

    fn open(datagrams: *Datagrams, flow: *Flow, target: Address) u16 {
        const endpoint: Endpoint = .{ .address = target, .port = flow.key.destination_port };
        var errno: u16 = 0;
        var tries: usize = 0;
        const fd = while (true) : (tries += 1) {
            break makeSocket(flow, &errno) orelse {
                // Descriptors or memory are short: those of a flow that nobody uses may do.
                if (tries == 1 or datagrams.table.oldestFlow() == null) return errno;
                datagrams.evict();
                continue;
            };
        };
        errno = sockets.connectTo(fd, endpoint, if (flow.key.isV4()) addresses.AF_INET else addresses.AF_INET6);
        if (errno != 0) {
            sys.close(fd);
            return errno;
        }
        const SO_RCVBUF: u32 = 8;
        _ = sys.call(.setsockopt, .{ fd, sockets.SOL_SOCKET, SO_RCVBUF, &host_receive_buffer, @as(u32, 4) });
        if (flow.means == .raw) flow.host_identifier = datagrams.first_identifier +% datagrams.table.indexOf(flow);
        datagrams.loop.add(&flow.watcher, fd, loops.IN) catch {
            flow.watcher.fd = -1;
            sys.close(fd);
            return sockets.ENOMEM;
        };
        flow.fd = fd;
        return 0;
    }

    fn makeSocket(flow: *const Flow, errno: *u16) ?sys.fd_t {
        if (flow.key.protocolOf() == .icmp) return flow.means.open(flow.key.isV4(), errno);
        return sockets.open(if (flow.key.isV4()) addresses.AF_INET else addresses.AF_INET6, sockets.SOCK_DGRAM, 0, errno);
    }

    fn finishBatch(datagrams: *Datagrams) void {
        datagrams.flush();
        datagrams.waiting_first = 0;
        datagrams.waiting_length = 0;
    }

    /// Everything that waits, one call for each run of datagrams of one flow.
    fn flush(datagrams: *Datagrams) void {
        var first = datagrams.waiting_first;
        const length = datagrams.waiting_length;
        datagrams.waiting_first = length;
        while (first < length) {
            const flow = datagrams.waiting[first].flow;
            var end = first + 1;
            while (end < length and datagrams.waiting[end].flow == flow) end += 1;
            datagrams.send(flow, first, end);
            first = end;
        }
    }

    /// What waits from `first` to `end`, all of one flow.
    fn send(datagrams: *Datagrams, flow: *Flow, first: usize, end: usize) void {
        var next = first;
        var again = false;
        while (next < end) {
            var sending: batches.Sending = undefined;
            sending.fill(datagrams.payloads[next..end], flow.segments);
            const count = sys.call(.sendmmsg, .{ flow.fd, &sending.messages, sending.length, MSG_NOSIGNAL | MSG_DONTWAIT });
            const errno = sys.errnoOf(count);
            const packet = datagrams.waiting[next].packet;
            if (errno == 0) {
                for (sending.messages[0..count]) |message| next += message.vector_count;
                again = false;
            } else if (errno == sockets.EAGAIN) {
                // The host's queue is full: what UDP does then is to lose the rest.
                return;
            } else if (sending.messages[0].vector_count > 1 and isOfSegments(errno)) {
                flow.segments = false;
            } else if (!again) {
                // What became of an earlier one is told in place of a send (udp(7)).
                again = true;
                if (errno == sockets.ECONNREFUSED) datagrams.answer(packet, flow.key.own(), .port);
            } else {
                if (reasonOf(errno)) |reason| datagrams.answer(packet, flow.key.own(), reason);
                next += 1;
                again = false;
            }
        }
    }

    fn sendEcho(datagrams: *Datagrams, flow: *Flow, echo: packets.Echo, packet: packets.Packet) void {
        // The packet is in the slot; its own header has the room that the message needs.
        const slot = &datagrams.slots[datagrams.waiting_length];
        const at = @intFromPtr(echo.payload.ptr) - @intFromPtr(slot);
        const identifier = if (flow.means == .raw) flow.host_identifier else echo.identifier;
        // For its failure: the message takes the place of the header's last bytes.
        var quote: [packets.quote_max]u8 = undefined;
        const quoted = packet.bytes[0..@min(packet.bytes.len, quote.len)];
        @memcpy(quote[0..quoted.len], quoted);
        const message = packets.buildEchoRequest(slot, at, echo.payload.len, flow.key.isV4(), identifier, echo.sequence);
        for (0..2) |_| {
            const errno = sys.errnoOf(sys.call(.sendto, .{ flow.fd, message.ptr, message.len, MSG_NOSIGNAL | MSG_DONTWAIT, @as(usize, 0), @as(u32, 0) }));
            if (errno == 0 or errno == sockets.EAGAIN) return;
            if (reasonOf(errno)) |reason| datagrams.answer(quote[0..quoted.len], flow.key.own(), reason);
        }
    }

    // From the host.

    fn onFlow(watcher: *loops.Watcher, _: u32) void {
        const flow: *Flow = @fieldParentPtr("watcher", watcher);
        const datagrams = flow.owner;
        datagrams.now = loops.seconds();
        var vectors: [batch_max]Vector = undefined;
        var messages: [batch_max]Message = undefined;
        const at: usize = if (flow.key.protocolOf() == .icmp) 0 else packets.headroom;
        var served: usize = 0;
        while (served < turn_max) {
            const wanted: usize = if (flow.is_large) batch_large else batch_max;
            for (datagrams.slots[0..wanted], vectors[0..wanted], messages[0..wanted]) |*slot, *vector, *message| {
                vector.* = .{ .base = slot[at..].ptr, .length = slot.len - at };
                message.* = .{ .vectors = vector };
            }
            const result = sys.call(.recvmmsg, .{ flow.fd, &messages, wanted, MSG_DONTWAIT, @as(usize, 0) });
            const errno = sys.errnoOf(result);
            if (errno != 0) {
                if (errno == sockets.EAGAIN or errno == sockets.EINTR) return;
                datagrams.failed(flow, errno);
                served += 1;
                continue;
            }
            if (flow.key.protocolOf() == .udp) {
                datagrams.giveDatagrams(flow, messages[0..result]);
            } else for (messages[0..result], datagrams.slots[0..result]) |message, *slot| datagrams.giveEcho(flow, slot, message.length);
            datagrams.table.use(flow, datagrams.now);
            flow.is_large = messages[result - 1].length > large;
            if (result < wanted) return;
            served += result;
        }
    }

    /// Each in the slot of its number. Those of one length in a row, of which the last may be
    /// shorter, are one write, where the device takes that.
    fn giveDatagrams(datagrams: *Datagrams, flow: *const Flow, messages: []const Message) void {
        const from: Endpoint = .{ .address = flow.key.address(), .port = flow.key.destination_port };
        const to: Endpoint = .{ .address = flow.key.own(), .port = flow.key.source_port };
        var first: usize = 0;
        while (first < messages.len) {
            const rest = messages[first..];
            const count = if (datagrams.segments) batches.runLength(rest.len, Lengths{ .messages = rest }) else 1;
            if (datagrams.giveRun(rest[0..count], first, from, to)) {
                first += count;
            } else if (count > 1) {
                datagrams.segments = false;
            } else first += 1;
        }
    }

    const Lengths = struct {
        messages: []const Message,

        pub fn at(lengths: Lengths, index: usize) usize {
            return lengths.messages[index].length;
        }
    };

    fn giveRun(datagrams: *Datagrams, run: []const Message, first: usize, from: Endpoint, to: Endpoint) bool {
        const size: usize = run[0].length;
        var total: usize = 0;
        for (run) |message| total += message.length;
        const all = packets.buildUdp(&datagrams.slots[first], packets.headroom, total, from, to, .partial) orelse return false;
        const headers = all.len - total;
        var vectors: [batch_max + 1]Vector = undefined;
        var header: VirtioHeader = .{
            .flags = VirtioHeader.needs_checksum,
            .headers_length = @intCast(headers),
            .checksum_start = @intCast(headers - packets.udp_header),
            .checksum_offset = packets.udp_checksum,
        };
        if (run.len > 1) {
            header.segments_kind = VirtioHeader.segments_udp;
            header.segment_size = @intCast(size);
        }
        vectors[0] = .{ .base = @ptrCast(&header), .length = @sizeOf(VirtioHeader) };
        vectors[1] = .{ .base = all.ptr, .length = headers + size };
        for (run[1..], vectors[2..][0 .. run.len - 1], datagrams.slots[first + 1 ..][0 .. run.len - 1]) |message, *vector, *slot| {
            vector.* = .{ .base = slot[packets.headroom..].ptr, .length = message.length };
        }
        return !sys.failed(sys.call(.writev, .{ datagrams.watcher.fd, &vectors, run.len + 1 }));
    }

    fn giveEcho(datagrams: *Datagrams, flow: *const Flow, slot: *[slot_size]u8, length: usize) void {
        const key = flow.key;
        const message = flow.means.messageIn(slot[0..length], key.isV4()) orelse return;
        const reply = packets.parseEchoReply(message, key.isV4()) orelse return;
        // A raw socket sees the replies to every ping of the host.
        if (flow.means == .raw and reply.identifier != flow.host_identifier) return;
        const payload = slot[packets.headroom..];
        if (reply.payload.len > payload.len) return;
        std.mem.copyBackwards(u8, payload[0..reply.payload.len], reply.payload);
        datagrams.write(packets.buildEchoReply(slot, packets.headroom, reply.payload.len, key.address(), key.own(), key.source_port, reply.sequence) orelse return);
    }

    /// What became of an earlier packet of the flow; the packet itself is gone, its addresses do.
    fn failed(datagrams: *Datagrams, flow: *Flow, errno: u16) void {
        const reason = reasonOf(errno) orelse return;
        const key = flow.key;
        var buffer: [packets.headroom]u8 = undefined;
        const quote = switch (key.protocolOf()) {
            .icmp => packets.quoteEcho(&buffer, key.own(), key.address(), key.source_port),
            else => packets.buildUdp(&buffer, packets.headroom, 0, .{ .address = key.own(), .port = key.source_port }, .{ .address = key.address(), .port = key.destination_port }, .whole).?,
        };
        datagrams.answer(quote, key.own(), reason);
    }

    /// Into the sandbox; a packet that its kernel does not take is lost.
    fn write(datagrams: *Datagrams, packet: []const u8) void {
        var header: VirtioHeader = .{};
        const vectors = [2]Vector{
            .{ .base = @ptrCast(&header), .length = @sizeOf(VirtioHeader) },
            .{ .base = @constCast(packet.ptr), .length = packet.len },
        };
        _ = sys.call(.writev, .{ datagrams.watcher.fd, &vectors, vectors.len });
    }

    fn answer(datagrams: *Datagrams, bytes: []const u8, to: Address, reason: packets.Unreachable) void {
        if (!datagrams.mayTellError()) return;
        var out: [packets.error_max]u8 = undefined;
        const from = if (to.asV4() != null) interface.gateway_v4 else interface.gateway_v6;
        datagrams.write(packets.buildUnreachable(&out, from, to, bytes, reason));
    }

    fn mayTellError(datagrams: *Datagrams) bool {
        if (datagrams.errors_left == 0 and datagrams.now != datagrams.errors_refilled) {
            datagrams.errors_refilled = datagrams.now;
            datagrams.errors_left = errors_rate;
        }
        if (datagrams.errors_left == 0) return false;
        datagrams.errors_left -= 1;
        return true;
    }

    // Records.

    fn tell(datagrams: *Datagrams, key: Key, names: []const []const u8, decision: policies.Decision, cannot: bool) void {
        datagrams.options.decisions.tell(.{
            .what = "datagram",
            .protocol = key.protocolOf(),
            .subject = .{ .endpoint = .{ .address = key.address(), .port = key.destination_port } },
            .name = if (names.len > 0) names[0] else "",
            .allowed = decision.verdict != .deny and !cannot,
            .reason = if (cannot) .rule else decision.reason,
            .rule = if (cannot) "the host's kernel (net.ipv4.ping_group_range)" else if (decision.rule) |rule| rule.label else "",
        });
    }

    fn tellRefused(datagrams: *Datagrams, packet: packets.Packet, why: []const u8) void {
        const port: u16 = switch (packet.transport) {
            .udp => |udp| udp.destination_port,
            .tcp => |tcp| tcp.destination_port,
            else => 0,
        };
        datagrams.options.decisions.tell(.{
            .what = "datagram",
            .protocol = switch (packet.transport) {
                .tcp => .tcp,
                .echo, .control => .icmp,
                else => .udp,
            },
            .subject = .{ .endpoint = .{ .address = packet.destination, .port = port } },
            .allowed = false,
            .reason = .rule,
            .rule = "the sandbox's device",
            .detail = why,
        });
    }

    // The table.

    fn evict(datagrams: *Datagrams) void {
        // It may be of a flow whose datagrams wait.
        datagrams.flush();
        datagrams.close(datagrams.table.oldestFlow().?);
    }

    fn close(datagrams: *Datagrams, flow: *Flow) void {
        if (flow.fd >= 0) {
            datagrams.loop.remove(&flow.watcher);
            sys.close(flow.fd);
        }
        datagrams.table.remove(flow);
    }

    fn onTick(ticker: *loops.Ticker, now: u64) void {
        const datagrams: *Datagrams = @fieldParentPtr("ticker", ticker);
        datagrams.now = now;
        var next = datagrams.table.oldestFlow();
        while (next) |flow| {
            const idle = now - flow.links.last_used;
            // Those that are newer have been used since.
            if (idle < idle_denied) return;
            next = datagrams.table.newerThan(flow);
            if (idle >= flow.idleMax()) datagrams.close(flow);
        }
    }
};

/// Broadcasts of the sandbox's own subnet too; of others, the host's kernel refuses a socket that
/// has not asked for them (SO_BROADCAST, socket(7)).
fn isForMany(address: Address) bool {
    if (address.isMulticastOrBroadcast()) return true;
    const bytes = address.asV4() orelse return false;
    return std.mem.eql(u8, bytes[0..3], interface.own_v4.bytes[12..15]) and (bytes[3] == 0 or bytes[3] == 255);
}

/// What the sandbox is told; null: nothing, the packet is lost. After EMSGSIZE the host's kernel
/// knows the path and cuts what comes next; the sandbox's would cut it too if it were told, and
/// pieces are not carried.
fn reasonOf(errno: u16) ?packets.Unreachable {
    return switch (@as(std.os.linux.E, @fromBackingInt(errno))) {
        .MSGSIZE, .NOBUFS, .NOMEM, .AGAIN, .INTR, .MFILE, .NFILE => null,
        .CONNREFUSED => .port,
        .NETUNREACH, .NETDOWN, .AFNOSUPPORT => .network,
        .ACCES, .PERM => .prohibited,
        else => .host,
    };
}

comptime {
    std.debug.assert(batch_max <= turn_max);
}

const MSG_DONTWAIT: u32 = 0x40;
const MSG_NOSIGNAL: u32 = 0x4000;

/// Larger than the path takes, no checksums in hardware, an older kernel: then each is sent by itself.
fn isOfSegments(errno: u16) bool {
    return switch (@as(std.os.linux.E, @fromBackingInt(errno))) {
        .INVAL, .IO, .MSGSIZE, .NOPROTOOPT => true,
        else => false,
    };
}
