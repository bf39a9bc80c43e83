//! Runs a command under one profile's program and under nothing else of the sandbox: to see what
//! a real program makes of a refusal. `zig run try_program.zig -- none|host|host-no-unix ARGV...`;
//! in front of the words, `strace -f` shows the calls that come back with ENOSYS or EPERM.
//! A development tool; no part of the product.

const std = @import("std");
const builtin = @import("builtin");
const linux = std.os.linux;
const seccomp = @import("program.zig");

const usage = "usage: try_program none|host|host-no-unix ARGV...\n";

pub fn main(init: std.process.Init.Minimal) u8 {
    const words = init.args.vector;
    if (words.len < 3) return say(usage);
    const program = named(std.mem.span(words[1])) orelse return say(usage);
    const errno = install(program);
    if (errno != .SUCCESS) return say("try_program: the kernel refused the program\n");
    return execute(words[2..], init.environ.block.slice);
}

fn named(name: []const u8) ?[]const seccomp.SockFilter {
    inline for (seccomp.named_profiles) |profile| {
        if (std.mem.eql(u8, name, profile.name)) return comptime seccomp.program(builtin.cpu.arch, profile.profile);
    }
    return null;
}

/// For this thread and what it starts. PR_SET_NO_NEW_PRIVS first, without which an unprivileged
/// caller may not (seccomp(2)).
pub fn install(program: []const seccomp.SockFilter) linux.E {
    const prepared = linux.errno(linux.prctl(@backingInt(linux.PR.SET_NO_NEW_PRIVS), 1, 0, 0, 0));
    if (prepared != .SUCCESS) return prepared;
    const filter: seccomp.SockFprog = .{ .length = @intCast(program.len), .filter = program.ptr };
    return linux.errno(linux.seccomp(linux.SECCOMP.SET_MODE_FILTER, 0, &filter));
}

/// Searches PATH as execvp(3) does. Returns a shell's exit code for what could not be run.
fn execute(words: []const [*:0]const u8, environment: []const ?[*:0]const u8) u8 {
    var argv: [256:null]?[*:0]const u8 = undefined;
    if (words.len > argv.len) return say("try_program: too many words\n");
    for (words, argv[0..words.len]) |word, *slot| slot.* = word;
    argv[words.len] = null;
    const envp: [*:null]const ?[*:0]const u8 = @ptrCast(environment.ptr);
    const name = std.mem.span(words[0]);
    if (std.mem.indexOfScalar(u8, name, '/') != null) {
        _ = linux.execve(words[0], &argv, envp);
    } else {
        var folders = std.mem.splitScalar(u8, variable(environment, "PATH=") orelse "/usr/bin:/bin", ':');
        while (folders.next()) |folder| {
            var buffer: [4096]u8 = undefined;
            const path = std.fmt.bufPrintSentinel(&buffer, "{s}/{s}", .{ folder, name }, 0) catch continue;
            _ = linux.execve(path, &argv, envp);
        }
    }
    _ = say("try_program: not found or not executable\n");
    return 127;
}

fn variable(environment: []const ?[*:0]const u8, prefix: []const u8) ?[]const u8 {
    for (environment) |entry| {
        const text = std.mem.span(entry orelse continue);
        if (std.mem.startsWith(u8, text, prefix)) return text[prefix.len..];
    }
    return null;
}

fn say(text: []const u8) u8 {
    _ = linux.write(2, text.ptr, text.len);
    return 2;
}
