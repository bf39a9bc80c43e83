//! What became of each destination: one record per decision, to an events file (JSON lines), as a
//! debug line, and a summary of denials at the end. A workload cannot flood any of them.

const std = @import("std");
const sys = @import("sys");
const interface = @import("interface.zig");
const policies = @import("policy.zig");
const addresses = @import("address.zig");

pub const Subject = union(enum) {
    endpoint: addresses.Endpoint,
    /// A look-up, or a proxy's destination that was never resolved.
    name: []const u8,
};

pub const Record = struct {
    /// "connect", "datagram", "lookup", "proxy", "listen", "accept", "head".
    what: []const u8,
    protocol: policies.Protocol = .tcp,
    subject: Subject,
    /// A permitted name that the address was found by, or that a head spoke of.
    name: []const u8 = "",
    allowed: bool,
    reason: policies.Reason = .default,
    rule: []const u8 = "",
    /// What was wrong, where a head or a message was.
    detail: []const u8 = "",
};

/// Lines of a burst, and per second after it.
const burst = 1000;
const rate = 100;
const summary_max = 32;

const Denied = struct {
    protocol: policies.Protocol,
    endpoint: ?addresses.Endpoint,
    name: [64]u8,
    name_length: u8,
    reason: policies.Reason,
    rule: []const u8,
    count: u32,
};

pub const Decisions = struct {
    events: sys.fd_t = -1,
    /// The standard stream for debug lines.
    debug: sys.fd_t = -1,
    summary: bool = false,
    budget: u32 = burst,
    refilled: u64 = 0,
    suppressed: u64 = 0,
    /// The events file ends within a line.
    cut: bool = false,
    denied: [summary_max]Denied = undefined,
    denied_length: usize = 0,
    denied_more: u64 = 0,

    pub fn tell(decisions: *Decisions, record: Record) void {
        if (!record.allowed and decisions.summary) decisions.remember(record);
        if (decisions.events < 0 and decisions.debug < 0) return;
        if (decisions.budget == 0) decisions.refill();
        if (decisions.budget == 0) {
            decisions.suppressed += 1;
            return;
        }
        decisions.budget -= 1;
        var buffer: [1024]u8 = undefined;
        if (decisions.events >= 0) decisions.append(line(&buffer, record));
        if (decisions.debug >= 0) sys.writeAll(decisions.debug, debugLine(&buffer, record));
    }

    fn refill(decisions: *Decisions) void {
        const now = milliseconds();
        const earned = (now -| decisions.refilled) * rate / 1000;
        if (earned == 0) return;
        decisions.refilled = now;
        decisions.budget = @intCast(@min(earned, burst));
        decisions.tellSuppressed();
    }

    fn tellSuppressed(decisions: *Decisions) void {
        if (decisions.suppressed == 0) return;
        var buffer: [128]u8 = undefined;
        if (decisions.events >= 0) {
            decisions.append(std.fmt.bufPrint(&buffer, "{{\"time\":{d},\"event\":\"suppressed\",\"count\":{d}}}\n", .{ wallClock(), decisions.suppressed }) catch unreachable);
        }
        if (decisions.debug >= 0) {
            sys.writeAll(decisions.debug, std.fmt.bufPrint(&buffer, "Network: {d} decisions not shown\n", .{decisions.suppressed}) catch unreachable);
        }
        decisions.suppressed = 0;
    }

    /// One write per line: lines of several writers do not mix (O_APPEND). A full disk loses lines,
    /// never the run; one that it cut is ended before the next.
    fn append(decisions: *Decisions, text: []const u8) void {
        if (decisions.cut) {
            const ended = sys.call(.write, .{ decisions.events, "\n", @as(usize, 1) });
            if (sys.failed(ended)) return;
        }
        const written = sys.call(.write, .{ decisions.events, text.ptr, text.len });
        decisions.cut = !sys.failed(written) and written < text.len;
    }

    fn remember(decisions: *Decisions, record: Record) void {
        const endpoint: ?addresses.Endpoint = switch (record.subject) {
            .endpoint => |endpoint| endpoint,
            .name => null,
        };
        const name = switch (record.subject) {
            .endpoint => record.name,
            .name => |name| name,
        };
        const shown = name[0..@min(name.len, 64)];
        for (decisions.denied[0..decisions.denied_length]) |*known| {
            if (known.protocol != record.protocol or !std.mem.eql(u8, known.name[0..known.name_length], shown)) continue;
            if ((known.endpoint == null) != (endpoint == null)) continue;
            if (endpoint) |wanted| if (wanted.port != known.endpoint.?.port or !wanted.address.eql(known.endpoint.?.address)) continue;
            known.count +|= 1;
            return;
        }
        if (decisions.denied_length == summary_max) {
            decisions.denied_more += 1;
            return;
        }
        const entry = &decisions.denied[decisions.denied_length];
        decisions.denied_length += 1;
        entry.* = .{ .protocol = record.protocol, .endpoint = endpoint, .name = undefined, .name_length = @intCast(shown.len), .reason = record.reason, .rule = record.rule, .count = 1 };
        @memcpy(entry.name[0..shown.len], shown);
    }

    /// To stderr, at the end.
    pub fn conclude(decisions: *Decisions) void {
        decisions.tellSuppressed();
        if (!decisions.summary or decisions.denied_length == 0) return;
        sys.writeAll(2, "mxc: the policy denied these destinations:\n");
        for (decisions.denied[0..decisions.denied_length]) |*entry| {
            var buffer: [512]u8 = undefined;
            var out: std.Io.Writer = .fixed(&buffer);
            summaryLine(&out, entry) catch {};
            sys.writeAll(2, out.buffered());
        }
        if (decisions.denied_more > 0) {
            var buffer: [96]u8 = undefined;
            sys.writeAll(2, std.fmt.bufPrint(&buffer, "  and {d} more attempts at others\n", .{decisions.denied_more}) catch unreachable);
        }
    }
};

fn summaryLine(out: *std.Io.Writer, entry: *const Denied) std.Io.Writer.Error!void {
    const name = entry.name[0..entry.name_length];
    var text: [45]u8 = undefined;
    try out.writeAll("  ");
    var flag: [128]u8 = undefined;
    var wanted: std.Io.Writer = .fixed(&flag);
    if (entry.endpoint) |endpoint| {
        try writeEndpoint(out, endpoint, entry.protocol, &text);
        if (isHostLoopback(endpoint.address)) {
            try wanted.writeAll("localhost");
            try writePort(&wanted, endpoint, entry.protocol);
        } else try writeEndpoint(&wanted, endpoint, entry.protocol, &text);
    } else {
        try plain(out, name);
        try plain(&wanted, name);
    }
    if (entry.endpoint != null and name.len > 0) {
        try out.writeAll(" (");
        try plain(out, name);
        try out.writeAll(")");
    }
    if (entry.count > 1) try out.print(", {d} times", .{entry.count});
    switch (entry.reason) {
        .rule => try out.print(": denied by {s}\n", .{entry.rule}),
        .host_loopback => try out.print(": a service of the host; --allow-net={s} would allow it\n", .{wanted.buffered()}),
        .default => try out.print(": no rule allows it; --allow-net={s} would\n", .{wanted.buffered()}),
    }
}

fn writeEndpoint(out: *std.Io.Writer, endpoint: addresses.Endpoint, protocol: policies.Protocol, text: *[45]u8) std.Io.Writer.Error!void {
    const address = endpoint.address.format(text);
    const v6 = endpoint.address.asV4() == null;
    if (v6) try out.writeAll("[");
    try out.writeAll(address);
    if (v6) try out.writeAll("]");
    try writePort(out, endpoint, protocol);
}

/// In the sandbox's words or the host's.
fn isHostLoopback(address: addresses.Address) bool {
    return address.isLoopback() or address.eql(interface.gateway_v4) or address.eql(interface.gateway_v6);
}

fn writePort(out: *std.Io.Writer, endpoint: addresses.Endpoint, protocol: policies.Protocol) std.Io.Writer.Error!void {
    if (protocol != .icmp) try out.print(":{d}", .{endpoint.port});
    if (protocol != .tcp) try out.print("/{s}", .{@tagName(protocol)});
}

/// Text of a hostile origin: what could steer a terminal is left out.
fn plain(out: *std.Io.Writer, text: []const u8) std.Io.Writer.Error!void {
    for (text) |character| try out.writeByte(if (character > 0x20 and character < 0x7f) character else '?');
}

fn line(buffer: *[1024]u8, record: Record) []const u8 {
    var out: std.Io.Writer = .fixed(buffer);
    writeLine(&out, record) catch {
        // Cut lines would not be JSON.
        return "{\"event\":\"network\",\"detail\":\"a record was too long\"}\n";
    };
    return out.buffered();
}

fn writeLine(out: *std.Io.Writer, record: Record) std.Io.Writer.Error!void {
    try out.print("{{\"time\":{d},\"event\":\"network\",\"operation\":\"{s}\",\"verdict\":\"{s}\",\"protocol\":\"{s}\"", .{
        wallClock(), record.what, if (record.allowed) "allowed" else "denied", @tagName(record.protocol),
    });
    var text: [45]u8 = undefined;
    var name = record.name;
    switch (record.subject) {
        .endpoint => |endpoint| try out.print(",\"address\":\"{s}\",\"port\":{d}", .{ endpoint.address.format(&text), endpoint.port }),
        .name => |given| name = given,
    }
    if (name.len > 0) {
        try out.writeAll(",\"name\":\"");
        try json(out, name);
        try out.writeAll("\"");
    }
    try out.print(",\"reason\":\"{s}\"", .{@tagName(record.reason)});
    if (record.rule.len > 0) {
        try out.writeAll(",\"rule\":\"");
        try json(out, record.rule);
        try out.writeAll("\"");
    }
    if (record.detail.len > 0) {
        try out.writeAll(",\"detail\":\"");
        try json(out, record.detail);
        try out.writeAll("\"");
    }
    try out.writeAll("}\n");
}

fn json(out: *std.Io.Writer, text: []const u8) std.Io.Writer.Error!void {
    for (text) |character| switch (character) {
        '"', '\\' => try out.writeAll(&.{ '\\', character }),
        0x20...'"' - 1, '"' + 1...'\\' - 1, '\\' + 1...0x7e => try out.writeByte(character),
        else => try out.print("\\u{x:0>4}", .{character}),
    };
}

fn debugLine(buffer: *[1024]u8, record: Record) []const u8 {
    var out: std.Io.Writer = .fixed(buffer);
    writeDebug(&out, record) catch {};
    return out.buffered();
}

fn writeDebug(out: *std.Io.Writer, record: Record) std.Io.Writer.Error!void {
    var text: [45]u8 = undefined;
    try out.print("Network: {s} ", .{record.what});
    switch (record.subject) {
        .endpoint => |endpoint| try writeEndpoint(out, endpoint, record.protocol, &text),
        .name => |name| try plain(out, name),
    }
    if (record.name.len > 0) {
        try out.writeAll(" (");
        try plain(out, record.name);
        try out.writeAll(")");
    }
    try out.print(" {s}: {s}", .{ if (record.allowed) "allowed" else "denied", @tagName(record.reason) });
    if (record.rule.len > 0) try out.print(" {s}", .{record.rule});
    if (record.detail.len > 0) try out.print(" ({s})", .{record.detail});
    try out.writeAll("\n");
}

/// Milliseconds since 1970.
fn wallClock() u64 {
    return clock(0);
}

fn milliseconds() u64 {
    return clock(1);
}

fn clock(id: usize) u64 {
    var time: [2]u64 = .{ 0, 0 };
    _ = sys.call(.clock_gettime, .{ id, &time });
    return time[0] * std.time.ms_per_s + time[1] / std.time.ns_per_ms;
}
