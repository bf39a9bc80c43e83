//! The workload's seccomp program of an architecture and a profile, made at compile time from
//! table.zig.

const std = @import("std");
const table = @import("table.zig");
const compiler = @import("compile.zig");

pub const Profile = table.Profile;
pub const SockFilter = compiler.SockFilter;

/// struct sock_fprog (linux/filter.h): what seccomp(2) takes.
pub const SockFprog = extern struct { length: u16, filter: [*]const SockFilter };

comptime {
    std.debug.assert(@sizeOf(SockFilter) == 8);
    std.debug.assert(@offsetOf(SockFprog, "filter") == 8 and @sizeOf(SockFprog) == 16);
}

pub const NamedProfile = struct { name: []const u8, profile: Profile };

/// The profiles that launches use.
pub const named_profiles = [_]NamedProfile{
    .{ .name = "none", .profile = .{ .network = .none, .unix_sockets = true } },
    .{ .name = "host", .profile = .{ .network = .host, .unix_sockets = true } },
    .{ .name = "host-no-unix", .profile = .{ .network = .host, .unix_sockets = false } },
    .{ .name = "brokered", .profile = .{ .network = .brokered, .unix_sockets = true } },
    .{ .name = "landlock", .profile = landlock_none },
    .{ .name = "landlock-older", .profile = older(landlock_none) },
    .{ .name = "landlock-host", .profile = landlock_host },
    .{ .name = "landlock-host-older", .profile = older(landlock_host) },
    .{ .name = "landlock-brokered", .profile = landlock_brokered },
    .{ .name = "landlock-brokered-older", .profile = older(landlock_brokered) },
};

pub const landlock_none: Profile = .{ .network = .none, .unix_sockets = false, .tier = .landlock };
pub const landlock_host: Profile = .{ .network = .host, .unix_sockets = false, .tier = .landlock };

pub const landlock_brokered: Profile = .{ .network = .brokered, .unix_sockets = false, .tier = .landlock };

pub fn older(comptime profile: Profile) Profile {
    var out = profile;
    out.older = true;
    return out;
}

pub const Numbers = struct {
    /// AUDIT_ARCH_* (linux/audit.h).
    audit_arch: u32,
    SYS: type,
    limit: ?u32,
};

/// Bit 30 marks the x32 ABI (asm/unistd.h, __X32_SYSCALL_BIT).
const x32_bit: u32 = 0x4000_0000;

pub fn numbersOf(comptime arch: std.Target.Cpu.Arch) Numbers {
    return switch (arch) {
        .x86_64 => .{ .audit_arch = 0xc000_003e, .SYS = std.os.linux.syscalls.X64, .limit = x32_bit },
        .aarch64 => .{ .audit_arch = 0xc000_00b7, .SYS = std.os.linux.syscalls.Arm64, .limit = null },
        else => @compileError("no seccomp table for this architecture"),
    };
}

pub fn program(comptime arch: std.Target.Cpu.Arch, comptime profile: Profile) []const SockFilter {
    const numbers = comptime numbersOf(arch);
    return comptime compiler.compile(rulesOf(numbers.SYS, profile), numbers.audit_arch, numbers.limit);
}

/// Ascending rules of the calls that the architecture has.
pub fn rulesOf(comptime SYS: type, comptime profile: Profile) []const compiler.Rule {
    return comptime rulesOfGroups(SYS, table.groups(profile));
}

pub fn rulesOfGroups(comptime SYS: type, comptime groups: []const table.Group) []const compiler.Rule {
    comptime {
        @setEvalBranchQuota(20_000_000);
        var rules: []const compiler.Rule = &.{};
        for (groups) |group| {
            for (group.syscalls) |name| {
                if (!isKnown(name)) @compileError("no architecture has a system call " ++ name);
                if (!@hasField(SYS, name)) continue;
                rules = rules ++ [_]compiler.Rule{.{
                    .number = @intCast(@backingInt(@field(SYS, name))),
                    .cases = group.cases,
                    .otherwise = group.otherwise,
                }};
            }
        }
        var sorted = rules[0..rules.len].*;
        std.sort.insertion(compiler.Rule, &sorted, {}, isBefore);
        const final = sorted;
        return &final;
    }
}

fn isBefore(_: void, a: compiler.Rule, b: compiler.Rule) bool {
    return a.number < b.number;
}

fn isKnown(comptime name: []const u8) bool {
    return @hasField(std.os.linux.syscalls.X64, name) or @hasField(std.os.linux.syscalls.Arm64, name);
}

test {
    _ = @import("compile_test.zig");
    _ = @import("program_test.zig");
    _ = @import("kernel_test.zig");
    _ = @import("golden_test.zig");
}
