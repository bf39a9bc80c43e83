const std = @import("std");
pub const SockFilter = extern struct { code: u16, jt: u8, jf: u8, k: u32 };
pub const Profile = struct { network: enum { none, host }, unix_sockets: bool };
pub fn program(comptime arch: std.Target.Cpu.Arch, comptime profile: Profile) []const SockFilter {
    _ = arch;
    _ = profile;
    return &.{.{ .code = 6, .jt = 0, .jf = 0, .k = 0x7fff0000 }};
}
