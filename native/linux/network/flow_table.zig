//! A bounded set of flows, found by key and ordered by last use. Pure; what a flow is, its user says.

const std = @import("std");

const none: u16 = std.math.maxInt(u16);

pub const Links = struct {
    /// In its bucket, or among the unused.
    next: u16 = none,
    newer: u16 = none,
    older: u16 = none,
    /// Seconds of the monotonic clock.
    last_used: u64 = 0,
};

/// `Flow` has `links: Links` and a `key` that is hashed and compared as bytes: no padding in it.
pub fn Table(comptime Flow: type, comptime capacity: u16) type {
    const Key = @FieldType(Flow, "key");
    comptime std.debug.assert(capacity < none and std.meta.hasUniqueRepresentation(Key));

    return struct {
        const Self = @This();

        flows: [capacity]Flow,
        buckets: [capacity]u16,
        free: u16,
        used: u16,
        newest: u16,
        oldest: u16,
        seed: u64,

        /// `seed`: the workload picks what is hashed, so this must be nothing that it knows. The
        /// flows' memory is not touched.
        pub fn init(table: *Self, seed: u64) void {
            table.buckets = @splat(none);
            table.free = none;
            table.used = 0;
            table.newest = none;
            table.oldest = none;
            table.seed = seed;
        }

        pub fn find(table: *Self, key: Key) ?*Flow {
            var index = table.bucketOf(key).*;
            while (index != none) : (index = table.flows[index].links.next) {
                if (std.mem.eql(u8, std.mem.asBytes(&table.flows[index].key), std.mem.asBytes(&key))) return &table.flows[index];
            }
            return null;
        }

        /// Not yet in the table: then comes `insert` or `release`. Null: all are taken.
        pub fn allocate(table: *Self) ?*Flow {
            if (table.free != none) {
                const flow = &table.flows[table.free];
                table.free = flow.links.next;
                return flow;
            }
            if (table.used == capacity) return null;
            table.used += 1;
            return &table.flows[table.used - 1];
        }

        pub fn release(table: *Self, flow: *Flow) void {
            flow.links.next = table.free;
            table.free = table.indexOf(flow);
        }

        /// Under a key that is not in the table.
        pub fn insert(table: *Self, flow: *Flow, now: u64) void {
            const bucket = table.bucketOf(flow.key);
            flow.links.next = bucket.*;
            bucket.* = table.indexOf(flow);
            table.link(flow, now);
        }

        pub fn use(table: *Self, flow: *Flow, now: u64) void {
            flow.links.last_used = now;
            if (table.newest == table.indexOf(flow)) return;
            table.unlink(flow);
            table.link(flow, now);
        }

        /// And releases it.
        pub fn remove(table: *Self, flow: *Flow) void {
            table.unlink(flow);
            const index = table.indexOf(flow);
            var place = table.bucketOf(flow.key);
            while (place.* != index) place = &table.flows[place.*].links.next;
            place.* = flow.links.next;
            table.release(flow);
        }

        pub fn oldestFlow(table: *Self) ?*Flow {
            return if (table.oldest == none) null else &table.flows[table.oldest];
        }

        pub fn newerThan(table: *Self, flow: *const Flow) ?*Flow {
            return if (flow.links.newer == none) null else &table.flows[flow.links.newer];
        }

        pub fn indexOf(table: *const Self, flow: *const Flow) u16 {
            return @intCast((@intFromPtr(flow) - @intFromPtr(&table.flows)) / @sizeOf(Flow));
        }

        fn bucketOf(table: *Self, key: Key) *u16 {
            return &table.buckets[std.hash.Wyhash.hash(table.seed, std.mem.asBytes(&key)) % capacity];
        }

        fn link(table: *Self, flow: *Flow, now: u64) void {
            const index = table.indexOf(flow);
            flow.links.last_used = now;
            flow.links.newer = none;
            flow.links.older = table.newest;
            if (table.newest != none) table.flows[table.newest].links.newer = index else table.oldest = index;
            table.newest = index;
        }

        fn unlink(table: *Self, flow: *Flow) void {
            const links = flow.links;
            if (links.newer != none) table.flows[links.newer].links.older = links.older else table.newest = links.older;
            if (links.older != none) table.flows[links.older].links.newer = links.newer else table.oldest = links.newer;
        }
    };
}

const testing = std.testing;

test "a table does what a list in the order of use does" {
    const Flow = struct { key: u32, links: Links = .{} };
    const Small = Table(Flow, 16);
    var table: Small = undefined;
    table.init(7);
    var model: std.ArrayList(u32) = .empty;
    defer model.deinit(testing.allocator);
    var prng: std.Random.DefaultPrng = .init(0x6d78_63);
    const random = prng.random();
    for (0..20_000) |step| {
        const key = random.uintLessThan(u32, 24);
        const place = std.mem.findScalar(u32, model.items, key);
        const found = table.find(key);
        try testing.expectEqual(place != null, found != null);
        if (found) |flow| {
            try testing.expectEqual(key, flow.key);
            _ = model.orderedRemove(place.?);
            if (random.boolean()) {
                table.remove(flow);
            } else {
                table.use(flow, step);
                try model.append(testing.allocator, key);
            }
        } else if (table.allocate()) |flow| {
            flow.* = .{ .key = key };
            if (random.uintLessThan(u8, 8) == 0) {
                table.release(flow);
            } else {
                table.insert(flow, step);
                try model.append(testing.allocator, key);
            }
        } else {
            try testing.expectEqual(16, model.items.len);
            table.remove(table.oldestFlow().?);
            _ = model.orderedRemove(0);
        }
        var walked = table.oldestFlow();
        var last: u64 = 0;
        for (model.items) |expected| {
            try testing.expectEqual(expected, walked.?.key);
            try testing.expect(walked.?.links.last_used >= last);
            last = walked.?.links.last_used;
            walked = table.newerThan(walked.?);
        }
        try testing.expectEqual(null, walked);
    }
}
