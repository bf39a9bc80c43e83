//! The tests of this folder, as one program.

test {
    _ = @import("address.zig");
    _ = @import("dns.zig");
    _ = @import("names.zig");
    _ = @import("packet.zig");
    _ = @import("policy.zig");
    _ = @import("proxy.zig");
}
