//! Runs before Bun, in the same process: the executable's entry point leads here, and from here
//! on to Bun's own. See docs/architecture.md, "Start-up".
//!
//! It does two things. It takes away from the environment what would change Bun's behaviour
//! before a line of ours runs. And when the command is `run`, it splits the process: the original
//! process becomes the supervisor (a small static program, executed from a memfd), so that
//! namespaces are being created while Bun, in the child, still starts and works out the plan.
//!
//! The image is flat, position-independent and read-only (prelude.ld): no globals, no pointers in
//! constants, no relocations. It must not know the plan or any policy.

const std = @import("std");
const builtin = @import("builtin");
const sys = @import("sys");
const handover = @import("handover");

/// The supervisor and init, a static ELF (native/linux/helper.zig).
const helper_elf = @embedFile("helper");

/// Filled at build time (scripts/attach-prelude.ts): Bun's entry point relative to this image,
/// and the offset of `prelude_entry` in it.
const Slots = extern struct {
    original_entry: i64,
    entry_offset: u64,
};

comptime {
    switch (builtin.cpu.arch) {
        .x86_64 => asm (
            \\.section .slots,"a",@progbits
            \\.globl prelude_slots
            \\prelude_slots:
            \\  .quad 0
            \\  .quad prelude_entry - prelude_slots
            \\.section .text.entry,"ax",@progbits
            \\.globl prelude_entry
            \\prelude_entry:
            // The kernel's stack layout starts at rsp; rdx is ld.so's finaliser, which the next
            // entry point expects (System V ABI, 3.4.1).
            \\  pushq %rdx
            \\  leaq 8(%rsp), %rdi
            \\  subq $8, %rsp
            \\  call preludeMain
            \\  addq $8, %rsp
            \\  popq %rdx
            \\  leaq prelude_slots(%rip), %rax
            \\  addq prelude_slots(%rip), %rax
            \\  jmp *%rax
        ),
        .aarch64 => asm (
            \\.section .slots,"a",@progbits
            \\.globl prelude_slots
            \\prelude_slots:
            \\  .quad 0
            \\  .quad prelude_entry - prelude_slots
            \\.section .text.entry,"ax",@progbits
            \\.globl prelude_entry
            \\prelude_entry:
            \\  mov x1, sp
            \\  stp x0, x30, [sp, #-16]!
            \\  mov x0, x1
            \\  bl preludeMain
            \\  ldp x0, x30, [sp], #16
            \\  adrp x16, prelude_slots
            \\  add x16, x16, :lo12:prelude_slots
            \\  ldr x17, [x16]
            \\  add x16, x16, x17
            \\  br x16
        ),
        else => @compileError("no prelude for this architecture"),
    }
}

/// Names that Bun, JavaScriptCore, mimalloc or node's compatibility layer read before or beside
/// our code. They are not for a sandbox launcher; a prefix match loses the variable its name.
const hostile_prefixes = .{ "BUN_", "NODE_", "JSC_", "MIMALLOC_", "mimalloc_", "WTF_", "Malloc=", "TSC_", "npm_config_" };

export fn preludeMain(stack: [*]usize) callconv(.c) void {
    const argc = stack[0];
    const argv: [*:null]?[*:0]u8 = @ptrCast(stack + 1);
    const envp: [*:null]?[*:0]u8 = @ptrCast(stack + 1 + argc + 1);

    openMissingStandardStreams();
    leaveDeletedFolder();
    disarmEnvironment(envp);
    sys.close(handover.plan_fd); // whatever a caller left there is not a channel of ours
    if (isOneShotRun(argc, argv)) split(argv, envp);
}

/// A closed 0, 1 or 2 would be given to the first file that we open.
fn openMissingStandardStreams() void {
    var fd: i32 = 0;
    while (fd < 3) : (fd += 1) {
        if (!sys.failed(sys.call(.fcntl, .{ fd, @as(usize, F_GETFD), @as(usize, 0) }))) continue;
        const path: [*:0]const u8 = "/dev/null";
        _ = sys.call(.openat, .{ sys.AT_FDCWD, path, @as(usize, O_RDWR), @as(usize, 0) });
    }
}

/// Bun does not start in a folder that is gone; the workload never sees it anyway.
fn leaveDeletedFolder() void {
    var buffer: [4096]u8 = undefined;
    if (!sys.failed(sys.call(.getcwd, .{ &buffer, @as(usize, buffer.len) }))) return;
    const root: [*:0]const u8 = "/";
    _ = sys.call(.chdir, .{root});
}

/// Renames in place (`BUN_OPTIONS=x` becomes `_UN_OPTIONS=x`): libc may already hold `envp`.
fn disarmEnvironment(envp: [*:null]?[*:0]u8) void {
    var index: usize = 0;
    while (envp[index]) |entry| : (index += 1) {
        inline for (hostile_prefixes) |prefix| {
            if (startsWith(entry, prefix)) entry[0] = '_';
        }
    }
}

/// A planner lives for some milliseconds: JavaScriptCore's compilers, their threads and memory cost
/// it more than they bring (docs/performance.md). Said in place of a variable that only a shell
/// cares for; where there is none of those, the start is a little slower.
fn startWithoutCompilers(envp: [*:null]?[*:0]u8) void {
    const setting = "BUN_JSC_useJIT=0";
    var index: usize = 0;
    while (envp[index]) |entry| : (index += 1) {
        inline for (.{ "_=", "OLDPWD=", "SHLVL=", "LS_COLORS=", "_UN_", "_ODE_" }) |prefix| {
            if (startsWith(entry, prefix)) {
                envp[index] = @constCast(setting);
                return;
            }
        }
    }
}

fn isOneShotRun(argc: usize, argv: [*:null]?[*:0]u8) bool {
    if (argc == 0) return false;
    const name = baseName(argv[0].?);
    if (equals(name, "lxc-exec")) return true;
    return argc > 1 and equals(argv[1].?, "run");
}

/// Returns in the child, which goes on to Bun with the plan channel at `handover.plan_fd`. Where
/// any part fails nothing has happened: Bun starts in this process and hands over later.
fn split(argv: [*:null]?[*:0]u8, envp: [*:null]?[*:0]u8) void {
    // A pair of sockets: the supervisor can answer a plan.
    var pipe: [2]i32 = undefined;
    const AF_UNIX: usize = 1;
    const SOCK_STREAM_CLOEXEC: usize = 1 | O_CLOEXEC;
    if (sys.failed(sys.call(.socketpair, .{ AF_UNIX, SOCK_STREAM_CLOEXEC, @as(usize, 0), &pipe }))) return;
    const helper = helperFile() orelse {
        sys.close(pipe[0]);
        sys.close(pipe[1]);
        return;
    };
    const supervisor = sys.call(.getpid, .{});
    const child = sys.call(.clone, .{ @as(usize, SIGCHLD), @as(usize, 0), @as(usize, 0), @as(usize, 0), @as(usize, 0) });
    if (sys.failed(child)) {
        sys.close(pipe[0]);
        sys.close(pipe[1]);
        sys.close(helper);
        return;
    }
    if (child == 0) {
        _ = sys.call(.prctl, .{ @as(usize, PR_SET_PDEATHSIG), @as(usize, SIGKILL), @as(usize, 0), @as(usize, 0), @as(usize, 0) });
        if (sys.call(.getppid, .{}) != supervisor) sys.exit(1);
        sys.close(helper);
        sys.close(pipe[0]);
        // CLOEXEC: nothing that Bun might start inherits the channel.
        if (sys.failed(sys.call(.dup3, .{ pipe[1], handover.plan_fd, @as(usize, O_CLOEXEC) }))) sys.exit(1);
        // Only now does the parent go on: Bun is the longest part of a launch, and this processor
        // is its own until the wake-up finds the parent another one.
        sys.writeAll(pipe[1], "\n");
        sys.close(pipe[1]);
        startWithoutCompilers(envp);
        return;
    }
    var started: [1]u8 = undefined;
    _ = sys.readAll(pipe[0], &started);
    // The helper finds the plan by number and closes every other descriptor above 2.
    // The lowest free descriptors went to the pipe, so `helper` is never `helper_plan_fd`.
    if (pipe[0] == handover.helper_plan_fd) {
        _ = sys.call(.fcntl, .{ pipe[0], @as(usize, F_SETFD), @as(usize, 0) });
    } else {
        _ = sys.call(.dup3, .{ pipe[0], handover.helper_plan_fd, @as(usize, 0) });
    }
    var planner: [handover.planner_digits:0]u8 = undefined;
    handover.formatPid(&planner, @intCast(child));
    const environment = [_:null]?[*:0]const u8{&planner};
    _ = sys.call(.execveat, .{ helper, @as([*:0]const u8, ""), argv, &environment, @as(usize, AT_EMPTY_PATH) });
    // Executing from memory is forbidden here (vm.memfd_noexec=2): the planner must not go on.
    _ = sys.call(.kill, .{ @as(i32, @intCast(child)), @as(usize, SIGKILL) });
    const message = "mxc: this host forbids executing from memory (vm.memfd_noexec=2 or a security module)\n";
    sys.writeAll(2, message);
    sys.exit(1);
}

fn helperFile() ?i32 {
    const name: [*:0]const u8 = "mxc";
    var result = sys.call(.memfd_create, .{ name, @as(usize, MFD_CLOEXEC | MFD_EXEC) });
    // MFD_EXEC is new in Linux 6.3; before it, every memfd may be executed.
    if (sys.failed(result)) result = sys.call(.memfd_create, .{ name, @as(usize, MFD_CLOEXEC) });
    if (sys.failed(result)) return null;
    const fd: i32 = @intCast(result);
    var written: usize = 0;
    while (written < helper_elf.len) {
        const count = sys.call(.write, .{ fd, helper_elf.ptr + written, helper_elf.len - written });
        if (sys.failed(count) or count == 0) {
            sys.close(fd);
            return null;
        }
        written += count;
    }
    return fd;
}

fn baseName(path: [*:0]const u8) [*:0]const u8 {
    var base = path;
    var at = path;
    while (at[0] != 0) : (at += 1) {
        if (at[0] == '/') base = at + 1;
    }
    return base;
}

fn startsWith(text: [*:0]const u8, comptime prefix: []const u8) bool {
    inline for (prefix, 0..) |character, index| {
        if (text[index] != character) return false;
    }
    return true;
}

fn equals(text: [*:0]const u8, comptime expected: []const u8) bool {
    return startsWith(text, expected ++ "\x00");
}

const F_GETFD = 1;
const F_SETFD = 2;
const O_RDWR = 2;
const O_CLOEXEC = 0o2000000;
const SIGKILL = 9;
const SIGCHLD = 17;
const PR_SET_PDEATHSIG = 1;
const AT_EMPTY_PATH = 0x1000;
const MFD_CLOEXEC = 0x1;
const MFD_EXEC = 0x10;

/// Keeps std's own entry point out.
pub const _start = {};

pub const panic = std.debug.no_panic;
