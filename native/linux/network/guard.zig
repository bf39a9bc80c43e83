//! Watches what a workload sends on a connection that was granted by name, from the first byte on.
//! It decides on bytes alone. Nothing passes before a permitted name was given; HTTP is followed request by request, TLS
//! until its greeting is over.

const std = @import("std");
const heads = @import("head.zig");
const http_stream = @import("http_stream.zig");
const relays = @import("relay.zig");
const Permitted = heads.Permitted;
const Reason = heads.Reason;
const Step = heads.Step;

pub const Guard = struct {
    permitted: Permitted,
    state: union(enum) { head, tls: heads.Tls, http: http_stream.Requests } = .head,
    /// Why it refused.
    reason: ?Reason = null,

    /// `bytes`: what has not passed yet, in order. `more` is only said of fewer than
    /// `heads.head_max` bytes.
    pub fn next(guard: *Guard, bytes: []const u8) Step {
        const step = switch (guard.state) {
            .head => guard.first(bytes),
            .tls => |*tls| tls.next(bytes, guard.permitted),
            .http => |*requests| requests.next(bytes, guard.permitted),
        };
        if (step == .refuse) guard.reason = step.refuse;
        return step;
    }

    fn first(guard: *Guard, bytes: []const u8) Step {
        const head = switch (heads.look(bytes)) {
            .more => return .more,
            .refuse => |reason| return .{ .refuse = reason },
            .ok => |head| head,
        };
        if (!guard.permitted.permits(guard.permitted.context, head.name.text())) return .{ .refuse = .other_name };
        if (head.is_tls) {
            guard.state = .{ .tls = .{ .early_data = head.early_data } };
            return .{ .pass = head.length };
        }
        guard.state = .{ .http = .{} };
        return guard.state.http.next(bytes, guard.permitted);
    }

    /// For a relay's outgoing direction. The guard stays where it is for as long.
    pub fn inspector(guard: *Guard) relays.Inspector {
        return .{ .context = guard, .look = look };
    }

    fn look(context: *anyopaque, bytes: []const u8) relays.Verdict {
        const guard: *Guard = @ptrCast(@alignCast(context));
        return switch (guard.next(bytes)) {
            .pass => |length| .{ .pass = .{ .length = length } },
            .pass_all => .{ .pass = .{ .length = bytes.len, .then = .all } },
            .more => .more,
            .refuse => .{ .refuse = guard.reply(bytes[0]) },
        };
    }

    /// What tells the workload's client why its connection ends, in the protocol that it began;
    /// empty where nothing can be said.
    fn reply(guard: *const Guard, first_byte: u8) []const u8 {
        const reason = guard.reason orelse return "";
        if (guard.state == .tls) return "";
        if (first_byte == 22) return &alert;
        return switch (reason) {
            .unknown_protocol, .http2_without_tls, .too_long, .incomplete, .upgraded => "",
            inline else => |known| comptime forbidden(known),
        };
    }

    fn forbidden(comptime reason: Reason) []const u8 {
        const body = "mxc: " ++ reason.text() ++ "\n";
        return std.fmt.comptimePrint("HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: {d}\r\nConnection: close\r\n\r\n{s}", .{ body.len, body });
    }

    /// Fatal access_denied (RFC 8446, 6.2).
    const alert = [_]u8{ 21, 3, 3, 0, 2, 2, 49 };
};

const testing = std.testing;

fn onlyA(_: *const anyopaque, name: []const u8) bool {
    return std.mem.eql(u8, name, "a.test");
}

const only_a: Permitted = .{ .context = &onlyA, .permits = onlyA };

test "nothing before a name, and the same name after" {
    const get = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
    var guard: Guard = .{ .permitted = only_a };
    try testing.expect(guard.next(get[0..20]) == .more);
    try testing.expectEqual(get.len, guard.next(get).pass);
    try testing.expectEqual(.other_name, guard.next("GET / HTTP/1.1\r\nHost: b.test\r\n\r\n").refuse);
}

test "the client is told" {
    var guard: Guard = .{ .permitted = only_a };
    try testing.expect(guard.next("GET / HTTP/1.1\r\nHost: b.test\r\n\r\n") == .refuse);
    try testing.expect(std.mem.startsWith(u8, guard.reply('G'), "HTTP/1.1 403 Forbidden\r\n"));
    guard = .{ .permitted = only_a };
    try testing.expect(guard.next("SSH-2.0-x\r\n") == .refuse);
    try testing.expectEqualStrings("", guard.reply('S'));
    guard = .{ .permitted = only_a };
    try testing.expect(guard.next(&.{ 22, 3, 1, 0, 0 }) == .refuse);
    try testing.expectEqual(21, guard.reply(22)[0]);
}
