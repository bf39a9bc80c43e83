//! How much of a name below a wildcard reaches its servers, which learn whatever is in it.

const std = @import("std");
const loops = @import("loop.zig");
const policies = @import("policy.zig");
const Resolver = @import("resolver.zig").Resolver;

/// New names below one wildcard in a minute, and the longest: enough for a package index, little for
/// a tunnel (some 100 bytes a second).
pub const names_per_minute = 60;
pub const name_max = 128;

/// How many new names were asked for below each wildcard, in this minute.
pub const Wildcards = struct {
    /// Per rule.
    counts: []u8 = &.{},
    minute: u64 = 0,
    /// Hashes of the names.
    seen: [1024]u64 = undefined,
    seen_count: usize = 0,

    /// Why the name is not looked up; null: it may be.
    pub fn objection(wildcards: *Wildcards, resolver: *const Resolver, name: []const u8, decision: policies.Decision) ?[]const u8 {
        const rule = decision.rule orelse return null;
        if (rule.deny or rule.peer != .name or !rule.peer.name.subdomains) return null;
        if (name.len > name_max) return "longer than names below a wildcard may be";
        const now = loops.seconds();
        if (resolver.names.has(name, now)) return null;
        if (now / 60 != wildcards.minute) {
            wildcards.minute = now / 60;
            wildcards.seen_count = 0;
            @memset(wildcards.counts, 0);
        }
        const hash = resolver.hashOf(name);
        for (wildcards.seen[0..wildcards.seen_count]) |known| if (known == hash) return null;
        const index = (@intFromPtr(rule) - @intFromPtr(resolver.policy.rules.ptr)) / @sizeOf(policies.Rule);
        const count = &wildcards.counts[index];
        if (count.* == names_per_minute) return "more new names below the wildcard than a minute has";
        count.* += 1;
        // Beyond its size a name counts again.
        if (wildcards.seen_count < wildcards.seen.len) {
            wildcards.seen[wildcards.seen_count] = hash;
            wildcards.seen_count += 1;
        }
        return null;
    }
};
