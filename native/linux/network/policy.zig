//! Which destination the workload may reach: rules in, a decision out. Pure; the one place that
//! decides, for sockets, packets, names and the proxy alike.

const std = @import("std");
const addresses = @import("address.zig");
const Address = addresses.Address;

pub const Protocol = enum(u8) {
    tcp,
    udp,
    icmp,

    fn bit(protocol: Protocol) u8 {
        return @as(u8, 1) << @intCast(@backingInt(protocol));
    }
};

pub const Rule = struct {
    pub const Peer = union(enum) {
        block: addresses.Block,
        /// Lower case, no dot at the end. `subdomains`: every name below it, not itself.
        name: struct { text: []const u8, subdomains: bool },
    };

    peer: Peer,
    /// Parts of a block that the rule does not speak of.
    except: []const addresses.Block = &.{},
    deny: bool,
    protocols: u8,
    first_port: u16 = 0,
    last_port: u16 = 65535,
    /// The rule may open services on the host's loopback.
    host_loopback: bool = false,
    /// A connection that the rule grants by name need not name it in its first bytes.
    any_head: bool = false,
    /// Where the rule was written, for reports.
    label: []const u8,

    fn speaksOf(rule: *const Rule, protocol: Protocol, port: u16) bool {
        if (rule.protocols & protocol.bit() == 0) return false;
        return protocol == .icmp or (port >= rule.first_port and port <= rule.last_port);
    }

    fn covers(rule: *const Rule, address: Address) bool {
        const block = switch (rule.peer) {
            .block => |block| block,
            .name => return false,
        };
        if (!address.isIn(block.address, block.bits)) return false;
        for (rule.except) |part| if (address.isIn(part.address, part.bits)) return false;
        return true;
    }

    fn coversAny(rule: *const Rule, several: []const Address) bool {
        for (several) |address| if (rule.covers(address)) return true;
        return false;
    }

    pub fn matchesName(rule: *const Rule, name: []const u8) bool {
        const wanted = switch (rule.peer) {
            .block => return false,
            .name => |wanted| wanted,
        };
        if (!wanted.subdomains) return std.mem.eql(u8, wanted.text, name);
        return name.len > wanted.text.len + 1 and std.mem.endsWith(u8, name, wanted.text) and
            name[name.len - wanted.text.len - 1] == '.';
    }
};

pub const protocols_all: u8 = 0b111;

pub const Verdict = enum { allow, allow_by_name, deny };

pub const Reason = enum {
    /// `rule` decided.
    rule,
    /// No rule speaks of it; the default did.
    default,
    /// A service on the host's own addresses.
    host_loopback,
};

pub const Decision = struct {
    verdict: Verdict,
    reason: Reason,
    rule: ?*const Rule = null,
};

pub const Policy = struct {
    rules: []const Rule,
    default_allow: bool,
    host_loopback: bool,

    /// `names`: those that permitted look-ups gave this address for, as of now. `on_host`: the
    /// address is one of the host's own (loopback included). An address that a gateway translates to
    /// IPv4 is denied where that one is; it is not allowed for that one's sake.
    pub fn decide(policy: *const Policy, protocol: Protocol, address: Address, port: u16, names: []const []const u8, on_host: bool) Decision {
        var granted: ?Decision = null;
        var buffer: [4]Address = undefined;
        const translations = address.translations(&buffer);
        for (policy.rules) |*rule| {
            if (!rule.speaksOf(protocol, port)) continue;
            const by_address = rule.covers(address) or (rule.deny and rule.coversAny(translations));
            const by_name = !by_address and matchesAny(rule, names);
            if (!by_address and !by_name) continue;
            if (rule.deny) return .{ .verdict = .deny, .reason = .rule, .rule = rule };
            if (on_host and !policy.host_loopback and !rule.host_loopback) continue;
            const verdict: Verdict = if (by_address) .allow else .allow_by_name;
            if (granted == null or (granted.?.verdict == .allow_by_name and verdict == .allow)) {
                granted = .{ .verdict = verdict, .reason = .rule, .rule = rule };
            }
        }
        if (granted) |decision| return decision;
        if (on_host) return .{ .verdict = if (policy.host_loopback) .allow else .deny, .reason = .host_loopback };
        return .{ .verdict = if (policy.default_allow) .allow else .deny, .reason = .default };
    }

    /// May a connection that gives this name be made: some rule grants it, none denies it.
    pub fn permitsName(policy: *const Policy, protocol: Protocol, port: u16, name: []const u8) bool {
        var granted = false;
        for (policy.rules) |*rule| {
            if (!rule.speaksOf(protocol, port) or !rule.matchesName(name)) continue;
            if (rule.deny) return false;
            granted = true;
        }
        return granted;
    }

    /// May this name be looked up: some rule grants it, or everything is. The rule that decided.
    pub fn decideName(policy: *const Policy, name: []const u8) Decision {
        var granted: ?*const Rule = null;
        for (policy.rules) |*rule| {
            if (!rule.matchesName(name)) continue;
            // A denial of some ports only leaves the name to be looked up for the others.
            if (rule.deny) {
                if (rule.protocols == protocols_all and rule.first_port == 0 and rule.last_port == 65535)
                    return .{ .verdict = .deny, .reason = .rule, .rule = rule };
            } else if (granted == null) granted = rule;
        }
        if (granted) |rule| return .{ .verdict = .allow_by_name, .reason = .rule, .rule = rule };
        return .{ .verdict = if (policy.default_allow) .allow else .deny, .reason = .default };
    }

    /// Some rule could allow a packet or connection to the address, whatever its port: an answer
    /// that names it is of use.
    pub fn mayReach(policy: *const Policy, address: Address, on_host: bool) bool {
        if (policy.default_allow and !on_host) return true;
        if (on_host and policy.host_loopback) return true;
        for (policy.rules) |*rule| {
            if (rule.deny or !rule.covers(address)) continue;
            if (!on_host or rule.host_loopback) return true;
        }
        return false;
    }

    /// Could anything but TCP be allowed?
    pub fn allowsDatagrams(policy: *const Policy) bool {
        if (policy.default_allow) return true;
        for (policy.rules) |*rule| {
            if (!rule.deny and rule.protocols & (Protocol.udp.bit() | Protocol.icmp.bit()) != 0) return true;
        }
        return false;
    }

    pub fn hasNames(policy: *const Policy) bool {
        for (policy.rules) |*rule| if (rule.peer == .name) return true;
        return false;
    }
};

fn matchesAny(rule: *const Rule, names: []const []const u8) bool {
    for (names) |name| if (rule.matchesName(name)) return true;
    return false;
}

const tcp_only = @as(u8, 1);

test "deny over allow, the port too, whatever the order" {
    const rules = [_]Rule{
        .{ .peer = .{ .block = .{ .address = .v4(.{ 10, 0, 0, 0 }), .bits = 104 } }, .deny = false, .protocols = tcp_only, .label = "a" },
        .{ .peer = .{ .block = .{ .address = .v4(.{ 10, 1, 0, 0 }), .bits = 112 } }, .deny = true, .protocols = protocols_all, .first_port = 22, .last_port = 22, .label = "b" },
    };
    const policy: Policy = .{ .rules = &rules, .default_allow = false, .host_loopback = false };
    try std.testing.expectEqual(.allow, policy.decide(.tcp, .v4(.{ 10, 1, 1, 1 }), 80, &.{}, false).verdict);
    try std.testing.expectEqual(.deny, policy.decide(.tcp, .v4(.{ 10, 1, 1, 1 }), 22, &.{}, false).verdict);
    try std.testing.expectEqual(.deny, policy.decide(.udp, .v4(.{ 10, 1, 1, 1 }), 80, &.{}, false).verdict);
    try std.testing.expectEqual(.deny, policy.decide(.tcp, .v4(.{ 11, 1, 1, 1 }), 80, &.{}, false).verdict);
    // The host's own address is the host's, whatever block it is in.
    try std.testing.expectEqual(.deny, policy.decide(.tcp, .v4(.{ 10, 1, 1, 1 }), 80, &.{}, true).verdict);
}

test "a denied address is denied in the forms that gateways translate" {
    const rules = [_]Rule{.{ .peer = .{ .block = .{ .address = .v4(.{ 169, 254, 0, 0 }), .bits = 112 } }, .deny = true, .protocols = protocols_all, .label = "a" }};
    const policy: Policy = .{ .rules = &rules, .default_allow = true, .host_loopback = false };
    const translated: Address = .v6(.{ 0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 169, 254, 169, 254 });
    try std.testing.expectEqual(.deny, policy.decide(.tcp, translated, 80, &.{}, false).verdict);
    const allowing = [_]Rule{.{ .peer = .{ .block = .{ .address = .v4(.{ 169, 254, 0, 0 }), .bits = 112 } }, .deny = false, .protocols = protocols_all, .label = "a" }};
    const strict: Policy = .{ .rules = &allowing, .default_allow = false, .host_loopback = false };
    try std.testing.expectEqual(.deny, strict.decide(.tcp, translated, 80, &.{}, false).verdict);
}

test "names: exact, below, and never a suffix that is not a label" {
    const rules = [_]Rule{
        .{ .peer = .{ .name = .{ .text = "wild.test", .subdomains = true } }, .deny = false, .protocols = tcp_only, .label = "a" },
        .{ .peer = .{ .name = .{ .text = "api.test", .subdomains = false } }, .deny = false, .protocols = tcp_only, .first_port = 443, .last_port = 443, .label = "b" },
    };
    const policy: Policy = .{ .rules = &rules, .default_allow = false, .host_loopback = false };
    const address: Address = .v4(.{ 203, 0, 113, 9 });
    try std.testing.expectEqual(.allow_by_name, policy.decide(.tcp, address, 443, &.{"files.wild.test"}, false).verdict);
    try std.testing.expectEqual(.deny, policy.decide(.tcp, address, 443, &.{"wild.test"}, false).verdict);
    try std.testing.expectEqual(.deny, policy.decide(.tcp, address, 443, &.{"evilwild.test"}, false).verdict);
    try std.testing.expectEqual(.deny, policy.decide(.tcp, address, 80, &.{"api.test"}, false).verdict);
    try std.testing.expectEqual(.allow_by_name, policy.decideName("api.test").verdict);
    try std.testing.expectEqual(.deny, policy.decideName("xapi.test").verdict);
}

test "an exception is not spoken of" {
    const part = [_]addresses.Block{.{ .address = .v4(.{ 10, 9, 0, 0 }), .bits = 112 }};
    const rules = [_]Rule{.{ .peer = .{ .block = .{ .address = .v4(.{ 10, 0, 0, 0 }), .bits = 104 } }, .except = &part, .deny = true, .protocols = protocols_all, .label = "a" }};
    const policy: Policy = .{ .rules = &rules, .default_allow = true, .host_loopback = false };
    try std.testing.expectEqual(.deny, policy.decide(.tcp, .v4(.{ 10, 8, 0, 1 }), 80, &.{}, false).verdict);
    try std.testing.expectEqual(.allow, policy.decide(.tcp, .v4(.{ 10, 9, 0, 1 }), 80, &.{}, false).verdict);
}
