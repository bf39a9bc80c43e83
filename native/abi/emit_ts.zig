//! Writes src/native/abi.generated.ts: the boundary's layout and the opening, as TypeScript.
//! Run by `zig build abi`; CI compares the committed file with what this prints.

const std = @import("std");
const structs = @import("abi").structs;
const opening = @import("opening");

const text = emit();

pub fn main() void {
    const sys = @import("sys");
    sys.writeAll(1, text);
}

fn emit() []const u8 {
    @setEvalBranchQuota(1_000_000);
    comptime var out: []const u8 =
        "// Written by `zig build abi` from native/abi/structs.zig and native/linux/opening.zig.\n\n" ++
        std.fmt.comptimePrint("export const PLAN_MAGIC = 0x{x};\n", .{structs.plan_magic}) ++
        std.fmt.comptimePrint("export const ABI_DIGEST = 0x{x}n;\n", .{structs.digest}) ++
        std.fmt.comptimePrint("export const PLAN_BYTES_MAX = {d};\n", .{structs.plan_bytes_max}) ++
        std.fmt.comptimePrint("export const PLAN_STEPS_MAX = {d};\n", .{structs.plan_steps_max}) ++
        std.fmt.comptimePrint("export const PLAN_FD = {d};\n", .{@import("handover").plan_fd});
    inline for (structs.layouts) |T| {
        out = out ++ "\nexport const " ++ shortName(T) ++ " = {\n";
        inline for (comptime std.meta.fieldNames(T)) |name| {
            out = out ++ std.fmt.comptimePrint("  {s}: {d},\n", .{ camel(name), @offsetOf(T, name) });
        }
        out = out ++ std.fmt.comptimePrint("  sizeOf: {d},\n}} as const;\n", .{@sizeOf(T)});
    }
    inline for (structs.enums) |T| {
        out = out ++ "\nexport const " ++ shortName(T) ++ " = {\n";
        inline for (comptime std.meta.fieldNames(T)) |name| {
            out = out ++ std.fmt.comptimePrint("  {s}: {d},\n", .{ camel(name), @backingInt(@field(T, name)) });
        }
        out = out ++ "} as const;\n";
    }
    inline for (structs.flag_sets) |T| {
        out = out ++ "\nexport const " ++ shortName(T) ++ " = {\n";
        inline for (@typeInfo(T).@"struct".decl_names) |name| {
            out = out ++ std.fmt.comptimePrint("  {s}: {d},\n", .{ camel(name), @field(T, name) });
        }
        out = out ++ "} as const;\n";
    }
    out = out ++ paths("What of the host every sandbox sees, read-only, where it exists.", "BASELINE_PATHS", &opening.baseline);
    out = out ++ paths("Secrets below the baseline, denied.", "SENSITIVE_PATHS", &opening.sensitive);
    out = out ++ paths("File systems whose files are the kernel's controls, as /proc/filesystems names them.", "KERNEL_FILE_SYSTEMS", &opening.kernel_file_systems);
    out = out ++ "\n/** The constant first steps of a plan; a function, so that a run that only names them makes none. */\nexport const openingSteps = () => [\n";
    inline for (opening.steps) |step| {
        out = out ++ "  {\n    kind: \"" ++ camel(@tagName(step.kind)) ++ "\" as const,\n";
        if (step.flags != 0) out = out ++ std.fmt.comptimePrint("    flags: {d},\n", .{step.flags});
        if (step.source.len != 0) out = out ++ "    source: \"" ++ step.source ++ "\",\n";
        if (step.target.len != 0) out = out ++ "    target: \"" ++ step.target ++ "\",\n";
        if (step.argument != 0) out = out ++ std.fmt.comptimePrint("    argument: {d},\n", .{step.argument});
        if (step.extra != 0) out = out ++ std.fmt.comptimePrint("    extra: {d},\n", .{step.extra});
        out = out ++ "  },\n";
    }
    out = out ++ "];\n";
    return out;
}

fn paths(comptime comment: []const u8, comptime name: []const u8, comptime list: []const [:0]const u8) []const u8 {
    comptime var out: []const u8 = "\n/** " ++ comment ++ " */\nexport const " ++ name ++ " = [\n";
    inline for (list) |path| out = out ++ "  \"" ++ path ++ "\",\n";
    return out ++ "] as const;\n";
}

fn shortName(comptime T: type) []const u8 {
    const full = @typeName(T);
    return full[(std.mem.lastIndexOfScalar(u8, full, '.') orelse unreachable) + 1 ..];
}

/// `step_count` to `stepCount`: TypeScript's casing.
fn camel(comptime name: []const u8) []const u8 {
    comptime var out: []const u8 = "";
    comptime var upper = false;
    inline for (name) |character| {
        if (character == '_') {
            upper = true;
        } else {
            out = out ++ [_]u8{if (upper) std.ascii.toUpper(character) else character};
            upper = false;
        }
    }
    return out;
}
