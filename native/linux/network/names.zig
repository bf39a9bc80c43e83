const addresses = @import("address.zig");
pub const Names = struct {
    pub fn of(_: *Names, _: addresses.Address, _: u64, out: [][]const u8) [][]const u8 {
        return out[0..0];
    }
};
