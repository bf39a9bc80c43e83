//! Two connected stream sockets, the workload's (`near`) and the outside's (`far`), and the copying
//! between them: both ways, half-closes kept, a failure passed on as a reset. What passes may be
//! looked at, held back and replaced in either direction; the rules are the inspectors', not this
//! file's.
//!
//! Bytes are looked at in the kernel's buffer (MSG_PEEK) and taken out once they were sent on. So a
//! connection holds no memory here, a stalled receiver slows its sender as if there were no relay,
//! and a socket can change hands between any two bytes. What nobody looks at goes through a pipe
//! (splice(2)), which a direction holds only while its receiver stalls: measured, half of the processor
//! time.

const std = @import("std");
const sys = @import("sys");
const loops = @import("loop.zig");
const sockets = @import("sockets.zig");

/// What happens once the bytes of a verdict have left.
pub const Then = enum {
    /// The inspector is asked about what follows, perhaps at once.
    ask,
    /// As `ask`, but not before these bytes have left: a `replace` may be the answer.
    ask_later,
    /// All that follows passes unseen.
    all,
    /// Nothing more is read in this direction.
    wait,
    /// The exchange is over: `far` is closed, `near` given back.
    done,
};

pub const Verdict = union(enum) {
    /// That many bytes leave, one at least, those not seen yet included.
    pass: struct { length: u64, then: Then = .ask },
    /// `with` leaves in the place of the first `length` bytes. Only where nothing that passed earlier
    /// is still here: at the start, and after `ask_later`. `with` is used before the next call.
    replace: Replacement,
    /// These bytes are too few to say. Never of `scratch_size` bytes.
    more,
    /// The relay ends. These bytes, if any, are said to `near`, unless something passed before.
    refuse: []const u8,
};

pub const Replacement = struct { length: usize, with: []const u8, then: Then = .ask };

pub const Inspector = struct {
    context: *anyopaque,
    /// `bytes`: what has not passed yet, at least one byte. The inspector moves past what it lets
    /// pass and is asked next about what follows it.
    look: *const fn (context: *anyopaque, bytes: []const u8) Verdict,
};

pub const End = struct {
    how: enum {
        /// Both sides have said all.
        finished,
        /// One of them failed; the other was reset.
        reset,
        refused,
        /// An inspector said `done`.
        done,
    },
    /// Bytes from near to far, and back.
    sent: u64,
    received: u64,
    /// Not closed, and the caller's again: after `done` only.
    near: sys.fd_t = -1,
};

pub const Options = struct {
    /// Both connected and non-blocking, as files (O_NONBLOCK): splice(2) has no other say.
    near: sys.fd_t,
    far: sys.fd_t,
    /// Near to far, far to near; everything passes without one.
    outgoing: ?Inspector = null,
    incoming: ?Inspector = null,
    context: *anyopaque,
    /// Once, when the relay is over and its sockets closed; it may start another.
    closed: *const fn (context: *anyopaque, end: End) void,
};

/// Of what is looked at in one piece. Measured: more gains nothing on loopback.
pub const scratch_size = 64 * 1024;

const ET: u32 = 1 << 31;
const MSG_PEEK: u32 = 0x2;
const MSG_TRUNC: u32 = 0x20;
const MSG_DONTWAIT: u32 = 0x40;
const MSG_NOSIGNAL: u32 = 0x4000;
const SHUT_WR: u32 = 1;
const everything = std.math.maxInt(u64);

const Flow = struct {
    inspector: ?Inspector,
    /// Bytes that may leave without being asked about.
    approved: u64,
    then: Then = .ask,
    state: enum { open, needs_more, waiting, ended } = .open,
    /// The receiver takes no more for now.
    blocked: bool = false,
    /// Of a replacement that did not leave at once.
    leftover: []u8 = &.{},
    leftover_sent: usize = 0,
    /// The pipe, and how much is in it: never nothing.
    pipe: ?Pipe = null,
    piped: usize = 0,
    /// The sockets are of a kind that splice(2) does not know.
    copies: bool = false,
    bytes: u64 = 0,

    fn init(inspector: ?Inspector) Flow {
        return .{ .inspector = inspector, .approved = if (inspector == null) everything else 0 };
    }

    fn isRead(flow: *const Flow) bool {
        return flow.state == .open or flow.state == .needs_more;
    }

    const Asked = union(enum) { leave, more, replace: Replacement, refuse: []const u8 };

    fn ask(flow: *Flow, bytes: []const u8) Asked {
        while (flow.approved < bytes.len and flow.then == .ask) {
            const inspector = flow.inspector.?;
            switch (inspector.look(inspector.context, bytes[@intCast(flow.approved)..])) {
                .pass => |pass| {
                    std.debug.assert(pass.length > 0);
                    flow.approved +|= pass.length;
                    flow.then = pass.then;
                },
                .replace => |replacement| {
                    std.debug.assert(flow.approved == 0);
                    return .{ .replace = replacement };
                },
                .more => break,
                .refuse => |reply| return .{ .refuse = reply },
            }
        }
        return if (flow.approved > 0) .leave else .more;
    }

    /// All that was approved has left.
    fn proceed(flow: *Flow) Relay.Progress {
        const then = flow.then;
        flow.then = .ask;
        switch (then) {
            .ask, .ask_later => {},
            .all => flow.approved = everything,
            .wait => flow.state = .waiting,
            .done => return .done,
        }
        return .again;
    }

    fn block(flow: *Flow) Relay.Progress {
        flow.blocked = true;
        return .idle;
    }

    fn end(flow: *Flow) void {
        flow.state = .ended;
        flow.blocked = false;
        flow.freeLeftover();
        if (flow.pipe) |pipe| pipe.close();
        flow.pipe = null;
    }

    fn freeLeftover(flow: *Flow) void {
        if (flow.leftover.len > 0) std.heap.page_allocator.free(flow.leftover);
        flow.leftover = &.{};
        flow.leftover_sent = 0;
    }
};

const pipe_size: usize = 256 * 1024;
const SPLICE_F_MOVE: u32 = 1;
const SPLICE_F_NONBLOCK: u32 = 2;

const Pipe = struct {
    read: sys.fd_t,
    write: sys.fd_t,

    fn open() ?Pipe {
        var ends: [2]sys.fd_t = undefined;
        const O_CLOEXEC: u32 = 0o2000000;
        if (sys.failed(sys.call(.pipe2, .{ &ends, sockets.O_NONBLOCK | O_CLOEXEC }))) return null;
        // Beyond its user's limit (pipe(7)) it stays smaller, and does too.
        const F_SETPIPE_SZ: u32 = 1031;
        _ = sys.call(.fcntl, .{ ends[1], F_SETPIPE_SZ, pipe_size });
        return .{ .read = ends[0], .write = ends[1] };
    }

    fn close(pipe: Pipe) void {
        sys.close(pipe.read);
        sys.close(pipe.write);
    }
};

fn ignorePipeSignal() void {
    var action: std.os.linux.Sigaction = .{ .handler = .{ .handler = std.os.linux.SIG.IGN }, .mask = std.os.linux.sigemptyset(), .flags = 0 };
    _ = std.os.linux.sigaction(.PIPE, &action, null);
}

const Side = struct {
    watcher: loops.Watcher,
    fd: sys.fd_t,
    events: u32 = loops.IN,
    /// No byte will arrive that is not here yet.
    at_end: bool = false,
    /// No longer watched: epoll would tell of its hang-up for ever, and there is nothing else to tell.
    parked: bool = false,
};

/// Fills of the buffer for one direction before others have their turn.
const rounds_max = 8;
const Outcome = enum { goes_on, reset, refused, done };

pub const Relay = struct {
    relays: *Relays,
    next: ?*Relay = null,
    near: Side,
    far: Side,
    outgoing: Flow,
    incoming: Flow,
    /// One side could not be told something.
    broken: bool = false,
    /// `near` was told why it ends.
    is_told: bool = false,
    context: *anyopaque,
    closed: *const fn (context: *anyopaque, end: End) void,

    fn onNear(watcher: *loops.Watcher, events: u32) void {
        const side: *Side = @fieldParentPtr("watcher", watcher);
        const relay: *Relay = @fieldParentPtr("near", side);
        relay.onEvents(&relay.near, &relay.outgoing, &relay.incoming, events);
    }

    fn onFar(watcher: *loops.Watcher, events: u32) void {
        const side: *Side = @fieldParentPtr("watcher", watcher);
        const relay: *Relay = @fieldParentPtr("far", side);
        relay.onEvents(&relay.far, &relay.incoming, &relay.outgoing, events);
    }

    fn onEvents(relay: *Relay, side: *Side, from: *Flow, into: *Flow, events: u32) void {
        const is_hung_up = events & (loops.HUP | loops.ERR) != 0;
        if (is_hung_up or events & loops.RDHUP != 0) side.at_end = true;
        if (events & loops.OUT != 0) into.blocked = false;
        if (is_hung_up) {
            // It takes nothing more; what it said before is still read to its end.
            if (into.state != .ended) {
                if (into.state != .waiting) relay.broken = true;
                into.end();
            }
            relay.relays.loop.remove(&side.watcher);
            side.parked = true;
        }
        var outcome: Outcome = .goes_on;
        if (into.isRead() and !into.blocked) outcome = relay.pump(into);
        if (outcome == .goes_on and from.isRead() and !from.blocked) outcome = relay.pump(from);
        if (outcome == .goes_on) {
            const is_over = relay.incoming.state == .ended and
                (relay.outgoing.state == .ended or relay.outgoing.state == .waiting);
            if (!is_over) {
                relay.watch(&relay.near, &relay.outgoing, &relay.incoming);
                relay.watch(&relay.far, &relay.incoming, &relay.outgoing);
                return;
            }
        }
        relay.finish(switch (outcome) {
            .goes_on => if (relay.broken) .reset else .finished,
            .reset => .reset,
            .refused => .refused,
            .done => .done,
        });
    }

    fn watch(relay: *Relay, side: *Side, from: *const Flow, into: *const Flow) void {
        if (side.parked) return;
        var events: u32 = 0;
        if (!from.blocked) switch (from.state) {
            .open => events |= loops.IN,
            // What is here stays here, so only its growth is news.
            .needs_more => events |= loops.IN | loops.RDHUP | ET,
            .waiting, .ended => {},
        };
        if (into.blocked) events |= loops.OUT;
        if (events == side.events) return;
        side.events = events;
        relay.relays.loop.modify(&side.watcher, events);
    }

    /// Copies what can be copied now, up to a share of the thread's time.
    fn pump(relay: *Relay, flow: *Flow) Outcome {
        const is_outgoing = flow == &relay.outgoing;
        const from = if (is_outgoing) &relay.near else &relay.far;
        const to = if (is_outgoing) &relay.far else &relay.near;
        var rounds: usize = 0;
        // Nobody tells about a parked side again, so it is read to its end.
        while (flow.isRead() and (rounds < rounds_max or from.parked)) : (rounds += 1) {
            switch (relay.step(flow, from, to)) {
                .again => {},
                .idle => return .goes_on,
                .reset => return .reset,
                .refused => return .refused,
                .done => return .done,
                .deaf => {
                    // What the other side has said already is still worth reading to its end.
                    const back = if (is_outgoing) &relay.incoming else &relay.outgoing;
                    if (!back.isRead()) return .reset;
                    relay.broken = true;
                    flow.end();
                },
            }
        }
        return .goes_on;
    }

    const Progress = enum { again, idle, reset, refused, done, deaf };

    fn step(relay: *Relay, flow: *Flow, from: *Side, to: *Side) Progress {
        const scratch = relay.relays.scratch;
        if (flow.leftover.len > 0) {
            const rest = flow.leftover[flow.leftover_sent..];
            const sent = send(to.fd, rest) orelse return .deaf;
            flow.leftover_sent += sent;
            if (sent < rest.len) return flow.block();
            flow.freeLeftover();
            return flow.proceed();
        }
        if (flow.approved == everything and !flow.copies) {
            if (relay.splice(flow, from, to)) |progress| return progress;
        }
        const result = sys.call(.recvfrom, .{ from.fd, scratch.ptr, scratch.len, MSG_PEEK | MSG_DONTWAIT, @as(usize, 0), @as(usize, 0) });
        switch (sys.errnoOf(result)) {
            0 => {},
            sockets.EAGAIN => return .idle,
            else => return .reset,
        }
        if (result == 0) {
            flow.end();
            _ = sys.call(.shutdown, .{ to.fd, SHUT_WR });
            return .idle;
        }
        const bytes = scratch[0..result];
        switch (flow.ask(bytes)) {
            .more => {
                if (from.at_end or bytes.len == scratch.len) return .refused;
                flow.state = .needs_more;
                return .idle;
            },
            .refuse => |reply| {
                relay.tellNear(reply);
                return .refused;
            },
            .replace => |replacement| {
                flow.state = .open;
                flow.then = replacement.then;
                const sent = send(to.fd, replacement.with) orelse return .deaf;
                if (!discard(from.fd, replacement.length, scratch)) return .reset;
                flow.bytes += replacement.with.len;
                if (sent == replacement.with.len) return flow.proceed();
                flow.leftover = std.heap.page_allocator.dupe(u8, replacement.with[sent..]) catch return .reset;
                return flow.block();
            },
            .leave => {
                flow.state = .open;
                const leaving = bytes[0..@intCast(@min(flow.approved, bytes.len))];
                const sent = send(to.fd, leaving) orelse return .deaf;
                if (sent > 0 and !discard(from.fd, sent, scratch)) return .reset;
                flow.bytes += sent;
                if (flow.approved != everything) flow.approved -= sent;
                if (sent < leaving.len) return flow.block();
                return if (flow.approved == 0) flow.proceed() else .again;
            },
        }
    }

    /// Null: it cannot be done, and nothing was.
    fn splice(relay: *Relay, flow: *Flow, from: *Side, to: *Side) ?Progress {
        const relays = relay.relays;
        if (flow.pipe == null) {
            const pipe = relays.takePipe() orelse return null;
            const result = sys.call(.splice, .{ from.fd, @as(usize, 0), pipe.write, @as(usize, 0), pipe_size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK });
            const errno = sys.errnoOf(result);
            if (errno != 0 or result == 0) {
                relays.givePipe(pipe);
                switch (errno) {
                    0 => {
                        flow.end();
                        _ = sys.call(.shutdown, .{ to.fd, SHUT_WR });
                        return .idle;
                    },
                    sockets.EAGAIN => return .idle,
                    sockets.EINVAL => {
                        flow.copies = true;
                        return null;
                    },
                    else => return .reset,
                }
            }
            flow.pipe = pipe;
            flow.piped = result;
        }
        const pipe = flow.pipe.?;
        while (flow.piped > 0) {
            const result = sys.call(.splice, .{ pipe.read, @as(usize, 0), to.fd, @as(usize, 0), flow.piped, SPLICE_F_MOVE | SPLICE_F_NONBLOCK });
            switch (sys.errnoOf(result)) {
                0 => {},
                sockets.EAGAIN => return flow.block(),
                else => return .deaf,
            }
            if (result == 0) return .deaf;
            flow.piped -= result;
            flow.bytes += result;
        }
        flow.pipe = null;
        relays.givePipe(pipe);
        return .again;
    }

    fn tellNear(relay: *Relay, reply: []const u8) void {
        if (reply.len == 0 or relay.incoming.bytes > 0 or relay.outgoing.bytes > 0) return;
        const near = relay.near.fd;
        // Bytes that are closed upon unread would turn the close into a reset.
        _ = sys.call(.recvfrom, .{ near, relay.relays.scratch.ptr, relay.relays.scratch.len, MSG_DONTWAIT, @as(usize, 0), @as(usize, 0) });
        const sent = send(near, reply) orelse return;
        if (sent < reply.len) return;
        _ = sys.call(.shutdown, .{ near, SHUT_WR });
        relay.is_told = true;
    }

    fn finish(relay: *Relay, how: @FieldType(End, "how")) void {
        const relays = relay.relays;
        relays.loop.remove(&relay.near.watcher);
        relays.loop.remove(&relay.far.watcher);
        const end: End = .{
            .how = how,
            .sent = relay.outgoing.bytes,
            .received = relay.incoming.bytes,
            .near = if (how == .done) relay.near.fd else -1,
        };
        const closed = relay.closed;
        const context = relay.context;
        switch (how) {
            .finished => {
                sys.close(relay.near.fd);
                sys.close(relay.far.fd);
            },
            .done => sys.close(relay.far.fd),
            .reset => {
                reset(relay.near.fd);
                reset(relay.far.fd);
            },
            .refused => {
                if (relay.is_told) sys.close(relay.near.fd) else reset(relay.near.fd);
                reset(relay.far.fd);
            },
        }
        relay.outgoing.end();
        relay.incoming.end();
        relays.release(relay);
        closed(context, end);
    }
};

/// All relays of a broker: room for a fixed number, and the one buffer that they copy through.
pub const Relays = struct {
    loop: *loops.Loop,
    all: []Relay,
    used: usize = 0,
    free: ?*Relay = null,
    scratch: []u8,
    /// Empty ones.
    pipes: [16]Pipe = undefined,
    pipe_count: usize = 0,

    /// Memory is only taken as relays are used. The process ignores SIGPIPE from here on, which
    /// splice(2), unlike send(2), cannot be told to leave out.
    pub fn init(loop: *loops.Loop, count: usize) error{OutOfMemory}!Relays {
        ignorePipeSignal();
        const all = try std.heap.page_allocator.alloc(Relay, count);
        errdefer std.heap.page_allocator.free(all);
        return .{ .loop = loop, .all = all, .scratch = try std.heap.page_allocator.alloc(u8, scratch_size) };
    }

    /// None may be running.
    pub fn deinit(relays: *Relays) void {
        for (relays.pipes[0..relays.pipe_count]) |pipe| pipe.close();
        std.heap.page_allocator.free(relays.all);
        std.heap.page_allocator.free(relays.scratch);
    }

    fn takePipe(relays: *Relays) ?Pipe {
        if (relays.pipe_count > 0) {
            relays.pipe_count -= 1;
            return relays.pipes[relays.pipe_count];
        }
        return Pipe.open();
    }

    fn givePipe(relays: *Relays, pipe: Pipe) void {
        if (relays.pipe_count == relays.pipes.len) return pipe.close();
        relays.pipes[relays.pipe_count] = pipe;
        relays.pipe_count += 1;
    }

    /// Takes both sockets, which nothing else may watch. Null, and they are still the caller's:
    /// there is no room. Nothing is copied, and `closed` not called, before this returns.
    pub fn start(relays: *Relays, wanted: Options) ?*Relay {
        const relay = relays.allocate() orelse return null;
        relay.* = .{
            .relays = relays,
            .near = .{ .watcher = .{ .callback = Relay.onNear }, .fd = wanted.near },
            .far = .{ .watcher = .{ .callback = Relay.onFar }, .fd = wanted.far },
            .outgoing = .init(wanted.outgoing),
            .incoming = .init(wanted.incoming),
            .context = wanted.context,
            .closed = wanted.closed,
        };
        relays.loop.add(&relay.near.watcher, wanted.near, loops.IN) catch {
            relays.release(relay);
            return null;
        };
        relays.loop.add(&relay.far.watcher, wanted.far, loops.IN) catch {
            relays.loop.remove(&relay.near.watcher);
            relays.release(relay);
            return null;
        };
        return relay;
    }

    fn allocate(relays: *Relays) ?*Relay {
        if (relays.free) |relay| {
            relays.free = relay.next;
            return relay;
        }
        if (relays.used == relays.all.len) return null;
        relays.used += 1;
        return &relays.all[relays.used - 1];
    }

    fn release(relays: *Relays, relay: *Relay) void {
        relay.next = relays.free;
        relays.free = relay;
    }
};

/// How many bytes it took, 0 where it takes none now; null when it will take none again.
fn send(fd: sys.fd_t, bytes: []const u8) ?usize {
    const result = sys.call(.sendto, .{ fd, bytes.ptr, bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL, @as(usize, 0), @as(usize, 0) });
    return switch (sys.errnoOf(result)) {
        0 => result,
        sockets.EAGAIN => 0,
        else => null,
    };
}

/// Takes `count` bytes, which were looked at, out of the socket. TCP copies nothing for it (tcp(7),
/// MSG_TRUNC); unix sockets do.
pub fn discard(fd: sys.fd_t, count: usize, scratch: []u8) bool {
    var rest = count;
    while (rest > 0) {
        const result = sys.call(.recvfrom, .{ fd, scratch.ptr, @min(rest, scratch.len), MSG_TRUNC | MSG_DONTWAIT, @as(usize, 0), @as(usize, 0) });
        if (sys.failed(result) or result == 0) return false;
        rest -= result;
    }
    return true;
}

/// Closes so that the other end sees a failure, not an end.
pub fn reset(fd: sys.fd_t) void {
    const linger = [2]u32{ 1, 0 };
    _ = sys.call(.setsockopt, .{ fd, sockets.SOL_SOCKET, sockets.SO_LINGER, &linger, @as(u32, 8) });
    sys.close(fd);
}

test {
    _ = @import("relay_test.zig");
}
