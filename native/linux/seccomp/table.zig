//! Which system calls a workload may make, group by group, each with its reason. An allow-list:
//! what stands nowhere here does not exist for the workload (ENOSYS). Data only; compile.zig turns
//! it into a program and knows no system call, program.zig joins the two.

/// linux/errno.h
pub const EPERM: u16 = 1;
pub const EACCES: u16 = 13;
pub const EBUSY: u16 = 16;
pub const ENODEV: u16 = 19;
pub const ENOTTY: u16 = 25;
pub const EINVAL: u16 = 22;
pub const ENOSYS: u16 = 38;
pub const ENOPROTOOPT: u16 = 92;
pub const EPROTONOSUPPORT: u16 = 93;
pub const EOPNOTSUPP: u16 = 95;
pub const EAFNOSUPPORT: u16 = 97;

/// `notify`: the broker makes the call in the workload's place (SECCOMP_RET_USER_NOTIF).
pub const Action = union(enum) { allow, notify, errno: u16 };

/// One look at an argument. Only its low 32 bits: the kernel takes every argument that is looked at
/// here as an int, an unsigned int or a mode.
pub const Condition = struct { argument: u3, mask: u32 = 0xffff_ffff, value: u32 };

/// All conditions hold: `action`.
pub const Case = struct { when: []const Condition, action: Action };

pub const Group = struct {
    reason: []const u8,
    syscalls: []const []const u8,
    /// In order; the first that holds decides.
    cases: []const Case = &.{},
    otherwise: Action,
};

pub const Profile = struct {
    /// The first two have the same table: without a network the private namespace holds only a
    /// loopback interface, over which programs talk to themselves. With the broker the workload
    /// may hold sockets of the host's network, connected ones: nothing may aim them anew.
    network: enum { none, host, brokered },
    /// Off where the host's abstract sockets could be reached through them.
    unix_sockets: bool,
    /// In the second the workload is among the host's processes, files and IPC objects, with
    /// Landlock alone before them: what that does not cover is refused or the guard's to do.
    tier: enum { namespace, landlock } = .namespace,
    /// Landlock before ABI 6: it keeps no signal back, and before ABI 3 truncates anything.
    older: bool = false,
};

fn guarded(comptime profile: Profile) Action {
    return if (profile.tier == .landlock) .notify else .allow;
}

fn unlessShared(comptime profile: Profile, comptime errno: u16) Action {
    return if (profile.tier == .landlock) .{ .errno = errno } else .allow;
}

/// A mode without set-id bits, in this argument.
fn changed(comptime profile: Profile, comptime mode: u3) []const Case {
    return &.{.{ .when = withoutSetId(mode)[0].when, .action = guarded(profile) }};
}

/// setpriority(2), ioprio_set(2): of one process, the caller.
fn ownPriority(comptime process: u32) []const Case {
    return &.{.{ .when = &.{ .{ .argument = 0, .value = process }, .{ .argument = 1, .value = 0 } }, .action = .allow }};
}

const no = struct {
    fn permission() Action {
        return .{ .errno = EPERM };
    }
    fn such() Action {
        return .{ .errno = ENOSYS };
    }
};

const set_id_bits: u32 = 0o6000;
const type_bits: u32 = 0o170000;

/// Holds where no set-user-ID or set-group-ID bit is asked for.
fn withoutSetId(comptime argument: u3) []const Case {
    return none(argument, set_id_bits);
}

/// The same for an open. Its mode counts only with O_CREAT or O_TMPFILE's own bit among the flags
/// (asm-generic/fcntl.h), and is rubbish without them.
fn openWithoutSetId(comptime flags: u3, comptime mode: u3) []const Case {
    return none(flags, 0o100 | 0o20000000) ++ withoutSetId(mode);
}

/// What mknod may make: a plain file (0 or S_IFREG), a FIFO or a socket, without set-id bits.
fn plainNode(comptime mode: u3) []const Case {
    return allowed(mode, type_bits | set_id_bits, &.{ 0, 0o100000, 0o010000, 0o140000 });
}

/// Allows where none of the bits is set.
fn none(comptime argument: u3, comptime bits: u32) []const Case {
    return &.{.{ .when = &.{.{ .argument = argument, .mask = bits, .value = 0 }}, .action = .allow }};
}

/// One case per value of an int argument, each allowed.
fn allowed(comptime argument: u3, comptime mask: u32, comptime values: []const u32) []const Case {
    comptime var cases: []const Case = &.{};
    inline for (values) |value| {
        cases = cases ++ [_]Case{.{ .when = &.{.{ .argument = argument, .mask = mask, .value = value }}, .action = .allow }};
    }
    return cases;
}

fn refused(comptime argument: u3, comptime values: []const u32) []const Case {
    comptime var cases: []const Case = &.{};
    inline for (values) |value| {
        cases = cases ++ [_]Case{.{ .when = &.{.{ .argument = argument, .value = value }}, .action = no.permission() }};
    }
    return cases;
}

/// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (linux/sched.h). CLONE_NEWTIME
/// is among the bits of clone's exit signal, and a flag of unshare and clone3 only.
const new_namespaces: u32 = 0x7e02_0000;
/// What unshare may still part from: CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM. Named by what
/// is allowed, for newer kernels give it further flags that make namespaces.
const unshared: u32 = 0x100 | 0x200 | 0x400 | 0x800 | 0x1_0000 | 0x4_0000;

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;

const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_SEQPACKET = 5;
const SOCK_PACKET = 10;
/// The rest of the type is flags (linux/net.h).
const SOCK_TYPE_MASK: u32 = 0xf;

/// linux/in.h
const IPPROTO_ICMP = 1;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const IPPROTO_ICMPV6 = 58;

/// socket(2): TCP, UDP and unprivileged ping by name. The other protocols (SCTP, DCCP, L2TP, SMC,
/// MPTCP) are modules that the kernel would load for whoever asks. netlink(7): routes only, which
/// getifaddrs(3) reads.
fn socketCases(comptime profile: Profile) []const Case {
    comptime var cases: []const Case = &.{};
    if (profile.tier == .landlock) {
        // In the host's network namespace: what answers for interfaces answers for the host's.
        inline for (.{ AF_UNIX, AF_NETLINK }) |family| {
            cases = cases ++ [_]Case{.{ .when = &.{.{ .argument = 0, .value = family }}, .action = .{ .errno = EACCES } }};
        }
        if (profile.network == .none) {
            inline for (.{ AF_INET, AF_INET6 }) |family| {
                cases = cases ++ [_]Case{.{ .when = &.{.{ .argument = 0, .value = family }}, .action = .{ .errno = EACCES } }};
            }
            return cases;
        }
        if (profile.network == .brokered) {
            // TCP alone: each datagram could name another destination.
            inline for (.{ AF_INET, AF_INET6 }) |family| {
                inline for (.{ 0, IPPROTO_TCP }) |protocol| {
                    cases = cases ++ [_]Case{.{ .when = &.{
                        .{ .argument = 0, .value = family },
                        .{ .argument = 1, .mask = SOCK_TYPE_MASK, .value = SOCK_STREAM },
                        .{ .argument = 2, .value = protocol },
                    }, .action = .allow }};
                }
                cases = cases ++ [_]Case{.{ .when = &.{.{ .argument = 0, .value = family }}, .action = .{ .errno = EACCES } }};
            }
            return cases;
        }
    }
    if (profile.unix_sockets) {
        cases = cases ++ [_]Case{.{ .when = &.{.{ .argument = 0, .value = AF_UNIX }}, .action = .allow }};
    }
    if (profile.tier == .namespace) cases = cases ++ [_]Case{
        .{ .when = &.{ .{ .argument = 0, .value = AF_NETLINK }, .{ .argument = 2, .value = NETLINK_ROUTE } }, .action = .allow },
        .{ .when = &.{.{ .argument = 0, .value = AF_NETLINK }}, .action = .{ .errno = EPROTONOSUPPORT } },
    };
    inline for (.{ SOCK_RAW, SOCK_PACKET }) |type_| {
        cases = cases ++ [_]Case{.{ .when = &.{.{ .argument = 1, .mask = SOCK_TYPE_MASK, .value = type_ }}, .action = no.permission() }};
    }
    inline for (.{ .{ AF_INET, IPPROTO_ICMP }, .{ AF_INET6, IPPROTO_ICMPV6 } }) |family| {
        inline for (.{
            .{ SOCK_STREAM, 0 },        .{ SOCK_STREAM, IPPROTO_TCP }, .{ SOCK_DGRAM, 0 }, .{ SOCK_DGRAM, IPPROTO_UDP },
            .{ SOCK_DGRAM, family[1] },
        }) |kind| {
            cases = cases ++ [_]Case{.{ .when = &.{
                .{ .argument = 0, .value = family[0] },
                .{ .argument = 1, .mask = SOCK_TYPE_MASK, .value = kind[0] },
                .{ .argument = 2, .value = kind[1] },
            }, .action = .allow }};
        }
    }
    inline for (.{ AF_INET, AF_INET6 }) |family| {
        cases = cases ++ [_]Case{.{ .when = &.{.{ .argument = 0, .value = family }}, .action = .{ .errno = EPROTONOSUPPORT } }};
    }
    return cases;
}

/// A connected datagram socket still takes an address with every sendto(2), so that a pair of them
/// reaches whatever socket(AF_UNIX) would; streams and packet sequences do not (unix(7)).
fn pairCases(comptime profile: Profile) []const Case {
    if (profile.unix_sockets) return allowed(0, 0xffff_ffff, &.{AF_UNIX});
    comptime var cases: []const Case = &.{};
    inline for (.{ SOCK_STREAM, SOCK_SEQPACKET }) |type_| {
        cases = cases ++ [_]Case{.{ .when = &.{
            .{ .argument = 0, .value = AF_UNIX },
            .{ .argument = 1, .mask = SOCK_TYPE_MASK, .value = type_ },
        }, .action = .allow }};
    }
    return cases;
}

/// MSG_FASTOPEN (linux/socket.h)
fn fastOpen(comptime flags: u3) []const Case {
    return &.{.{ .when = &.{.{ .argument = flags, .mask = 0x2000_0000, .value = 0x2000_0000 }}, .action = .{ .errno = EOPNOTSUPP } }};
}

/// One level of setsockopt(2) and its options that a workload may set.
const OptionLevel = struct { level: u32, options: []const u32 };

const socket_options = [_]OptionLevel{
    // SOL_SOCKET (asm-generic/socket.h): REUSEADDR, BROADCAST, SNDBUF, RCVBUF, KEEPALIVE, OOBINLINE,
    // NO_CHECK, PRIORITY, LINGER, REUSEPORT, PASSCRED, RCVLOWAT, RCVTIMEO, SNDTIMEO, ATTACH_FILTER,
    // DETACH_FILTER, TIMESTAMP, PASSSEC, TIMESTAMPNS, TIMESTAMPING, RXQ_OVFL, PEEK_OFF, LOCK_FILTER,
    // SELECT_ERR_QUEUE, BUSY_POLL, MAX_PACING_RATE, INCOMING_CPU, ZEROCOPY, the TIMESTAMPs and TIMEOs
    // of 64 bits, PREFER_BUSY_POLL.
    .{ .level = 1, .options = &.{
        2,  6,  7,  8,  9,  10, 11, 12, 13, 15, 16, 18, 20, 21, 26, 27, 29, 34, 35, 37,
        40, 42, 44, 45, 46, 47, 49, 60, 63, 64, 65, 66, 67, 69,
    } },
    // IPPROTO_IP (linux/in.h): TOS, TTL, RECVOPTS, PKTINFO, MTU_DISCOVER, RECVERR, RECVTTL, RECVTOS,
    // RECVORIGDSTADDR, MINTTL, CHECKSUM, BIND_ADDRESS_NO_PORT, RECVFRAGSIZE, RECVERR_RFC4884,
    // MULTICAST_TTL, MULTICAST_LOOP, LOCAL_PORT_RANGE.
    .{ .level = 0, .options = &.{ 1, 2, 6, 8, 10, 11, 12, 13, 20, 21, 23, 24, 25, 26, 33, 34, 51 } },
    // IPPROTO_TCP (linux/tcp.h): NODELAY, MAXSEG, CORK, KEEPIDLE, KEEPINTVL, KEEPCNT, SYNCNT, LINGER2,
    // DEFER_ACCEPT, WINDOW_CLAMP, QUICKACK, CONGESTION, THIN_LINEAR_TIMEOUTS, THIN_DUPACK,
    // USER_TIMEOUT, FASTOPEN (a listener's), NOTSENT_LOWAT, SAVE_SYN, INQ, TX_DELAY.
    .{ .level = 6, .options = &.{ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 16, 17, 18, 23, 25, 27, 36, 37 } },
    // IPPROTO_UDP (linux/udp.h): CORK, SEGMENT, GRO.
    .{ .level = 17, .options = &.{ 1, 103, 104 } },
    // IPPROTO_IPV6 (linux/in6.h): UNICAST_HOPS, MULTICAST_HOPS, MULTICAST_LOOP, MTU_DISCOVER, MTU,
    // RECVERR, V6ONLY, RECVERR_RFC4884, FLOWINFO_SEND, RECVPKTINFO, RECVHOPLIMIT, RECVPATHMTU,
    // DONTFRAG, RECVTCLASS, TCLASS, AUTOFLOWLABEL, ADDR_PREFERENCES, MINHOPCOUNT, RECVORIGDSTADDR.
    .{ .level = 41, .options = &.{ 16, 18, 19, 23, 24, 25, 26, 31, 33, 49, 51, 60, 62, 66, 67, 70, 72, 73, 74 } },
    // SOL_NETLINK (linux/netlink.h): ADD_MEMBERSHIP, DROP_MEMBERSHIP, PKTINFO, NO_ENOBUFS, CAP_ACK,
    // EXT_ACK, GET_STRICT_CHK.
    .{ .level = 270, .options = &.{ 1, 2, 3, 5, 10, 11, 12 } },
};

fn optionCases() []const Case {
    comptime var cases: []const Case = &.{};
    inline for (socket_options) |level| {
        inline for (level.options) |option| {
            cases = cases ++ [_]Case{.{ .when = &.{
                .{ .argument = 1, .value = level.level },
                .{ .argument = 2, .value = option },
            }, .action = .allow }};
        }
    }
    // SO_BINDTODEVICE and SO_MARK
    inline for (.{ 25, 36 }) |option| {
        cases = cases ++ [_]Case{.{ .when = &.{
            .{ .argument = 1, .value = 1 },
            .{ .argument = 2, .value = option },
        }, .action = no.permission() }};
    }
    return cases;
}

/// For these the kernel loads a module (bridge, 802.1Q, on older ones DLCI) before it asks who wants
/// it (net/socket.c): SIOCGIFBR, SIOCSIFBR, SIOCADDDLCI, SIOCDELDLCI, SIOCGIFVLAN, SIOCSIFVLAN,
/// SIOCBRADDBR, SIOCBRDELBR (linux/sockios.h), each range with the bits in which it differs left out.
const module_requests: []const Case = &.{
    .{ .when = &.{.{ .argument = 1, .mask = ~@as(u32, 1), .value = 0x8940 }}, .action = no.permission() },
    .{ .when = &.{.{ .argument = 1, .mask = ~@as(u32, 3), .value = 0x8980 }}, .action = no.permission() },
    .{ .when = &.{.{ .argument = 1, .mask = ~@as(u32, 1), .value = 0x89a0 }}, .action = no.permission() },
};

/// Questions about interfaces (netdevice(7)) would be answered for the host's by a socket of the
/// host's network: all of 0x89xx but FIOSETOWN, SIOCSPGRP, FIOGETOWN, SIOCGPGRP, SIOCATMARK and the
/// time stamps (asm-generic/sockios.h). ENODEV is what they say where there is no interface.
fn interfaceCases(comptime profile: Profile) []const Case {
    if (profile.network != .brokered) return &.{};
    const owners: []const u32 = if (profile.older) &.{} else &.{ 0x8901, 0x8902 };
    return allowed(1, 0xffff_ffff, owners ++ &[_]u32{ 0x8903, 0x8904, 0x8905, 0x8906, 0x8907 }) ++
        [_]Case{.{ .when = &.{.{ .argument = 1, .mask = 0xffff_ff00, .value = 0x8900 }}, .action = .{ .errno = ENODEV } }};
}

/// A file that is open for reading is enough to change its flags or, on btrfs, to make subvolumes in
/// a folder; elsewhere a read-only mount keeps that back. By the type of the request (ioctl(2)): of ext4
/// and all others 'f' and 'v', of xfs 'X', btrfs 0x94, f2fs 0xf5. What reads or clones stays:
/// FS_IOC_GETFLAGS, FS_IOC_FSGETXATTR, FS_IOC_FIEMAP, FICLONE, FICLONERANGE (linux/fs.h). ENOTTY is
/// what file systems without them say.
fn fileSystemCases(comptime profile: Profile) []const Case {
    if (profile.tier == .namespace) return &.{};
    comptime var cases = allowed(1, 0xffff_ffff, &.{ 0x8008_6601, 0x801c_581f, 0xc020_660b, 0x4004_9409, 0x4020_940d });
    inline for (.{ 'f', 'v', 'X', 0x94, 0xf5 }) |kind| {
        cases = cases ++ [_]Case{.{ .when = &.{.{ .argument = 1, .mask = 0xff00, .value = kind << 8 }}, .action = .{ .errno = ENOTTY } }};
    }
    // FIOSETOWN, SIOCSPGRP: as F_SETOWN.
    return if (profile.older) refused(1, &.{ 0x8901, 0x8902 }) ++ cases else cases;
}

/// linux/prctl.h; the last two are `PR_SET_VMA` and `PR_SET_PTRACER`.
const process_options = [_]u32{
    1, 2, // PDEATHSIG
    3, 4, // DUMPABLE
    7, 8, // KEEPCAPS
    13, 14, // TIMING
    15, 16, // NAME
    21, 22, // SECCOMP
    23, 24, // CAPBSET
    25, 26, // TSC
    27, 28, // SECUREBITS
    29, 30, // TIMERSLACK
    31, 32, // TASK_PERF_EVENTS
    33, 34, // MCE_KILL
    36, 37, // CHILD_SUBREAPER
    38, 39, // NO_NEW_PRIVS
    40, // GET_TID_ADDRESS
    41, 42, // THP_DISABLE
    47, // CAP_AMBIENT
    50, 51, // SVE vector length
    52, 53, // SPECULATION_CTRL
    54, // PAC_RESET_KEYS
    55, 56, // TAGGED_ADDR_CTRL
    59, // SET_SYSCALL_USER_DISPATCH, Wine's
    60, 61, // PAC_ENABLED_KEYS
    63, 64, // SME vector length
    65, 66, // MDWE
    74,          75,          76, // SHADOW_STACK_STATUS
    0x5356_4d41, 0x5961_6d61,
};
const PR_SET_MM = 35;

pub fn groups(comptime profile: Profile) []const Group {
    return &[_]Group{
        .{
            .reason = "reading, writing and naming files: the mounts and Landlock decide which",
            .otherwise = .allow,
            .syscalls = &.{
                "read",       "write",      "readv",        "writev",          "pread64",          "pwrite64",
                "preadv",     "pwritev",    "preadv2",      "pwritev2",        "close",            "close_range",
                "lseek",      "stat",       "fstat",        "lstat",           "newfstatat",       "statx",
                "statfs",     "fstatfs",    "access",       "faccessat",       "faccessat2",       "readlink",
                "readlinkat", "getdents",   "getdents64",   "getcwd",          "chdir",            "fchdir",
                "rename",     "renameat",   "link",         "linkat",          "symlink",          "symlinkat",
                "unlink",     "unlinkat",   "rmdir",        "ftruncate",       "fallocate",        "fsync",
                "fdatasync",  "sync",       "syncfs",       "sync_file_range", "copy_file_range",  "sendfile",
                "splice",     "tee",        "vmsplice",     "readahead",       "fadvise64",        "flock",
                "dup",        "dup2",       "dup3",         "pipe",            "pipe2",            "umask",
                "fgetxattr",  "flistxattr", "inotify_init", "inotify_init1",   "inotify_rm_watch", "memfd_create",
                "cachestat",  "ioprio_get",
            },
        },
        .{
            .reason = "times of files, and cutting them by path: Landlock has no word for the first, nor before ABI 3 for the second, so the guard does it where the workload may write",
            .otherwise = guarded(profile),
            .syscalls = &.{ "utime", "utimes", "utimensat", "futimesat" },
        },
        .{
            .reason = "the same",
            .otherwise = if (profile.older) .notify else .allow,
            .syscalls = &.{"truncate"},
        },
        .{
            .reason = "owners of files: likewise the guard's",
            .otherwise = guarded(profile),
            .syscalls = &.{ "chown", "fchown", "lchown", "fchownat" },
        },
        .{
            .reason = "attributes of files: nor has Landlock one for these",
            .otherwise = unlessShared(profile, EOPNOTSUPP),
            .syscalls = &.{ "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr" },
        },
        .{
            .reason = "the same of files that it may not open",
            .otherwise = unlessShared(profile, EOPNOTSUPP),
            .syscalls = &.{ "getxattr", "lgetxattr", "listxattr", "llistxattr" },
        },
        .{
            .reason = "whom SIGIO, or another signal in its place, goes to (F_SETOWN, F_SETOWN_EX): anybody of the same user, where Landlock does not scope signals",
            .cases = if (profile.older) refused(1, &.{ 8, 15 }) else &.{},
            .otherwise = .allow,
            .syscalls = &.{"fcntl"},
        },
        .{
            .reason = "watching files that it may not open",
            .otherwise = unlessShared(profile, EACCES),
            .syscalls = &.{"inotify_add_watch"},
        },
        .{
            .reason = "RENAME_WHITEOUT leaves a device node behind; EINVAL is what most file systems say to it",
            .cases = none(4, 4),
            .otherwise = .{ .errno = EINVAL },
            .syscalls = &.{"renameat2"},
        },
        .{
            .reason = "set-id files in a granted folder would work for others on the host: none is made",
            .cases = withoutSetId(1),
            .otherwise = no.permission(),
            .syscalls = &.{ "creat", "mkdir" },
        },
        .{
            .reason = "the same, the mode being the third argument",
            .cases = withoutSetId(2),
            .otherwise = no.permission(),
            .syscalls = &.{"mkdirat"},
        },
        .{
            .reason = "the same of files that exist; of these Landlock knows nothing",
            .cases = changed(profile, 1),
            .otherwise = no.permission(),
            .syscalls = &.{ "chmod", "fchmod" },
        },
        .{
            .reason = "the same",
            .cases = changed(profile, 2),
            .otherwise = no.permission(),
            .syscalls = &.{ "fchmodat", "fchmodat2" },
        },
        .{
            .reason = "the same, where the flags say that a file is made",
            .cases = openWithoutSetId(1, 2),
            .otherwise = no.permission(),
            .syscalls = &.{"open"},
        },
        .{
            .reason = "the same",
            .cases = openWithoutSetId(2, 3),
            .otherwise = no.permission(),
            .syscalls = &.{"openat"},
        },
        .{
            .reason = "the mode is in memory, where it cannot be checked; programs fall back to openat",
            .otherwise = no.such(),
            .syscalls = &.{"openat2"},
        },
        .{
            .reason = "no device nodes: FIFOs, sockets and plain files only",
            .cases = plainNode(1),
            .otherwise = no.permission(),
            .syscalls = &.{"mknod"},
        },
        .{
            .reason = "the same",
            .cases = plainNode(2),
            .otherwise = no.permission(),
            .syscalls = &.{"mknodat"},
        },
        .{
            .reason = "memory of its own",
            .otherwise = .allow,
            .syscalls = &.{
                "mmap",       "munmap",        "mremap",                  "mprotect",   "msync",            "madvise",
                "brk",        "mincore",       "mlock",                   "mlock2",     "mlockall",         "munlock",
                "munlockall", "membarrier",    "pkey_mprotect",           "pkey_alloc", "pkey_free",        "get_mempolicy",
                "mbind",      "set_mempolicy", "set_mempolicy_home_node", "mseal",      "map_shadow_stack", "remap_file_pages",
            },
        },
        .{
            .reason = "processes and threads of its own pid namespace",
            .otherwise = .allow,
            .syscalls = &.{
                "fork",                   "vfork",                  "execve",                "execveat",          "exit",
                "exit_group",             "wait4",                  "waitid",                "getpid",            "getppid",
                "gettid",                 "getpgid",                "setpgid",               "getpgrp",           "getsid",
                "setsid",                 "getpriority",            "sched_yield",           "sched_getparam",    "sched_getscheduler",
                "sched_get_priority_max", "sched_get_priority_min", "sched_rr_get_interval", "sched_getaffinity", "sched_getattr",
                "getrusage",              "times",                  "getrlimit",             "setrlimit",         "set_tid_address",
                "set_robust_list",        "get_robust_list",        "futex",                 "futex_waitv",       "futex_wake",
                "futex_wait",             "futex_requeue",          "rseq",                  "arch_prctl",        "restart_syscall",
                "pidfd_open",             "getcpu",                 "pause",                 "uname",             "sysinfo",
                "getrandom",
            },
        },
        .{
            .reason = "signals: to its own pid namespace, or Landlock's scope (ABI 6); before that the guard sends them",
            .otherwise = if (profile.older) .notify else .allow,
            .syscalls = &.{ "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal" },
        },
        .{
            .reason = "priorities and limits of others: in a pid namespace shared with the host, the caller's own only",
            .cases = if (profile.tier == .landlock) allowed(0, 0xffff_ffff, &.{0}) else &.{},
            .otherwise = unlessShared(profile, EPERM),
            .syscalls = &.{ "sched_setparam", "sched_setscheduler", "sched_setaffinity", "sched_setattr", "prlimit64" },
        },
        .{
            .reason = "the same: of a process, whose number is the second argument",
            .cases = if (profile.tier == .landlock) ownPriority(0) else &.{},
            .otherwise = unlessShared(profile, EPERM),
            .syscalls = &.{"setpriority"},
        },
        .{
            .reason = "the same; IOPRIO_WHO_PROCESS is 1",
            .cases = if (profile.tier == .landlock) ownPriority(1) else &.{},
            .otherwise = unlessShared(profile, EPERM),
            .syscalls = &.{"ioprio_set"},
        },
        .{
            .reason = "identity: one user and one group are mapped, and there is no capability to change to another",
            .otherwise = .allow,
            .syscalls = &.{
                "getuid",    "getgid",   "geteuid",  "getegid",   "getresuid", "getresgid",
                "getgroups", "setuid",   "setgid",   "setreuid",  "setregid",  "setresuid",
                "setresgid", "setfsuid", "setfsgid", "setgroups", "capget",    "capset",
            },
        },
        .{
            .reason = "time, its own timers",
            .otherwise = .allow,
            .syscalls = &.{
                "clock_gettime", "clock_getres",   "clock_nanosleep", "nanosleep",       "gettimeofday",
                "time",          "timer_create",   "timer_settime",   "timer_gettime",   "timer_getoverrun",
                "timer_delete",  "timerfd_create", "timerfd_settime", "timerfd_gettime", "getitimer",
                "setitimer",     "alarm",
            },
        },
        .{
            .reason = "signals and waiting",
            .otherwise = .allow,
            .syscalls = &.{
                "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",  "rt_sigpending", "rt_sigtimedwait", "rt_sigsuspend",
                "sigaltstack",  "signalfd",       "signalfd4",     "select",        "pselect6",        "poll",
                "ppoll",        "epoll_create",   "epoll_create1", "epoll_ctl",     "epoll_wait",      "epoll_pwait",
                "epoll_pwait2", "eventfd",        "eventfd2",      "io_setup",      "io_destroy",      "io_submit",
                "io_cancel",    "io_getevents",   "io_pgetevents",
            },
        },
        .{
            .reason = "System V and POSIX message passing, in its own IPC namespace; the host's does not exist for it",
            .otherwise = unlessShared(profile, ENOSYS),
            .syscalls = &.{
                "shmget",       "shmat",           "shmctl",    "shmdt",         "semget", "semop",   "semtimedop",
                "semctl",       "msgget",          "msgsnd",    "msgrcv",        "msgctl", "mq_open", "mq_unlink",
                "mq_timedsend", "mq_timedreceive", "mq_notify", "mq_getsetattr",
            },
        },
        .{
            .reason = "sockets that exist: socket(2) decides which those are",
            .otherwise = .allow,
            .syscalls = &.{
                "accept",   "accept4",     "recvfrom",    "recvmsg",    "recvmmsg",
                "shutdown", "getsockname", "getpeername", "getsockopt",
            },
        },
        .{
            .reason = "where a socket goes; the broker does it, on an address that it has copied",
            .otherwise = if (profile.network == .brokered) .notify else .allow,
            .syscalls = &.{ "connect", "bind", "listen" },
        },
        .{
            .reason = "sending with MSG_FASTOPEN would connect too",
            .cases = if (profile.network == .brokered) fastOpen(3) else &.{},
            .otherwise = .allow,
            .syscalls = &.{ "sendto", "sendmmsg" },
        },
        .{
            .reason = "the same",
            .cases = if (profile.network == .brokered) fastOpen(2) else &.{},
            .otherwise = .allow,
            .syscalls = &.{"sendmsg"},
        },
        .{
            .reason = "options of a socket that is the host's: none that binds it to an interface, marks it, routes by source, joins groups, connects by sending or loads a protocol; ENOPROTOOPT is what a kernel without them says",
            .cases = if (profile.network == .brokered) optionCases() else &.{},
            .otherwise = if (profile.network == .brokered) .{ .errno = ENOPROTOOPT } else .allow,
            .syscalls = &.{"setsockopt"},
        },
        .{
            .reason = "no families of sockets but the usual ones; EAFNOSUPPORT is what a kernel without them says",
            .cases = socketCases(profile),
            .otherwise = .{ .errno = EAFNOSUPPORT },
            .syscalls = &.{"socket"},
        },
        .{
            .reason = "pairs of connected sockets that reach nobody else",
            .cases = pairCases(profile),
            .otherwise = .{ .errno = EAFNOSUPPORT },
            .syscalls = &.{"socketpair"},
        },
        .{
            .reason = "a workload may restrict itself further",
            .otherwise = .allow,
            .syscalls = &.{ "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self" },
        },
        .{
            .reason = "further filters only take away, but who listens to notifications decides over calls: that place is the sandbox's (SECCOMP_FILTER_FLAG_NEW_LISTENER), and EBUSY says that it is taken",
            .cases = none(1, 8),
            .otherwise = .{ .errno = EBUSY },
            .syscalls = &.{"seccomp"},
        },
        .{
            .reason = "no new namespaces: they would give capabilities in them, and most kernel holes need those",
            .cases = none(0, new_namespaces),
            .otherwise = no.permission(),
            .syscalls = &.{"clone"},
        },
        .{
            .reason = "the same",
            .cases = none(0, ~unshared),
            .otherwise = no.permission(),
            .syscalls = &.{"unshare"},
        },
        .{
            .reason = "its flags are in memory, where they cannot be checked; libc falls back to clone",
            .otherwise = no.such(),
            .syscalls = &.{"clone3"},
        },
        .{
            .reason = "typing into a terminal, stealing the console, loading line disciplines (ioctl_tty(2)): TIOCSTI, TIOCLINUX, TIOCCONS, TIOCSETD; loading modules of the network",
            .cases = refused(1, &.{ 0x5412, 0x541c, 0x541d, 0x5423 }) ++ module_requests ++ fileSystemCases(profile) ++ interfaceCases(profile),
            .otherwise = .allow,
            .syscalls = &.{"ioctl"},
        },
        .{
            .reason = "prctl(2) by option: what a process may say about itself. PR_SET_MM rewrites what others see of it; EINVAL is what a kernel without an option says",
            .cases = allowed(0, 0xffff_ffff, &process_options) ++ refused(0, &.{PR_SET_MM}),
            .otherwise = .{ .errno = EINVAL },
            .syscalls = &.{"prctl"},
        },
        .{
            .reason = "personality(2): reading it, Linux's own, UNAME26, and no address randomisation, which debuggers and Lisps ask for",
            .cases = allowed(0, 0xffff_ffff, &.{ 0xffff_ffff, 0, 0x0002_0000, 0x0004_0000 }),
            .otherwise = no.permission(),
            .syscalls = &.{"personality"},
        },
        .{
            .reason = "the return from a probe that the host's administrator set on a library, which older kernels send through filters; elsewhere it raises SIGILL",
            .otherwise = .allow,
            .syscalls = &.{ "uretprobe", "uprobe" },
        },
        .{
            .reason = "mounts: the file policy is made of them",
            .otherwise = no.permission(),
            .syscalls = &.{
                "mount",  "umount2",  "pivot_root", "chroot",   "open_tree",     "move_mount",
                "fsopen", "fsconfig", "fsmount",    "fspick",   "mount_setattr", "open_tree_attr",
                "setns",  "swapon",   "swapoff",    "quotactl", "quotactl_fd",
            },
        },
        .{
            .reason = "files by handle go around every path",
            .otherwise = no.permission(),
            .syscalls = &.{ "open_by_handle_at", "name_to_handle_at" },
        },
        .{
            .reason = "other processes' memory and descriptors; the sandbox's init is one of them",
            .otherwise = no.permission(),
            .syscalls = &.{ "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "process_madvise", "process_mrelease", "move_pages", "migrate_pages" },
        },
        .{
            .reason = "the kernel itself: modules, kexec, clock, log, accounting, host names, reboot, I/O ports, console",
            .otherwise = no.permission(),
            .syscalls = &.{
                "init_module",   "finit_module",  "delete_module", "kexec_load", "kexec_file_load", "reboot",
                "settimeofday",  "clock_settime", "clock_adjtime", "adjtimex",   "syslog",          "acct",
                "sethostname",   "setdomainname", "iopl",          "ioperm",     "vhangup",         "modify_ldt",
                "fanotify_init", "fanotify_mark",
            },
        },
        .{
            .reason = "large attack surface that nobody misses: bpf and userfaultfd say what an unprivileged kernel says",
            .otherwise = no.permission(),
            .syscalls = &.{ "bpf", "userfaultfd" },
        },
        .{
            .reason = "the same; perf's own word for 'not for you' (perf_event_open(2))",
            .otherwise = .{ .errno = EACCES },
            .syscalls = &.{"perf_event_open"},
        },
        .{
            .reason = "the same: programs fall back where these do not exist. The key ring is shared with the caller's session",
            .otherwise = no.such(),
            .syscalls = &.{ "io_uring_setup", "io_uring_enter", "io_uring_register", "add_key", "request_key", "keyctl" },
        },
    };
}
