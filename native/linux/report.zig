//! The supervisor's words: what failed, at which step, why, and what to do about it. Prose, or
//! MXC's error envelope where the caller asked for it.

const std = @import("std");
const sys = @import("sys");
const abi = @import("abi");
const opening = @import("opening");
const structs = abi.structs;
const shared_memory = @import("shared.zig");

const Plan = abi.plan_reader.Plan;
const exit_backend: u8 = 255;
const exit_config: u8 = 1;

/// A line that is cut rather than allocated for.
const Line = struct {
    buffer: [2048]u8 = undefined,
    length: usize = 0,

    fn add(line: *Line, text: []const u8) void {
        const count = @min(text.len, line.buffer.len - line.length);
        @memcpy(line.buffer[line.length..][0..count], text[0..count]);
        line.length += count;
    }

    fn number(line: *Line, value: u64) void {
        var digits: [20]u8 = undefined;
        line.add(std.fmt.bufPrint(&digits, "{d}", .{value}) catch unreachable);
    }

    /// Quoted text of a hostile origin: control characters cannot reach a terminal.
    fn quoted(line: *Line, text: []const u8) void {
        line.add("'");
        for (text) |character| {
            line.add(if (character < 0x20 or character == 0x7f) "?" else &[_]u8{character});
        }
        line.add("'");
    }

    fn json(line: *Line, text: []const u8) void {
        for (text) |character| switch (character) {
            '"' => line.add("\\\""),
            '\\' => line.add("\\\\"),
            '\n' => line.add("\\n"),
            0...9, 11...31, 127 => line.add("?"),
            else => line.add(&[_]u8{character}),
        };
    }

    fn slice(line: *const Line) []const u8 {
        return line.buffer[0..line.length];
    }
};

pub fn plain(message: []const u8) void {
    var line: Line = .{};
    line.add("mxc: ");
    line.add(message);
    line.add("\n");
    sys.writeAll(2, line.slice());
}

fn say(plan: Plan, message: *const Line, hint: []const u8) void {
    var line: Line = .{};
    if (plan.header.options & structs.PlanOption.envelope != 0) {
        line.add("{\"error\":{\"code\":\"backend_error\",\"message\":\"");
        line.json(message.slice());
        if (hint.len > 0) {
            line.add("\",\"remediation\":\"");
            line.json(hint);
        }
        line.add("\"}}\n");
    } else {
        line.add("mxc: ");
        line.add(message.slice());
        if (hint.len > 0) {
            line.add("\n  ");
            line.add(hint);
        }
        line.add("\n");
    }
    sys.writeAll(2, line.slice());
}

pub fn timedOut(plan: Plan) void {
    var message: Line = .{};
    message.add("script timed out after ");
    message.number(plan.header.timeout_ms);
    message.add("ms");
    say(plan, &message, "");
}

/// Before there is a workload.
pub fn limitsFailed(plan: Plan, failure: sys.Failure) void {
    var message: Line = .{};
    message.add("the limits cannot be set up: ");
    message.add(@tagName(failure.syscall));
    message.add(": ");
    addErrno(&message, failure.errno);
    say(plan, &message, "The control groups of this host have changed, or are full: mxc plan says which are used.");
}

pub fn badPlan(err: abi.plan_reader.Error) void {
    var line: Line = .{};
    line.add("the plan is malformed (");
    line.add(@errorName(err));
    line.add("); this is a defect of mxc");
    plain(line.slice());
}

pub fn plannerDied(signal: u8) void {
    var line: Line = .{};
    line.add("the planner was killed by signal ");
    line.number(signal);
    plain(line.slice());
}

pub fn initDied(status: u32, plan: Plan) void {
    var message: Line = .{};
    message.add("the sandbox's init was killed");
    if (status & 0x7f != 0) {
        message.add(" by signal ");
        message.number(status & 0x7f);
    }
    say(plan, &message, "");
}

/// MXC's closing line of `--debug`, on stdout as there.
pub fn trailer(plan: Plan, code: u8) void {
    if (plan.header.options & structs.PlanOption.debug_trailer == 0) return;
    var line: Line = .{};
    line.add("Exit code: ");
    line.number(code);
    line.add(" (0x000000");
    const hex = "0123456789ABCDEF";
    line.add(&[_]u8{ hex[code >> 4], hex[code & 15] });
    line.add(")\n");
    sys.writeAll(1, line.slice());
}

/// Says which step failed and why; the exit code that follows from it.
pub fn launchFailure(header: *const shared_memory.Header, plan: Plan) u8 {
    var message: Line = .{};
    const stage: shared_memory.Stage = @fromBackingInt(header.stage);
    switch (stage) {
        .namespaces => message.add("cannot create namespaces"),
        .opening => if (header.step < opening.steps.len) describeOpening(&message, opening.steps[header.step]),
        .plan => if (header.step < plan.steps.len) describeStep(&message, plan, &plan.steps[header.step]),
        .working_folder => {
            message.add("cannot enter the working folder ");
            for (plan.steps) |*step| {
                if (step.kind == @backingInt(structs.StepKind.working_folder)) message.quoted(plan.text(step.target));
            }
        },
        .execute => {
            message.add("cannot execute ");
            for (plan.steps) |*step| {
                if (step.kind != @backingInt(structs.StepKind.word)) continue;
                message.quoted(plan.text(step.source));
                break;
            }
        },
        else => message.add(if (isDescriptorless(header)) no_descriptors else "cannot confine the workload"),
    }
    message.add(": ");
    if (header.changed != 0) {
        message.add("it changed while the sandbox was being made");
    } else {
        message.add(@tagName(@as(sys.SYS, @fromBackingInt(header.syscall))));
        message.add(": ");
        addErrno(&message, header.errno);
    }
    say(plan, &message, remedy(stage, header, plan));
    return switch (stage) {
        .working_folder => exit_config,
        .execute => if (plan.header.options & structs.PlanOption.shell != 0)
            exit_config
        else if (header.errno == ENOENT) 127 else 126,
        else => exit_backend,
    };
}

fn describeOpening(line: *Line, step: opening.Step) void {
    describe(line, step.kind, step.source, step.target);
}

fn describeStep(line: *Line, plan: Plan, step: *align(8) const structs.Step) void {
    describe(line, @fromBackingInt(step.kind), plan.text(step.source), plan.text(step.target));
}

fn describe(line: *Line, kind: structs.StepKind, source: []const u8, target: []const u8) void {
    line.add("cannot ");
    line.add(switch (kind) {
        .namespaces => "map the user into the new user namespace",
        .root => "make a new root",
        .directory, .file, .symlink => "make ",
        .bind => "grant ",
        .tmpfs => "mount a private ",
        .proc => "mount a private ",
        .devpts => "mount private terminals at ",
        .mqueue => "mount private message queues at ",
        .stand_ins => "prepare denials",
        .deny, .screen => "deny ",
        .protect, .seal => "write-protect ",
        .loopback => "bring the loopback interface up",
        .tunable => "set ",
        .enter_root => "enter the new root",
        .content => "put a file of the sandbox's own over ",
        .network => "make the sandbox's network",
        .landlock_rule => "add the Landlock rule for ",
        .landlock_tier => "confine by Landlock",
        .scratch => "make the temporary folder ",
        .kernel_mounts => "hide the kernel's file systems in the baseline",
        else => "carry out a step",
    });
    switch (kind) {
        .directory, .file, .symlink, .tmpfs, .proc, .devpts, .mqueue, .deny, .screen, .protect, .seal, .tunable, .landlock_rule, .content, .scratch => line.quoted(target),
        .bind => {
            line.quoted(source);
            if (!std.mem.eql(u8, source, target)) {
                line.add(" as ");
                line.quoted(target);
            }
        },
        else => {},
    }
}

const EPERM = 1;
const ENOENT = 2;
const EACCES = 13;
const ENODEV = 19;
const ENOSPC = 28;
const ENOSYS = 38;
const EINVAL = 22;

fn remedy(stage: shared_memory.Stage, header: *const shared_memory.Header, plan: Plan) []const u8 {
    const errno = header.errno;
    const kind: ?structs.StepKind = switch (stage) {
        .namespaces => .namespaces,
        .opening => if (header.step < opening.steps.len) opening.steps[header.step].kind else null,
        .plan => if (header.step < plan.steps.len) @fromBackingInt(plan.steps[header.step].kind) else null,
        else => null,
    };
    if (header.changed != 0) return "Run again while nothing renames or replaces the paths of the policy.";
    if (stage == .execute and errno == ENOENT) return "The sandbox sees only what is granted: is the program below a granted folder, and on the sandbox's PATH?";
    if (stage == .execute and errno == EACCES) return "The file is not executable in the sandbox.";
    if (stage == .working_folder) return "Set process.cwd (--cwd) to a folder that the policy grants.";
    if (errno == ENOSYS) return "This kernel is too old: mxc needs Linux 5.12 or later.";
    if (stage == .confine and isDescriptorless(header)) return no_descriptors_remedy;
    const is_device = errno == ENOENT or errno == ENODEV or errno == EACCES or errno == EPERM;
    if (kind == .network and header.syscall == @backingInt(sys.SYS.openat) and is_device)
        return "UDP and ICMP by rules go through /dev/net/tun: modprobe tun, or pass the device on to the container around mxc. Rules for TCP do without.";
    const namespace_step = switch (kind orelse return "") {
        .namespaces, .loopback, .root, .proc => true,
        else => false,
    };
    if (!namespace_step) return "";
    if (readFlag("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == '1' and errno != ENOSPC)
        return "User namespaces are forbidden by AppArmor on this host: allow this executable in an AppArmor profile with 'userns,' (mxc doctor), or set kernel.apparmor_restrict_unprivileged_userns=0.";
    if (readFlag("/proc/sys/kernel/unprivileged_userns_clone") == '0')
        return "User namespaces are forbidden for ordinary users: set kernel.unprivileged_userns_clone=1.";
    if (errno == ENOSPC) return "No more namespaces are allowed here: raise user.max_user_namespaces (and max_net_namespaces and the like).";
    if (kind.? == .proc and (errno == EPERM or errno == EACCES))
        return "A new /proc is refused, as in a container with a masked /proc: run the container with an unmasked /proc.";
    if (errno == EINVAL and stage == .namespaces) return "This kernel lacks a kind of namespace (CONFIG_USER_NS, CONFIG_NET_NS and the like).";
    if (errno == EPERM or errno == EACCES)
        return "A security module or a container's seccomp profile forbids user namespaces here: see mxc doctor.";
    return "";
}

/// A connection is made on the workload's own socket, which is taken with pidfd_getfd(2).
pub const no_descriptors = "network: its rules cannot be enforced on this host";
pub const no_descriptors_remedy = "pidfd_getfd(2) must be allowed: by the seccomp profile of the container around mxc (Docker's own does with CAP_SYS_PTRACE), and by Yama (kernel.yama.ptrace_scope=0 or 1).";

fn isDescriptorless(header: *const shared_memory.Header) bool {
    return header.syscall == @backingInt(sys.SYS.pidfd_getfd);
}

/// First character of a setting, 0 if it cannot be read.
fn readFlag(path: [*:0]const u8) u8 {
    const fd = sys.call(.openat, .{ sys.AT_FDCWD, path, @as(usize, 0o2000000), @as(usize, 0) });
    if (sys.failed(fd)) return 0;
    defer sys.close(@intCast(fd));
    var out: [1]u8 = .{0};
    _ = sys.call(.read, .{ @as(i32, @intCast(fd)), &out, @as(usize, 1) });
    return out[0];
}

/// As errno(3) lists them.
fn addErrno(line: *Line, errno: u32) void {
    if (std.enums.tagName(sys.E, @fromBackingInt(@intCast(errno)))) |name| {
        line.add("E");
        line.add(name);
    } else {
        line.add("errno ");
        line.number(errno);
    }
}
