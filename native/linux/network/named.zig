const connections_ = @import("connections.zig");
const addresses = @import("address.zig");
pub const Named = struct {
    pub fn connect(_: *Named, _: *connections_.Connections, _: connections_.Connections.Call, _: addresses.Endpoint) connections_.Connections.Outcome {
        return .{ .errno = 13 };
    }
};
