//! From rules by number to a classic BPF program (seccomp(2), linux/filter.h). Knows no system
//! call and no policy. All at compile time: a launch only passes the finished program on.

const std = @import("std");
const table = @import("table.zig");

/// struct sock_filter
pub const SockFilter = extern struct { code: u16, jt: u8 = 0, jf: u8 = 0, k: u32 };

pub const Rule = struct {
    number: u32,
    cases: []const table.Case,
    otherwise: table.Action,
};

/// linux/bpf_common.h
const LD_W_ABS = 0x20;
const JMP_JA = 0x05;
const JMP_JEQ_K = 0x15;
const JMP_JGE_K = 0x35;
const ALU_AND_K = 0x54;
const RET_K = 0x06;

/// linux/seccomp.h
pub const RET_KILL_PROCESS: u32 = 0x8000_0000;
pub const RET_ERRNO: u32 = 0x0005_0000;
pub const RET_USER_NOTIF: u32 = 0x7fc0_0000;
pub const RET_ALLOW: u32 = 0x7fff_0000;

/// struct seccomp_data: number, architecture, instruction pointer, six 64-bit arguments.
const data_number = 0;
const data_arch = 4;
const data_arguments = 16;

/// `rules`: ascending, no number twice. `audit_arch`: the only architecture that is not killed.
/// `number_limit`: from here on numbers are killed too (x32's on x86_64).
pub fn compile(comptime rules: []const Rule, comptime audit_arch: u32, comptime number_limit: ?u32) []const SockFilter {
    comptime {
        @setEvalBranchQuota(2_000_000);
        var out: []const SockFilter = &.{
            .{ .code = LD_W_ABS, .k = data_arch },
            .{ .code = JMP_JEQ_K, .k = audit_arch, .jt = 1 },
            .{ .code = RET_K, .k = RET_KILL_PROCESS },
            .{ .code = LD_W_ABS, .k = data_number },
        };
        if (number_limit) |limit| {
            out = out ++ [_]SockFilter{
                .{ .code = JMP_JGE_K, .k = limit, .jf = 1 },
                .{ .code = RET_K, .k = RET_KILL_PROCESS },
            };
        }
        const unknown: Span = .{ .first = 0, .cases = &.{}, .otherwise = .{ .errno = table.ENOSYS } };
        out = out ++ search(spans(rules, unknown));
        if (out.len > 4096) @compileError("longer than the kernel takes (BPF_MAXINSNS)");
        const final = out[0..out.len].*;
        return &final;
    }
}

/// Numbers from `first` up to the next span's: one decision.
const Span = struct { first: u32, cases: []const table.Case, otherwise: table.Action };

fn spans(comptime rules: []const Rule, comptime unknown: Span) []const Span {
    var out: []const Span = &.{unknown};
    var next: u32 = 0;
    for (rules) |rule| {
        if (rule.number < next) @compileError("rules are not in order, or one number stands twice");
        if (rule.number > next) out = add(out, .{ .first = next, .cases = &.{}, .otherwise = unknown.otherwise });
        out = add(out, .{ .first = rule.number, .cases = rule.cases, .otherwise = rule.otherwise });
        next = rule.number + 1;
    }
    return add(out, .{ .first = next, .cases = &.{}, .otherwise = unknown.otherwise });
}

/// A span that decides as the one before it is part of it.
fn add(comptime list: []const Span, comptime span: Span) []const Span {
    const last = list[list.len - 1];
    if (last.first == span.first) return list[0 .. list.len - 1] ++ [_]Span{span};
    if (last.cases.len == 0 and span.cases.len == 0 and std.meta.eql(last.otherwise, span.otherwise)) return list;
    return list ++ [_]Span{span};
}

/// A binary search over the spans; the number is in the accumulator.
fn search(comptime list: []const Span) []const SockFilter {
    if (list.len == 1) return decide(list[0]);
    const middle = list.len / 2;
    const below = search(list[0..middle]);
    const above = search(list[middle..]);
    const first = list[middle].first;
    // A conditional jump reaches 255 instructions; a farther one needs JA.
    const jump = if (below.len <= 255) [_]SockFilter{
        .{ .code = JMP_JGE_K, .k = first, .jt = below.len },
    } else [_]SockFilter{
        .{ .code = JMP_JGE_K, .k = first, .jf = 1 },
        .{ .code = JMP_JA, .k = below.len },
    };
    return jump ++ below ++ above;
}

fn decide(comptime span: Span) []const SockFilter {
    var out: []const SockFilter = &.{};
    var loaded: ?Look = null;
    for (span.cases) |case| {
        out = out ++ compare(case, loaded);
        // With one condition there is one way to the next case, and the value is still there.
        loaded = if (case.when.len == 1) .of(case.when[0]) else null;
    }
    return out ++ [_]SockFilter{result(span.otherwise)};
}

/// The argument in the accumulator.
const Look = struct {
    argument: u3,
    mask: u32,

    fn of(condition: table.Condition) Look {
        return .{ .argument = condition.argument, .mask = condition.mask };
    }
};

/// Returns with the case's action if all its conditions hold, else goes on behind it.
fn compare(comptime case: table.Case, comptime loaded: ?Look) []const SockFilter {
    var ready = loaded;
    var looks: [case.when.len][]const SockFilter = undefined;
    var length = 1;
    for (case.when, &looks) |condition, *look| {
        const wanted: Look = .of(condition);
        look.* = if (ready != null and std.meta.eql(ready.?, wanted)) &.{} else load(wanted);
        ready = wanted;
        length += look.len + 1;
    }
    var out: []const SockFilter = &.{};
    for (case.when, looks) |condition, look| {
        out = out ++ look;
        out = out ++ [_]SockFilter{.{ .code = JMP_JEQ_K, .k = condition.value, .jf = @intCast(length - out.len - 1) }};
    }
    return out ++ [_]SockFilter{result(case.action)};
}

/// The low half of an argument; both architectures are little-endian.
fn load(comptime look: Look) []const SockFilter {
    const whole = [_]SockFilter{.{ .code = LD_W_ABS, .k = data_arguments + 8 * @as(u32, look.argument) }};
    return if (look.mask == 0xffff_ffff) &whole else &(whole ++ [_]SockFilter{.{ .code = ALU_AND_K, .k = look.mask }});
}

fn result(comptime action: table.Action) SockFilter {
    return .{ .code = RET_K, .k = switch (action) {
        .allow => RET_ALLOW,
        .notify => RET_USER_NOTIF,
        .errno => |errno| RET_ERRNO | @as(u32, errno),
    } };
}
