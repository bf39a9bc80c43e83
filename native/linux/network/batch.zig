//! Several datagrams in one system call: struct mmsghdr (sendmmsg(2)), and runs of them that the
//! kernel carries as one.

const std = @import("std");

/// No more than a kernel cuts out of one (UDP_MAX_SEGMENTS, linux/udp.h: 64 at least).
pub const batch_max = 32;

/// Bytes of datagrams that go as one: they fit in an IP packet with its headers.
pub const run_size_max = 65000;

pub const Vector = extern struct { base: [*]u8, length: usize };

/// Without an address.
pub const Message = extern struct {
    name: usize = 0,
    name_length: u32 = 0,
    vectors: *Vector,
    vector_count: usize = 1,
    control: ?*const Control = null,
    control_length: usize = 0,
    flags: u32 = 0,
    padding: u32 = 0,
    /// How long what was received is.
    length: u32 = 0,
    end: u32 = 0,
};

/// struct cmsghdr of SOL_UDP and UDP_SEGMENT, a segment's size behind it (udp(7)).
const Control = extern struct {
    length: usize = 18,
    level: u32 = 17,
    type: u32 = 103,
    size: u16,
    padding: [6]u8 = @splat(0),
};

comptime {
    std.debug.assert(@sizeOf(Message) == 64 and @offsetOf(Message, "length") == 56);
    std.debug.assert(@sizeOf(Control) == 24);
}

/// How many, from the first on, can go as one: of one length, of which the last may be shorter.
/// `lengths` answers for an index; there is at least one.
pub fn runLength(count: usize, lengths: anytype) usize {
    const size: usize = lengths.at(0);
    var total = size;
    var end: usize = 1;
    while (end < count) : (end += 1) {
        const next: usize = lengths.at(end);
        if (next == 0 or next > size or lengths.at(end - 1) < size or total + next > run_size_max) break;
        total += next;
    }
    return end;
}

/// The messages of one sendmmsg.
pub const Sending = struct {
    vectors: [batch_max]Vector,
    messages: [batch_max]Message,
    controls: [batch_max]Control,
    length: usize,

    /// At most `batch_max` payloads. `runs`: those that can go as one do.
    pub fn fill(sending: *Sending, payloads: []const []const u8, runs: bool) void {
        sending.length = 0;
        for (payloads, sending.vectors[0..payloads.len]) |payload, *vector| {
            vector.* = .{ .base = @constCast(payload.ptr), .length = payload.len };
        }
        var first: usize = 0;
        while (first < payloads.len) {
            const rest = payloads[first..];
            const count = if (runs) runLength(rest.len, Lengths{ .payloads = rest }) else 1;
            const message = &sending.messages[sending.length];
            message.* = .{ .vectors = &sending.vectors[first], .vector_count = count };
            if (count > 1) {
                sending.controls[sending.length] = .{ .size = @intCast(rest[0].len) };
                message.control = &sending.controls[sending.length];
                message.control_length = @sizeOf(Control);
            }
            sending.length += 1;
            first += count;
        }
    }

    const Lengths = struct {
        payloads: []const []const u8,
        pub fn at(lengths: Lengths, index: usize) usize {
            return lengths.payloads[index].len;
        }
    };
};

test "runs end where a length grows, after a shorter one, at an empty one, and at an IP packet's size" {
    const bytes: [40000]u8 = @splat(0);
    var sending: Sending = undefined;
    const check = struct {
        fn check(into: *Sending, lengths: []const usize, runs: bool, expected: []const usize) !void {
            var payloads: [batch_max][]const u8 = undefined;
            for (lengths, payloads[0..lengths.len]) |length, *payload| payload.* = bytes[0..length];
            into.fill(payloads[0..lengths.len], runs);
            try std.testing.expectEqual(expected.len, into.length);
            for (expected, into.messages[0..into.length]) |count, message| {
                try std.testing.expectEqual(count, message.vector_count);
                try std.testing.expectEqual(count > 1, message.control != null);
            }
        }
    }.check;
    try check(&sending, &.{ 10, 10, 10 }, true, &.{3});
    try check(&sending, &.{ 10, 10, 10 }, false, &.{ 1, 1, 1 });
    try check(&sending, &.{ 10, 10, 5, 5, 5 }, true, &.{ 3, 2 });
    try check(&sending, &.{ 10, 11, 10 }, true, &.{ 1, 2 });
    try check(&sending, &.{ 10, 0, 10, 0, 0 }, true, &.{ 1, 1, 1, 1, 1 });
    try check(&sending, &.{ 40000, 25000, 25001, 25001, 25001 }, true, &.{ 2, 2, 1 });
    try check(&sending, &.{40000}, true, &.{1});
}
