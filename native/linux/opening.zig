//! The constant first steps of every plan: namespaces, and what of the new root does not depend
//! on the policy. The helper carries them out while Bun still starts; when the plan's first steps
//! are these, it goes on behind them, else it starts again. The planner takes them from here too
//! (src/native/abi.generated.ts), so the two cannot differ.

const structs = @import("abi").structs;

pub const Step = struct {
    kind: structs.StepKind,
    flags: u32 = 0,
    source: [:0]const u8 = "",
    target: [:0]const u8 = "",
    argument: u64 = 0,
    extra: u64 = 0,
};

const Bind = structs.BindFlag;
const mib = 1024 * 1024;

/// linux/sched.h
pub const CLONE_NEWNS: u32 = 0x0002_0000;
pub const CLONE_NEWCGROUP: u32 = 0x0200_0000;
pub const CLONE_NEWUTS: u32 = 0x0400_0000;
pub const CLONE_NEWIPC: u32 = 0x0800_0000;
pub const CLONE_NEWUSER: u32 = 0x1000_0000;
pub const CLONE_NEWPID: u32 = 0x2000_0000;
pub const CLONE_NEWNET: u32 = 0x4000_0000;

pub const all_namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

/// Kernel state that a workload has no use for, or that tells about the host and its memory.
/// Each is absent on some kernels.
const hidden_proc = [_][:0]const u8{
    "/proc/acpi",         "/proc/asound",      "/proc/config.gz",     "/proc/dynamic_debug",
    "/proc/iomem",        "/proc/ioports",     "/proc/kallsyms",      "/proc/kcore",
    "/proc/key-users",    "/proc/keys",        "/proc/kmsg",          "/proc/kpagecgroup",
    "/proc/kpagecount",   "/proc/kpageflags",  "/proc/latency_stats", "/proc/modules",
    "/proc/sched_debug",  "/proc/scsi",        "/proc/slabinfo",      "/proc/sysrq-trigger",
    "/proc/timer_list",   "/proc/timer_stats", "/proc/vmallocinfo",   "/proc/cmdline",
    "/proc/diskstats",    "/proc/partitions",  "/proc/interrupts",    "/proc/softirqs",
    "/proc/pagetypeinfo", "/proc/zoneinfo",    "/proc/schedstat",     "/proc/allocinfo",
};

/// Kernel settings: readable, since libraries read them, never writable.
const read_only_proc = [_][:0]const u8{ "/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/tty", "/proc/driver" };

const devices = [_][:0]const u8{ "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty" };

/// What every sandbox sees of the host besides its grants, read-only, where it exists: programs,
/// libraries and settings, as MXC's bubblewrap backend shows them. Of the resolver's folders only
/// the files: MXC shows the folders, and with them the sockets of the host's resolver.
pub const baseline = [_][:0]const u8{
    "/bin",                             "/sbin",
    "/lib",                             "/lib32",
    "/lib64",                           "/libx32",
    "/usr/bin",                         "/usr/sbin",
    "/usr/lib",                         "/usr/lib32",
    "/usr/lib64",                       "/usr/libexec",
    "/usr/share",                       "/etc",
    "/run/systemd/resolve/resolv.conf", "/run/systemd/resolve/stub-resolv.conf",
    "/run/NetworkManager/resolv.conf",  "/run/resolvconf/resolv.conf",
    "/mnt/wsl/resolv.conf",
};

/// Secrets below the baseline, denied: root could read them.
pub const sensitive = [_][:0]const u8{
    "/etc/shadow",                 "/etc/shadow-",
    "/etc/gshadow",                "/etc/gshadow-",
    "/etc/sudoers",                "/etc/sudoers.d",
    "/etc/security/opasswd",       "/etc/krb5.keytab",
    "/etc/ssl/private",            "/etc/ssh/ssh_host_rsa_key",
    "/etc/ssh/ssh_host_ecdsa_key", "/etc/ssh/ssh_host_ed25519_key",
    "/etc/ssh/ssh_host_dsa_key",   "/etc/NetworkManager/system-connections",
    "/etc/wireguard",              "/etc/docker/key.json",
    "/etc/kubernetes",             "/etc/rancher",
    "/etc/ppp",                    "/etc/letsencrypt",
    "/etc/pki/tls/private",        "/etc/openvpn",
};

/// The file systems whose files are the kernel's controls and other processes' terminals and queues,
/// as /proc/filesystems names them.
pub const kernel_file_systems = [_][:0]const u8{
    "proc",     "sysfs",   "cgroup", "cgroup2",  "cpuset",   "securityfs",  "selinuxfs", "smackfs",
    "debugfs",  "tracefs", "bpf",    "configfs", "efivarfs", "binfmt_misc", "devpts",    "mqueue",
    "devtmpfs", "fusectl", "pstore", "resctrl",  "nfsd",     "rpc_pipefs",  "xenfs",
};

/// Most processes and threads in the sandbox at one time unless the plan says otherwise. As
/// `kernel.pid_max` of the pid namespace it holds for root too (Linux 6.14 and later).
pub const default_pids = "4096";

pub const steps = [_]Step{
    .{ .kind = .namespaces, .flags = all_namespaces },
    .{ .kind = .loopback },
    .{ .kind = .root, .argument = 16 * mib, .extra = 16_384 },
    .{ .kind = .stand_ins, .target = "/.stand-ins" },
    .{ .kind = .directory, .target = "/proc", .argument = 0o755 },
    .{ .kind = .proc, .target = "/proc" },
    .{ .kind = .tunable, .target = "/proc/sys/kernel/pid_max", .source = default_pids, .flags = Bind.optional },
} ++ protections() ++ denials(&hidden_proc) ++ [_]Step{
    .{ .kind = .directory, .target = "/dev", .argument = 0o755 },
} ++ deviceBinds() ++ [_]Step{
    .{ .kind = .directory, .target = "/dev/pts", .argument = 0o755 },
    .{ .kind = .devpts, .target = "/dev/pts" },
    .{ .kind = .directory, .target = "/dev/shm", .argument = 0o755 },
    .{ .kind = .tmpfs, .target = "/dev/shm", .argument = 256 * mib, .extra = 65_536, .flags = Bind.no_exec },
    // Mounted so that Landlock can be told to let its own queues be.
    .{ .kind = .directory, .target = "/dev/mqueue", .argument = 0o755 },
    .{ .kind = .mqueue, .target = "/dev/mqueue" },
    .{ .kind = .symlink, .target = "/dev/ptmx", .source = "pts/ptmx" },
    .{ .kind = .symlink, .target = "/dev/fd", .source = "/proc/self/fd" },
    .{ .kind = .symlink, .target = "/dev/stdin", .source = "/proc/self/fd/0" },
    .{ .kind = .symlink, .target = "/dev/stdout", .source = "/proc/self/fd/1" },
    .{ .kind = .symlink, .target = "/dev/stderr", .source = "/proc/self/fd/2" },
    .{ .kind = .directory, .target = "/tmp", .argument = 0o755 },
    .{ .kind = .tmpfs, .target = "/tmp", .argument = 1024 * mib, .extra = 262_144 },
    .{ .kind = .directory, .target = "/run", .argument = 0o755 },
    .{ .kind = .directory, .target = "/var", .argument = 0o755 },
    .{ .kind = .symlink, .target = "/var/run", .source = "../run" },
} ++ mirrors() ++ denials(&sensitive) ++ [_]Step{.{ .kind = .kernel_mounts }};

fn protections() [read_only_proc.len]Step {
    var out: [read_only_proc.len]Step = undefined;
    for (read_only_proc, 0..) |path, index| {
        out[index] = .{ .kind = .protect, .target = path, .flags = Bind.read_only | Bind.optional };
    }
    return out;
}

fn mirrors() [baseline.len]Step {
    var out: [baseline.len]Step = undefined;
    for (baseline, 0..) |path, index| out[index] = .{ .kind = .mirror, .target = path };
    return out;
}

fn denials(comptime paths: []const [:0]const u8) [paths.len]Step {
    var out: [paths.len]Step = undefined;
    for (paths, 0..) |path, index| {
        out[index] = .{ .kind = .deny, .target = path, .flags = Bind.optional, .argument = @backingInt(structs.ObjectType.any) };
    }
    return out;
}

fn deviceBinds() [devices.len * 2]Step {
    var out: [devices.len * 2]Step = undefined;
    for (devices, 0..) |path, index| {
        out[index * 2] = .{ .kind = .file, .target = path };
        // Read-only mounts do not stop writing to a device, only changing its node.
        out[index * 2 + 1] = .{ .kind = .bind, .source = path, .target = path, .flags = Bind.devices | Bind.read_only | Bind.no_exec };
    }
    return out;
}
