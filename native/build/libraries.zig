//! The native artefacts of a target and how they nest: helper (ELF) inside prelude (flat image).

const std = @import("std");

/// Modules that several artefacts share, by the name that `@import` knows.
const Shared = struct {
    sys: *std.Build.Module,
    handover: *std.Build.Module,
    abi: *std.Build.Module,
    opening: *std.Build.Module,

    fn create(b: *std.Build, target: std.Build.ResolvedTarget) Shared {
        const sys = b.createModule(.{ .root_source_file = b.path("native/sys/syscall.zig"), .target = target });
        const handover = b.createModule(.{ .root_source_file = b.path("native/linux/handover.zig"), .target = target });
        const abi = b.createModule(.{ .root_source_file = b.path("native/abi/abi.zig"), .target = target });
        const opening = b.createModule(.{ .root_source_file = b.path("native/linux/opening.zig"), .target = target });
        opening.addImport("abi", abi);
        return .{ .sys = sys, .handover = handover, .abi = abi, .opening = opening };
    }

    fn addTo(shared: Shared, module: *std.Build.Module) void {
        module.addImport("sys", shared.sys);
        module.addImport("handover", shared.handover);
        module.addImport("abi", shared.abi);
        module.addImport("opening", shared.opening);
    }
};

pub fn install(b: *std.Build, target: std.Build.ResolvedTarget) void {
    if (target.result.os.tag != .linux) return;
    const shared: Shared = .create(b, target);
    const helper = addHelper(b, target, shared);
    const image = addPrelude(b, target, shared, helper);
    b.getInstallStep().dependOn(&b.addInstallFile(image, "prelude.bin").step);
    b.getInstallStep().dependOn(&b.addInstallFile(helper.getEmittedBin(), "helper").step);
    const library = addLibrary(b, target, shared, helper);
    b.getInstallStep().dependOn(&b.addInstallFile(library.getEmittedBin(), "libmxc").step);
}

fn addLibrary(b: *std.Build, target: std.Build.ResolvedTarget, shared: Shared, helper: *std.Build.Step.Compile) *std.Build.Step.Compile {
    const module = b.createModule(.{
        .root_source_file = b.path("native/linux/exports.zig"),
        .target = target,
        .optimize = .small,
        .single_threaded = true,
        .strip = true,
        .unwind_tables = .none,
        .pic = true,
    });
    shared.addTo(module);
    module.addAnonymousImport("helper", .{ .root_source_file = helper.getEmittedBin() });
    const library = b.addLibrary(.{ .name = "mxc", .root_module = module, .linkage = .dynamic });
    library.build_id = .none;
    return library;
}

fn addHelper(b: *std.Build, target: std.Build.ResolvedTarget, shared: Shared) *std.Build.Step.Compile {
    const module = b.createModule(.{
        .root_source_file = b.path("native/linux/helper.zig"),
        .target = target,
        .optimize = .small,
        .single_threaded = true,
        .strip = true,
        .unwind_tables = .none,
    });
    shared.addTo(module);
    const helper = b.addExecutable(.{ .name = "helper", .root_module = module, .linkage = .static });
    helper.build_id = .none;
    return helper;
}

fn addPrelude(b: *std.Build, target: std.Build.ResolvedTarget, shared: Shared, helper: *std.Build.Step.Compile) std.Build.LazyPath {
    const module = b.createModule(.{
        .root_source_file = b.path("native/linux/prelude/prelude.zig"),
        .target = target,
        .optimize = .small,
        .single_threaded = true,
        .strip = true,
        .unwind_tables = .none,
        .pic = true,
    });
    shared.addTo(module);
    module.addAnonymousImport("helper", .{ .root_source_file = helper.getEmittedBin() });
    const prelude = b.addExecutable(.{ .name = "prelude", .root_module = module, .linkage = .static, .use_lld = true, .use_llvm = true });
    prelude.setLinkerScript(b.path("native/linux/prelude/prelude.ld"));
    prelude.build_id = .none;
    prelude.entry = .{ .symbol_name = "prelude_entry" };
    return prelude.addObjCopy(.{ .format = .binary }).getOutput();
}

const abi_tests = "native/abi/abi.zig";
const network_tests = "native/linux/network/tests.zig";
const limits_tests = "native/linux/limits/tests.zig";

pub fn addTests(b: *std.Build, step: *std.Build.Step, target: std.Build.ResolvedTarget) void {
    addTestPrograms(b, step, target, &.{ abi_tests, "native/linux/seccomp/program.zig", "native/linux/kernel_mounts.zig", network_tests, limits_tests }, &.{});
}

/// Those whose names begin with `fuzz: `, which call std.testing.fuzz. A test program that has some
/// belongs here.
pub fn addFuzzTests(b: *std.Build, step: *std.Build.Step, target: std.Build.ResolvedTarget) void {
    addTestPrograms(b, step, target, &.{ abi_tests, network_tests }, &.{".fuzz: "});
}

/// `filters`: parts of names; none of them, every test.
fn addTestPrograms(b: *std.Build, step: *std.Build.Step, target: std.Build.ResolvedTarget, roots: []const []const u8, filters: []const []const u8) void {
    const shared: Shared = .create(b, target);
    for (roots) |path| {
        const module = b.createModule(.{ .root_source_file = b.path(path), .target = target, .optimize = .safe });
        shared.addTo(module);
        step.dependOn(&b.addRunArtifact(b.addTest(.{ .root_module = module, .filters = filters })).step);
    }
}

pub fn addAbi(b: *std.Build, step: *std.Build.Step) void {
    const target = b.resolveTargetQuery(.{});
    const shared: Shared = .create(b, target);
    const module = b.createModule(.{ .root_source_file = b.path("native/abi/emit_ts.zig"), .target = target, .optimize = .small });
    shared.addTo(module);
    const emit = b.addExecutable(.{ .name = "emit-ts", .root_module = module });
    const run = b.addRunArtifact(emit);
    step.dependOn(&run.step);
}
