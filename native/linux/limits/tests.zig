//! The tests of limits that need no privilege.

test {
    _ = @import("files.zig");
    _ = @import("groups.zig");
    _ = @import("told.zig");
}
