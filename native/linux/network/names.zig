//! Which permitted name gave which address, and until when. A connection to an address is granted by
//! name only under such a record. Pure.

const std = @import("std");
const addresses = @import("address.zig");
const dns = @import("dns.zig");
const Address = addresses.Address;

/// Records at one time. When all are taken the one that ends first makes room: something granted is
/// then asked for again, nothing is granted that was not.
const records_max = 4096;

/// Seconds. Programs keep what they were told for longer than a zone of five seconds wants; an
/// address that a zone gave a day ago may be another's.
const ttl_min = 60;
const ttl_max = 3600;

const Record = struct {
    address: Address,
    name: dns.Name,
    /// Seconds of the monotonic clock.
    expires: u64,
};

pub const Names = struct {
    records: []Record = &.{},
    used: usize = 0,

    /// `name`: lower case, without a final dot.
    pub fn pin(names: *Names, name: []const u8, address: Address, ttl: u32, now: u64) error{OutOfMemory}!void {
        if (name.len > dns.name_max) return;
        if (names.records.len == 0) names.records = try std.heap.page_allocator.alloc(Record, records_max);
        const expires = now + std.math.clamp(ttl, ttl_min, ttl_max);
        var place: ?*Record = null;
        for (names.records[0..names.used]) |*record| {
            if (record.address.eql(address) and std.mem.eql(u8, record.name.text(), name)) {
                record.expires = @max(record.expires, expires);
                return;
            }
            if (place == null or record.expires < place.?.expires) place = record;
        }
        if (names.used < records_max and (place == null or place.?.expires > now)) {
            place = &names.records[names.used];
            names.used += 1;
        }
        place.?.* = .{ .address = address, .name = .{ .length = @intCast(name.len) }, .expires = expires };
        @memcpy(place.?.name.buffer[0..name.len], name);
    }

    /// As many as `out` takes.
    pub fn of(names: *const Names, address: Address, now: u64, out: [][]const u8) [][]const u8 {
        var count: usize = 0;
        for (names.records[0..names.used]) |*record| {
            if (count == out.len) break;
            if (record.expires <= now or !record.address.eql(address)) continue;
            out[count] = record.name.text();
            count += 1;
        }
        return out[0..count];
    }
};

test "a record ends, and makes room" {
    var names: Names = .{};
    const one: Address = .v4(.{ 192, 0, 2, 1 });
    try names.pin("a.test", one, 5, 100);
    try names.pin("b.test", one, 500, 100);
    var out: [4][]const u8 = undefined;
    try std.testing.expectEqual(2, names.of(one, 100 + ttl_min - 1, &out).len);
    try std.testing.expectEqualStrings("b.test", names.of(one, 100 + ttl_min, &out)[0]);
    try std.testing.expectEqual(0, names.of(.v4(.{ 192, 0, 2, 2 }), 100, &out).len);
    for (0..records_max + 10) |index| {
        try names.pin("c.test", .v4(.{ 10, 0, @truncate(index >> 8), @truncate(index) }), 900, 100);
    }
    try std.testing.expectEqual(1, names.of(.v4(.{ 10, 0, 16, 9 }), 100, &out).len);
}
