//! The boundary, as one module.

pub const structs = @import("structs.zig");
pub const plan_reader = @import("plan_reader.zig");

test {
    _ = plan_reader;
}
