//! Steps: (default) the natives of one target; `test`; `fuzz`; `abi` writes src/native/abi.generated.ts.

const std = @import("std");
const libraries = @import("native/build/libraries.zig");

comptime {
    const wanted = "0.17.1";
    if (!std.mem.eql(u8, @import("builtin").zig_version_string, wanted))
        @compileError("mxc builds with Zig " ++ wanted ++ "; `npm run build` brings it");
}

pub fn build(b: *std.Build) void {
    const target = b.standardTargetOptions(.{});
    libraries.install(b, target);
    libraries.addTests(b, b.step("test", "Run the unit tests of the natives"), target);
    libraries.addFuzzTests(b, b.step("fuzz", "Run their fuzz tests alone; --fuzz=RUNS drives them"), target);
    libraries.addAbi(b, b.step("abi", "Print the boundary's layout as TypeScript"));
}
