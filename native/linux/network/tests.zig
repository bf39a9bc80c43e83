//! The tests of this folder, as one program.

test {
    _ = @import("address.zig");
    _ = @import("batch.zig");
    _ = @import("datagrams_test.zig");
    _ = @import("dns_test.zig");
    _ = @import("echo.zig");
    _ = @import("flow_table.zig");
    _ = @import("hosts.zig");
    _ = @import("names.zig");
    _ = @import("packet.zig");
    _ = @import("policy.zig");
    _ = @import("proxy.zig");
    _ = @import("resolver_test.zig");
}
