//! Which name gave which address, and until when. A connection to an address is granted, or denied,
//! by name only under such a record. Pure.

const std = @import("std");
const addresses = @import("address.zig");
const dns = @import("dns.zig");
const Address = addresses.Address;

/// Records at one time. When all are taken the plain one that ends first makes room: something
/// granted is then asked for again, nothing is granted that was not. What is denied makes room for
/// nothing: with its record the denial would go.
pub const records_max = 8192;

/// Seconds. Programs keep what they were told for longer than a zone of five seconds wants; an
/// address that a zone gave a day ago may be another's.
pub const ttl_min = 30;
pub const ttl_max = 3600;

/// In the order in which `of` tells them. Who has a name that nothing denies can point it at any
/// address, as often as they like; a rule that denies must be seen before all that.
pub const Kind = enum {
    /// A name that a rule denies, which the broker itself has looked up.
    denied,
    /// A name that some rule denies in part (some ports, a protocol).
    watched,
    plain,
};

const Key = struct {
    address: Address,
    /// Seconds of the monotonic clock.
    expires: u64,
    kind: Kind,
};

pub const Names = struct {
    /// Apart from the texts, as each connection looks through them all.
    keys: []Key = &.{},
    texts: []dns.Name = &.{},
    used: usize = 0,

    pub fn deinit(names: *Names) void {
        std.heap.page_allocator.free(names.keys);
        std.heap.page_allocator.free(names.texts);
        names.* = .{};
    }

    /// `name`: lower case, without a final dot. `ttl`, `now`: seconds.
    pub fn pin(names: *Names, name: []const u8, address: Address, ttl: u32, now: u64) error{ OutOfMemory, Full }!void {
        return names.pinAs(.plain, name, address, std.math.clamp(ttl, ttl_min, ttl_max), now);
    }

    /// Until `now + seconds`. Full: each record is of a name that is denied; the address must then
    /// not be told to the workload.
    pub fn pinAs(names: *Names, kind: Kind, name: []const u8, address: Address, seconds: u64, now: u64) error{ OutOfMemory, Full }!void {
        if (name.len > dns.name_max) return error.Full;
        if (names.keys.len == 0) {
            names.keys = try std.heap.page_allocator.alloc(Key, records_max);
            errdefer names.deinit();
            names.texts = try std.heap.page_allocator.alloc(dns.Name, records_max);
        }
        const expires = now + seconds;
        var place: ?usize = null;
        for (names.keys[0..names.used], 0..) |*key, index| {
            if (key.address.eql(address) and std.mem.eql(u8, names.texts[index].text(), name)) {
                key.expires = @max(key.expires, expires);
                // Of what is denied in part and in full, the stricter stays.
                if (@backingInt(kind) < @backingInt(key.kind)) key.kind = kind;
                return;
            }
            if (key.expires > now and key.kind != .plain) continue;
            if (place == null or key.expires < names.keys[place.?].expires) place = index;
        }
        if (place == null or names.keys[place.?].expires > now) {
            if (names.used < records_max) {
                place = names.used;
                names.used += 1;
            }
        }
        const index = place orelse return error.Full;
        names.keys[index] = .{ .address = address, .expires = expires, .kind = kind };
        names.texts[index] = .{ .length = @intCast(name.len) };
        @memcpy(names.texts[index].buffer[0..name.len], name);
    }

    /// What is recorded of a denied name lasts until `now + seconds` at least.
    pub fn prolong(names: *Names, name: []const u8, seconds: u64, now: u64) void {
        for (names.keys[0..names.used], 0..) |*key, index| {
            if (key.kind != .denied or key.expires <= now or !std.mem.eql(u8, names.texts[index].text(), name)) continue;
            key.expires = @max(key.expires, now + seconds);
        }
    }

    /// As many as `out` takes, those that rules deny first.
    pub fn of(names: *const Names, address: Address, now: u64, out: [][]const u8) [][]const u8 {
        var count: usize = 0;
        for (std.enums.values(Kind)) |kind| {
            for (names.keys[0..names.used], 0..) |*key, index| {
                if (count == out.len) return out;
                if (key.kind != kind or key.expires <= now or !key.address.eql(address)) continue;
                out[count] = names.texts[index].text();
                count += 1;
            }
        }
        return out[0..count];
    }

    /// A name that the workload was told the address of.
    pub fn nameOf(names: *const Names, address: Address, now: u64) ?[]const u8 {
        for (names.keys[0..names.used], 0..) |*key, index| {
            if (key.kind != .denied and key.expires > now and key.address.eql(address)) return names.texts[index].text();
        }
        return null;
    }

    /// The name has a record.
    pub fn has(names: *const Names, name: []const u8, now: u64) bool {
        for (names.keys[0..names.used], 0..) |*key, index| {
            if (key.expires > now and std.mem.eql(u8, names.texts[index].text(), name)) return true;
        }
        return false;
    }
};

const testing = std.testing;
const one: Address = .v4(.{ 192, 0, 2, 1 });

test "a record ends, and makes room" {
    var names: Names = .{};
    defer names.deinit();
    try names.pin("a.test", one, 5, 100);
    try names.pin("b.test", one, 500, 100);
    var out: [4][]const u8 = undefined;
    try testing.expectEqual(2, names.of(one, 100 + ttl_min - 1, &out).len);
    try testing.expectEqualStrings("b.test", names.of(one, 100 + ttl_min, &out)[0]);
    try testing.expectEqual(0, names.of(.v4(.{ 192, 0, 2, 2 }), 100, &out).len);
    try names.pin("c.test", one, 1_000_000, 200);
    try testing.expectEqual(1, names.of(one, 200 + ttl_max - 1, &out).len);
    try testing.expectEqual(0, names.of(one, 200 + ttl_max, &out).len);
    try flood(&names, 100);
    try testing.expectEqual(1, names.of(.v4(.{ 10, 0, 32, 9 }), 100, &out).len);
    try testing.expect(names.has("flood.test", 100) and !names.has("a.test", 100 + ttl_min));
}

fn flood(names: *Names, now: u64) !void {
    for (0..records_max + 10) |index| {
        try names.pin("flood.test", .v4(.{ 10, 0, @truncate(index >> 8), @truncate(index) }), 900, now);
    }
}

test "no flood makes a denial go" {
    var names: Names = .{};
    defer names.deinit();
    try names.pinAs(.denied, "denied.test", one, 30, 100);
    try names.pinAs(.watched, "watched.test", one, 30, 100);
    try flood(&names, 100);
    var out: [2][]const u8 = undefined;
    var many: [32]u8 = undefined;
    for (0..20) |index| {
        try names.pin(std.fmt.bufPrint(&many, "x{d}.test", .{index}) catch unreachable, one, 900, 100);
    }
    const found = names.of(one, 100, &out);
    try testing.expectEqualStrings("denied.test", found[0]);
    try testing.expectEqualStrings("watched.test", found[1]);
    // Who asks for the name as one of their own does not make it plain.
    try names.pin("denied.test", one, 900, 100);
    try testing.expectEqualStrings("denied.test", names.of(one, 100, out[0..1])[0]);
    // Whose address it is, is not told by a name that is denied.
    try testing.expectEqualStrings("watched.test", names.nameOf(one, 100).?);
}

test "a denial is prolonged while nothing newer is known" {
    var names: Names = .{};
    defer names.deinit();
    try names.pinAs(.denied, "denied.test", one, 30, 100);
    try names.pinAs(.plain, "a.test", one, 30, 100);
    names.prolong("denied.test", 60, 120);
    names.prolong("a.test", 60, 120);
    var out: [2][]const u8 = undefined;
    try testing.expectEqual(1, names.of(one, 179, &out).len);
    names.prolong("denied.test", 60, 180);
    try testing.expectEqual(0, names.of(one, 180, &out).len);
}

test "full of denials, nothing more is told" {
    var names: Names = .{};
    defer names.deinit();
    for (0..records_max) |index| {
        try names.pinAs(.denied, "denied.test", .v4(.{ 10, 0, @truncate(index >> 8), @truncate(index) }), 900, 100);
    }
    try testing.expectError(error.Full, names.pin("a.test", one, 60, 100));
    try names.pin("a.test", one, 60, 1000);
}
