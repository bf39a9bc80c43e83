//! Runs the compiled programs in a small interpreter and compares every system call's verdict with
//! the table, as it would be read by a person.

const std = @import("std");
const table = @import("table.zig");
const compiler = @import("compile.zig");
const seccomp = @import("program.zig");
const interpreter = @import("interpreter.zig");

const testing = std.testing;
const Call = interpreter.Call;
const interpret = interpreter.interpret;
const interpretCounting = interpreter.interpretCounting;
const verdictOf = interpreter.verdictOf;

const Target = struct { arch: std.Target.Cpu.Arch, audit_arch: u32, SYS: type };
const x86_64: u32 = 0xc000_003e;
const aarch64: u32 = 0xc000_00b7;
const targets = [_]Target{
    .{ .arch = .x86_64, .audit_arch = x86_64, .SYS = std.os.linux.syscalls.X64 },
    .{ .arch = .aarch64, .audit_arch = aarch64, .SYS = std.os.linux.syscalls.Arm64 },
};

fn numberOf(comptime target: Target, comptime name: []const u8) u32 {
    return @intCast(@backingInt(@field(target.SYS, name)));
}

test "every number has the table's verdict, whatever its arguments" {
    var prng: std.Random.DefaultPrng = .init(1);
    const random = prng.random();
    const interesting = [_]u32{ 0, 1, 2, 3, 10, 16, 17, 0o100, 0o4755, 0o2755, 0o020666, 0x5412, 0x541c, 0x1000_0000, 0x2_0000, 0xffff_ffff, 35, 38, 0x5356_4d41 };
    inline for (targets) |target| {
        inline for (seccomp.named_profiles) |named| {
            const program = comptime seccomp.program(target.arch, named.profile);
            const rules = comptime seccomp.rulesOf(target.SYS, named.profile);
            var number: u32 = 0;
            while (number < 1024) : (number += 1) {
                const cases = for (rules) |rule| {
                    if (rule.number == number) break rule.cases;
                } else &.{};
                for (0..32 + 32 * cases.len) |_| {
                    var call: Call = .{ .number = number, .arch = target.audit_arch };
                    for (&call.arguments) |*argument| {
                        argument.* = if (random.boolean()) interesting[random.uintLessThan(usize, interesting.len)] else random.int(u32);
                    }
                    // Often all that a case asks for, or all but one bit of it.
                    if (cases.len > 0 and random.uintLessThan(u8, 4) != 0) {
                        for (cases[random.uintLessThan(usize, cases.len)].when) |condition| {
                            const argument = &call.arguments[condition.argument];
                            argument.* = (argument.* & ~@as(u64, condition.mask)) | condition.value;
                            if (random.uintLessThan(u8, 4) == 0) argument.* ^= @as(u64, 1) << random.int(u5);
                        }
                    }
                    // The kernel ignores the upper half; a program may leave anything there.
                    for (&call.arguments) |*argument| {
                        if (random.boolean()) argument.* |= @as(u64, random.int(u32)) << 32;
                    }
                    try testing.expectEqual(verdictOf(rules, call), try interpret(program, call));
                }
            }
        }
    }
}

test "no case is there for nothing: each decides a call that would go another way without it" {
    inline for (targets) |target| {
        inline for (seccomp.named_profiles) |named| {
            const rules = comptime seccomp.rulesOf(target.SYS, named.profile);
            for (rules) |rule| {
                for (rule.cases, 0..) |case, index| {
                    var call: Call = .{ .number = rule.number, .arch = target.audit_arch };
                    for (case.when) |condition| call.arguments[condition.argument] |= condition.value;
                    // What it does not ask about, or asks to be clear, must not be decided elsewhere:
                    // the remaining bits set, then the remaining bits clear.
                    const bare = call;
                    for (&call.arguments, 0..) |*argument, position| {
                        var asked: u32 = 0;
                        for (case.when) |condition| {
                            if (condition.argument == position) asked |= condition.mask;
                        }
                        argument.* |= ~asked;
                    }
                    const decides = for ([_]Call{ bare, call }) |candidate| {
                        var without: [192]table.Case = undefined;
                        @memcpy(without[0..index], rule.cases[0..index]);
                        @memcpy(without[index .. rule.cases.len - 1], rule.cases[index + 1 ..]);
                        const shorter: compiler.Rule = .{ .number = rule.number, .cases = without[0 .. rule.cases.len - 1], .otherwise = rule.otherwise };
                        if (verdictOf(&.{rule}, candidate) != verdictOf(&.{shorter}, candidate)) break true;
                    } else false;
                    testing.expect(decides) catch |err| {
                        std.debug.print("call {d} of {s}: case {d} decides nothing\n", .{ rule.number, @tagName(target.arch), index });
                        return err;
                    };
                }
            }
        }
    }
}

test "another architecture's and x32's calls are killed" {
    inline for (seccomp.named_profiles) |named| {
        const program = comptime seccomp.program(.x86_64, named.profile);
        for ([_]u32{ 0x4000_0003, aarch64, 0 }) |arch| {
            try testing.expectEqual(compiler.RET_KILL_PROCESS, try interpret(program, .{ .number = 0, .arch = arch }));
        }
        for ([_]u32{ 0x4000_0000, 0x4000_0001, 0xffff_ffff }) |number| {
            try testing.expectEqual(compiler.RET_KILL_PROCESS, try interpret(program, .{ .number = number, .arch = x86_64 }));
        }
        // aarch64 has one more: its own 32-bit ABI, AUDIT_ARCH_ARM.
        const other = comptime seccomp.program(.aarch64, named.profile);
        for ([_]u32{ 0x4000_0028, x86_64, 0 }) |arch| {
            try testing.expectEqual(compiler.RET_KILL_PROCESS, try interpret(other, .{ .number = 0, .arch = arch }));
        }
    }
}

test "what must never be allowed is not, whatever its arguments" {
    const never = [_][]const u8{
        "mount",            "umount2",        "pivot_root",  "chroot",            "setns",             "open_tree",         "move_mount",
        "fsopen",           "fsconfig",       "fsmount",     "fspick",            "mount_setattr",     "bpf",               "ptrace",
        "process_vm_readv", "kcmp",           "pidfd_getfd", "process_vm_writev", "keyctl",            "add_key",           "request_key",
        "io_uring_setup",   "io_uring_enter", "userfaultfd", "perf_event_open",   "open_by_handle_at", "name_to_handle_at", "init_module",
        "finit_module",     "delete_module",  "kexec_load",  "kexec_file_load",   "reboot",            "syslog",            "acct",
        "swapon",           "swapoff",        "quotactl",    "settimeofday",      "clock_settime",     "clock_adjtime",     "adjtimex",
        "clone3",           "openat2",        "vhangup",     "fanotify_init",     "sethostname",       "memfd_secret",      "lookup_dcookie",
        "nfsservctl",       "statmount",      "uselib",      "modify_ldt",        "iopl",              "ioperm",
    };
    var prng: std.Random.DefaultPrng = .init(2);
    const random = prng.random();
    inline for (targets) |target| {
        inline for (seccomp.named_profiles) |named| {
            const program = comptime seccomp.program(target.arch, named.profile);
            inline for (never) |name| {
                // uselib, modify_ldt, iopl and ioperm are x86_64's alone.
                if (@hasField(target.SYS, name)) {
                    for (0..64) |_| {
                        var call: Call = .{ .number = numberOf(target, name), .arch = target.audit_arch };
                        for (&call.arguments) |*argument| argument.* = random.int(u64) & random.int(u64) & random.int(u64);
                        try testing.expect(try interpret(program, call) != compiler.RET_ALLOW);
                    }
                }
            }
        }
    }
}

const ALLOW = compiler.RET_ALLOW;
fn refusal(comptime value: u32) u32 {
    return compiler.RET_ERRNO | value;
}

// The policy on arguments, said a second time and without the table.
test "arguments that matter" {
    @setEvalBranchQuota(100_000);
    const Expectation = struct { []const u8, [4]u64, u32 };
    const EPERM = 1;
    const EBUSY = 16;
    const EINVAL = 22;
    const EPROTONOSUPPORT = 93;
    const EAFNOSUPPORT = 97;
    const expectations = comptime [_]Expectation{
        .{ "clone", .{ 0x003d_0f00, 0, 0, 0 }, ALLOW }, // pthread_create
        .{ "clone", .{ 0x0120_0011, 0, 0, 0 }, ALLOW }, // fork
        .{ "clone", .{ 0x0000_4111, 0, 0, 0 }, ALLOW }, // vfork
        .{ "clone", .{ 0x0002_0011, 0, 0, 0 }, refusal(EPERM) },
        .{ "clone", .{ 0x0200_0011, 0, 0, 0 }, refusal(EPERM) },
        .{ "clone", .{ 0x0400_0011, 0, 0, 0 }, refusal(EPERM) },
        .{ "clone", .{ 0x0800_0011, 0, 0, 0 }, refusal(EPERM) },
        .{ "clone", .{ 0x1000_0011, 0, 0, 0 }, refusal(EPERM) },
        .{ "clone", .{ 0x2000_0011, 0, 0, 0 }, refusal(EPERM) },
        .{ "clone", .{ 0x4000_0011, 0, 0, 0 }, refusal(EPERM) },
        .{ "unshare", .{ 0x0004_0600, 0, 0, 0 }, ALLOW }, // CLONE_FS, FILES, SYSVSEM
        .{ "unshare", .{ 0x1000_0000, 0, 0, 0 }, refusal(EPERM) },
        .{ "unshare", .{ 0x80, 0, 0, 0 }, refusal(EPERM) }, // CLONE_NEWTIME
        .{ "unshare", .{ 0x0010_0000, 0, 0, 0 }, refusal(EPERM) }, // a newer kernel's flag
        .{ "ioctl", .{ 0, 0x5401, 0, 0 }, ALLOW }, // TCGETS
        .{ "ioctl", .{ 0, 0x5412, 0, 0 }, refusal(EPERM) }, // TIOCSTI
        .{ "ioctl", .{ 0, 0xdead_beef_0000_5412, 0, 0 }, refusal(EPERM) },
        .{ "ioctl", .{ 0, 0x541c, 0, 0 }, refusal(EPERM) }, // TIOCLINUX
        .{ "ioctl", .{ 0, 0x541d, 0, 0 }, refusal(EPERM) }, // TIOCCONS
        .{ "ioctl", .{ 0, 0x5423, 0, 0 }, refusal(EPERM) }, // TIOCSETD
        .{ "prctl", .{ 15, 0, 0, 0 }, ALLOW }, // PR_SET_NAME
        .{ "prctl", .{ 38, 1, 0, 0 }, ALLOW }, // PR_SET_NO_NEW_PRIVS
        .{ "prctl", .{ 22, 2, 0, 0 }, ALLOW }, // PR_SET_SECCOMP
        .{ "prctl", .{ 35, 0, 0, 0 }, refusal(EPERM) }, // PR_SET_MM
        .{ "prctl", .{ 62, 0, 0, 0 }, refusal(EINVAL) }, // PR_SCHED_CORE
        .{ "prctl", .{ 1000, 0, 0, 0 }, refusal(EINVAL) },
        .{ "seccomp", .{ 1, 1, 0, 0 }, ALLOW }, // SET_MODE_FILTER, TSYNC
        .{ "seccomp", .{ 1, 8, 0, 0 }, refusal(EBUSY) }, // NEW_LISTENER
        .{ "seccomp", .{ 1, 0x8 | 0x20 | 0x1, 0, 0 }, refusal(EBUSY) },
        .{ "personality", .{ 0xffff_ffff, 0, 0, 0 }, ALLOW },
        .{ "personality", .{ 0x0004_0000, 0, 0, 0 }, ALLOW }, // ADDR_NO_RANDOMIZE
        .{ "personality", .{ 0x0040_0000, 0, 0, 0 }, refusal(EPERM) }, // READ_IMPLIES_EXEC
        .{ "fchmod", .{ 0, 0o755, 0, 0 }, ALLOW },
        .{ "fchmod", .{ 0, 0o1777, 0, 0 }, ALLOW }, // sticky
        .{ "fchmod", .{ 0, 0o4755, 0, 0 }, refusal(EPERM) },
        .{ "fchmod", .{ 0, 0o2755, 0, 0 }, refusal(EPERM) },
        .{ "fchmodat", .{ 0, 0, 0o6755, 0 }, refusal(EPERM) },
        .{ "fchmodat2", .{ 0, 0, 0o4755, 0 }, refusal(EPERM) },
        .{ "mkdirat", .{ 0, 0, 0o2755, 0 }, refusal(EPERM) },
        .{ "openat", .{ 0, 0, 0, 0o4755 }, ALLOW }, // nothing is made: the mode is rubbish
        .{ "openat", .{ 0, 0, 0o100, 0o644 }, ALLOW },
        .{ "openat", .{ 0, 0, 0o100, 0o4755 }, refusal(EPERM) },
        .{ "openat", .{ 0, 0, 0o20200000, 0o2755 }, refusal(EPERM) }, // O_TMPFILE
        .{ "mknodat", .{ 0, 0, 0o010644, 0 }, ALLOW }, // FIFO
        .{ "mknodat", .{ 0, 0, 0o140644, 0 }, ALLOW }, // socket
        .{ "mknodat", .{ 0, 0, 0o100644, 0 }, ALLOW },
        .{ "mknodat", .{ 0, 0, 0o644, 0 }, ALLOW },
        .{ "mknodat", .{ 0, 0, 0o020644, 0 }, refusal(EPERM) },
        .{ "mknodat", .{ 0, 0, 0o060644, 0 }, refusal(EPERM) },
        .{ "mknodat", .{ 0, 0, 0o104755, 0 }, refusal(EPERM) },
        .{ "socket", .{ 2, 1, 0, 0 }, ALLOW },
        .{ "socket", .{ 2, 1 | 0o2004000, 6, 0 }, ALLOW }, // SOCK_CLOEXEC, SOCK_NONBLOCK
        .{ "socket", .{ 10, 2, 17, 0 }, ALLOW },
        .{ "socket", .{ 2, 2, 1, 0 }, ALLOW }, // ping
        .{ "socket", .{ 10, 2, 58, 0 }, ALLOW },
        .{ "socket", .{ 2, 3, 1, 0 }, refusal(EPERM) }, // SOCK_RAW
        .{ "socket", .{ 2, 10, 0, 0 }, refusal(EPERM) }, // SOCK_PACKET
        .{ "socket", .{ 2, 1, 132, 0 }, refusal(EPROTONOSUPPORT) }, // SCTP
        .{ "socket", .{ 2, 5, 132, 0 }, refusal(EPROTONOSUPPORT) },
        .{ "socket", .{ 2, 6, 33, 0 }, refusal(EPROTONOSUPPORT) }, // DCCP
        .{ "socket", .{ 2, 2, 115, 0 }, refusal(EPROTONOSUPPORT) }, // L2TP
        .{ "socket", .{ 2, 1, 256, 0 }, refusal(EPROTONOSUPPORT) }, // SMC
        .{ "socket", .{ 2, 1, 262, 0 }, refusal(EPROTONOSUPPORT) }, // MPTCP
        .{ "socket", .{ 16, 3, 0, 0 }, ALLOW }, // netlink, routes
        .{ "socket", .{ 16, 3, 9, 0 }, refusal(EPROTONOSUPPORT) }, // netlink, audit
        .{ "socket", .{ 16, 3, 12, 0 }, refusal(EPROTONOSUPPORT) }, // netlink, netfilter
        .{ "socket", .{ 17, 2, 0, 0 }, refusal(EAFNOSUPPORT) }, // AF_PACKET
        .{ "socket", .{ 38, 5, 0, 0 }, refusal(EAFNOSUPPORT) }, // AF_ALG
        .{ "socket", .{ 40, 1, 0, 0 }, refusal(EAFNOSUPPORT) }, // AF_VSOCK
        .{ "socket", .{ 44, 2, 0, 0 }, refusal(EAFNOSUPPORT) }, // AF_XDP
        .{ "socketpair", .{ 1, 1, 0, 0 }, ALLOW },
        .{ "socketpair", .{ 1, 5, 0, 0 }, ALLOW },
        .{ "socketpair", .{ 30, 1, 0, 0 }, refusal(EAFNOSUPPORT) }, // AF_TIPC
        .{ "renameat2", .{ 0, 0, 0, 0 }, ALLOW },
    };
    inline for (targets) |target| {
        inline for (seccomp.named_profiles) |named| {
            if (comptime named.profile.tier != .namespace) continue;
            const program = comptime seccomp.program(target.arch, named.profile);
            inline for (expectations) |expectation| {
                var call: Call = .{ .number = comptime numberOf(target, expectation[0]), .arch = target.audit_arch };
                @memcpy(call.arguments[0..4], &expectation[1]);
                testing.expectEqual(expectation[2], try interpret(program, call)) catch |err| {
                    std.debug.print("{s}{any}\n", .{ expectation[0], expectation[1] });
                    return err;
                };
            }
            // RENAME_NOREPLACE, EXCHANGE, WHITEOUT.
            for ([_]u64{ 1, 2, 4, 5 }, [_]u32{ ALLOW, ALLOW, refusal(EINVAL), refusal(EINVAL) }) |flags, verdict| {
                const call: Call = .{ .number = numberOf(target, "renameat2"), .arch = target.audit_arch, .arguments = .{ 0, 0, 0, 0, flags, 0 } };
                try testing.expectEqual(verdict, try interpret(program, call));
            }
            // A pair of datagram sockets reaches as far as a socket; AF_UNIX takes SOCK_RAW for the same.
            const unix = if (named.profile.unix_sockets) ALLOW else refusal(EAFNOSUPPORT);
            const unix_raw = if (named.profile.unix_sockets) ALLOW else refusal(EPERM);
            for ([_]struct { u32, u64, u32 }{
                .{ numberOf(target, "socket"), 1, unix },     .{ numberOf(target, "socket"), 2, unix },
                .{ numberOf(target, "socket"), 3, unix_raw }, .{ numberOf(target, "socketpair"), 2, unix },
                .{ numberOf(target, "socketpair"), 3, unix },
            }) |expectation| {
                const call: Call = .{ .number = expectation[0], .arch = target.audit_arch, .arguments = .{ 1, expectation[1], 0, 0, 0, 0 } };
                try testing.expectEqual(expectation[2], try interpret(program, call));
            }
        }
    }
}

test "the landlock tier: what Landlock cannot judge is refused or the guard's" {
    @setEvalBranchQuota(100_000);
    const NOTIFY: u32 = 0x7fc0_0000;
    const EPERM = 1;
    const EACCES = 13;
    const ENOSYS = 38;
    const EOPNOTSUPP = 95;
    const Expectation = struct { []const u8, [4]u64, u32, u32 };
    // Last the verdict for kernels before ABI 6.
    const expectations = comptime [_]Expectation{
        .{ "fchmod", .{ 0, 0o755, 0, 0 }, NOTIFY, NOTIFY },
        .{ "fchmod", .{ 0, 0o4755, 0, 0 }, refusal(EPERM), refusal(EPERM) },
        .{ "fchmodat", .{ 0, 0, 0o755, 0 }, NOTIFY, NOTIFY },
        .{ "fchmodat2", .{ 0, 0, 0o6755, 0 }, refusal(EPERM), refusal(EPERM) },
        .{ "mkdirat", .{ 0, 0, 0o755, 0 }, ALLOW, ALLOW },
        .{ "utimensat", .{ 0, 0, 0, 0 }, NOTIFY, NOTIFY },
        .{ "truncate", .{ 0, 0, 0, 0 }, ALLOW, NOTIFY },
        .{ "ftruncate", .{ 0, 0, 0, 0 }, ALLOW, ALLOW },
        .{ "fchownat", .{ 0, 0, 0, 0 }, NOTIFY, NOTIFY },
        .{ "setxattr", .{ 0, 0, 0, 0 }, refusal(EOPNOTSUPP), refusal(EOPNOTSUPP) },
        .{ "inotify_add_watch", .{ 0, 0, 0, 0 }, refusal(EACCES), refusal(EACCES) },
        .{ "ioctl", .{ 3, 0x4008_6602, 0, 0 }, refusal(25), refusal(25) }, // FS_IOC_SETFLAGS
        .{ "ioctl", .{ 3, 0x8008_6601, 0, 0 }, ALLOW, ALLOW }, // FS_IOC_GETFLAGS
        .{ "ioctl", .{ 3, 0x5000_940e, 0, 0 }, refusal(25), refusal(25) }, // BTRFS_IOC_SUBVOL_CREATE
        .{ "ioctl", .{ 3, 0x5401, 0, 0 }, ALLOW, ALLOW }, // TCGETS
        .{ "fcntl", .{ 3, 8, 1, 0 }, ALLOW, refusal(EPERM) }, // F_SETOWN
        .{ "fcntl", .{ 3, 15, 1, 0 }, ALLOW, refusal(EPERM) }, // F_SETOWN_EX
        .{ "fcntl", .{ 3, 2, 1, 0 }, ALLOW, ALLOW }, // F_SETFD
        .{ "ioctl", .{ 3, 0x8901, 0, 0 }, ALLOW, refusal(EPERM) }, // FIOSETOWN
        .{ "getxattr", .{ 0, 0, 0, 0 }, refusal(EOPNOTSUPP), refusal(EOPNOTSUPP) },
        .{ "fgetxattr", .{ 0, 0, 0, 0 }, ALLOW, ALLOW },
        .{ "kill", .{ 1, 9, 0, 0 }, ALLOW, NOTIFY },
        .{ "tgkill", .{ 1, 1, 9, 0 }, ALLOW, NOTIFY },
        .{ "pidfd_send_signal", .{ 1, 9, 0, 0 }, ALLOW, NOTIFY },
        .{ "prlimit64", .{ 0, 7, 0, 0 }, ALLOW, ALLOW },
        .{ "prlimit64", .{ 1, 7, 0, 0 }, refusal(EPERM), refusal(EPERM) },
        .{ "sched_setaffinity", .{ 1, 0, 0, 0 }, refusal(EPERM), refusal(EPERM) },
        .{ "setpriority", .{ 0, 0, 5, 0 }, ALLOW, ALLOW },
        .{ "setpriority", .{ 2, 0, 5, 0 }, refusal(EPERM), refusal(EPERM) }, // PRIO_USER
        .{ "ioprio_set", .{ 1, 0, 0, 0 }, ALLOW, ALLOW },
        .{ "ioprio_set", .{ 3, 0, 0, 0 }, refusal(EPERM), refusal(EPERM) }, // IOPRIO_WHO_USER
        .{ "shmget", .{ 0, 0, 0, 0 }, refusal(ENOSYS), refusal(ENOSYS) },
        .{ "mq_open", .{ 0, 0, 0, 0 }, refusal(ENOSYS), refusal(ENOSYS) },
        .{ "socket", .{ 1, 1, 0, 0 }, refusal(EACCES), refusal(EACCES) },
        .{ "socket", .{ 16, 3, 0, 0 }, refusal(EACCES), refusal(EACCES) },
        .{ "socketpair", .{ 1, 1, 0, 0 }, ALLOW, ALLOW },
        .{ "socketpair", .{ 1, 2, 0, 0 }, refusal(97), refusal(97) },
    };
    inline for (targets) |target| {
        inline for (.{ seccomp.landlock_none, seccomp.landlock_host }) |profile| {
            const current = comptime seccomp.program(target.arch, profile);
            const before = comptime seccomp.program(target.arch, seccomp.older(profile));
            inline for (expectations) |expectation| {
                var call: Call = .{ .number = comptime numberOf(target, expectation[0]), .arch = target.audit_arch };
                @memcpy(call.arguments[0..4], &expectation[1]);
                errdefer std.debug.print("{s}{any}\n", .{ expectation[0], expectation[1] });
                try testing.expectEqual(expectation[2], try interpret(current, call));
                try testing.expectEqual(expectation[3], try interpret(before, call));
            }
            const inet: Call = .{ .number = comptime numberOf(target, "socket"), .arch = target.audit_arch, .arguments = .{ 2, 1, 0, 0, 0, 0 } };
            try testing.expectEqual(if (profile.network == .none) refusal(EACCES) else ALLOW, try interpret(current, inet));
        }
    }
}

test "no call stands in two groups" {
    @setEvalBranchQuota(20_000_000);
    inline for (seccomp.named_profiles) |named| {
        inline for (targets) |target| {
            const rules = comptime seccomp.rulesOf(target.SYS, named.profile);
            for (rules[1..], rules[0 .. rules.len - 1]) |later, earlier| try testing.expect(later.number > earlier.number);
        }
    }
}

test "programs stay short, and a call that needs no look at its arguments takes few steps" {
    inline for (targets) |target| {
        inline for (seccomp.named_profiles) |named| {
            const program = comptime seccomp.program(target.arch, named.profile);
            const most_plain: usize = if (named.profile.tier == .landlock) 700 else 600;
            const longest = if (named.profile.network == .brokered) 2 * most_plain else most_plain;
            try testing.expect(program.len < longest);
            for (0..512) |number| {
                var steps: usize = 0;
                _ = try interpretCounting(program, .{ .number = @intCast(number), .arch = target.audit_arch }, &steps);
                // Its options are a list, once per socket.
                const list = named.profile.network == .brokered and number == numberOf(target, "setsockopt");
                const most: usize = if (list) 300 else 100;
                try testing.expect(steps <= most);
            }
            for ([_]u32{ numberOf(target, "read"), numberOf(target, "write"), numberOf(target, "futex") }) |number| {
                var steps: usize = 0;
                _ = try interpretCounting(program, .{ .number = number, .arch = target.audit_arch }, &steps);
                try testing.expect(steps <= 20);
            }
        }
    }
}
