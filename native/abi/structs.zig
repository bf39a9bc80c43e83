//! The boundary between TypeScript and Zig: the plan as bytes. This file alone defines its
//! layout; `emit_ts.zig` writes src/native/abi.generated.ts from it.
//!
//! A plan is one buffer, little-endian: a `PlanHeader`, then `step_count` records of `Step`, then
//! text. A `Text` is an offset from the start of the buffer and a length, and the byte after it
//! is NUL, so that it can be passed to the kernel in place. The planner owns the buffer until it
//! is handed over; the helper reads it and never writes.

const std = @import("std");

/// "MXCP", then the layout's own digest in `PlanHeader.digest`.
pub const plan_magic: u32 = 0x5043_584d;

/// Bounds of a plan; a larger one is refused by the reader. Bytes, then records.
pub const plan_bytes_max: u32 = 16 * 1024 * 1024;
pub const plan_steps_max: u32 = 200_000;

pub const Text = extern struct {
    offset: u32,
    length: u32,
};

pub const PlanHeader = extern struct {
    /// Size of this struct, so that it can grow.
    size: u32,
    magic: u32,
    /// `digest` of this file's layout: helper and planner are of one build.
    digest: u64,
    /// Whole buffer, in bytes.
    total_size: u32,
    step_count: u32,
    /// Zero.
    reserved0: u32,
    options: u32,
    /// Milliseconds from the workload's start; 0 is no limit.
    timeout_ms: u64,
    /// Zero.
    reserved: u64,
};

/// `PlanHeader.options`.
pub const PlanOption = struct {
    /// Print failures as MXC's error envelope on stderr instead of prose.
    pub const envelope: u32 = 1 << 0;
    /// Print MXC's closing debug lines on stdout.
    pub const debug_trailer: u32 = 1 << 1;
    /// The words are a shell and its command line: that the shell is missing is our failure.
    pub const shell: u32 = 1 << 2;
    /// The constant opening (opening.zig) comes before the steps, and may be done already.
    pub const constant_opening: u32 = 1 << 3;
    /// The planner waits to hear that namespaces cannot be had, and may then send another plan.
    pub const has_alternative: u32 = 1 << 4;
};

/// What a step does. The comment says which of the record's members it reads.
pub const StepKind = enum(u32) {
    /// New namespaces. `flags`: CLONE_NEW* (clone(2)).
    namespaces = 1,
    /// A new root, a tmpfs. `argument`: bytes at most. `extra`: inodes at most.
    root = 2,
    /// A folder in the new root. `target`; `argument`: mode.
    directory = 3,
    /// A symbolic link in the new root. `target`, `source`: the link's text.
    symlink = 4,
    /// A host object, bound. `source`, `target`, `device`, `inode`: the object that `source` was
    /// when the plan was made. `flags`: `BindFlag`.
    bind = 5,
    /// A tmpfs. `target`; `argument`: bytes; `extra`: inodes; `flags`: `BindFlag`.
    tmpfs = 6,
    /// A new proc(5) for the pid namespace. `target`.
    proc = 7,
    /// A private devpts. `target`.
    devpts = 8,
    /// The folder that mode-000 stand-ins come from. `target`: where it is mounted meanwhile.
    stand_ins = 9,
    /// A stand-in over an object. `target`; `device`, `inode`: the object expected there, 0 for
    /// any. `flags`: `BindFlag.optional`; `argument`: `ObjectType`.
    deny = 10,
    /// A mount of the new root again, read-only, in its own place. `target`; `flags`.
    protect = 11,
    /// `lo` up in the network namespace.
    loopback = 12,
    /// A kernel tunable of the namespaces. `target`: path below the new root; `source`: value.
    tunable = 13,
    /// The new root becomes read-only and the process' root; the old one goes.
    enter_root = 14,
    /// A Landlock rule. `target`; `argument`: `Access`. `device`, `inode`: the object expected there, 0
    /// for any. `flags`: `BindFlag.optional`, `BindFlag.follow`.
    landlock_rule = 15,
    /// A resource limit. `argument`: RLIMIT_*; `extra`: soft and hard value (setrlimit(2)).
    limit = 16,
    /// Seccomp. `argument`: `SeccompProfile`.
    seccomp = 17,
    /// The workload's folder. `target`.
    working_folder = 18,
    /// One `KEY=VALUE`. `source`.
    environment = 19,
    /// One word of the workload's argv. `source`.
    word = 20,
    /// A file in the new root as a place for a bind. `target`.
    file = 21,
    /// A folder in place of a denied one, for the grants below it: it can be passed through, not
    /// listed. `target`, `device`, `inode` and `flags` as for `deny`.
    screen = 22,
    /// The mount at `target`, made before, becomes read-only.
    seal = 23,
    /// A part of the host's baseline at its own place, if the host has it: a link as a link, else
    /// bound read-only. `target`.
    mirror = 24,
    /// The IPC namespace's POSIX message queues (mq_overview(7)). `target`.
    mqueue = 25,
    /// A read-only file in place of the one at `target`. `source`: what it holds.
    content = 26,
    /// The brokered network, after `loopback`. `flags`: `NetworkFlag`; `argument`: the TCP port of the
    /// built-in proxy on the sandbox's loopback, 0 for none. Its rules follow it.
    network = 27,
    /// One rule of the network. `source`: where it was written, for reports; `target`: a host name,
    /// lower case, without a final dot, or empty. `flags`: `RuleFlag`. `device`, `inode`: the first
    /// and the last 8 bytes of an address as a big-endian number, IPv4 as IPv4-mapped IPv6;
    /// `argument`: bits of the block (0 to 128) | first port << 16 | last port << 32.
    network_rule = 28,
    /// Where to append the record of every decision, as JSON lines. `source`: a path on the host.
    /// `flags`: `BindFlag.optional`, that it cannot be opened is passed over.
    events = 29,
    /// The landlock tier: no namespaces, the workload's processes under a guard of ours. In the place
    /// of `namespaces`, root, mounts and `enter_root`; Landlock's rules are then of host paths.
    landlock_tier = 30,
    /// A new folder of the workload's own, mode 700, removed with all in it when the run has ended.
    /// `target`: its path on the host.
    scratch = 31,
    /// Stand-ins over what of the kernel's interface is mounted below the mirrors.
    kernel_mounts = 32,
    /// A control group for the sandbox, made by the supervisor. `source`: the folder on the host that it
    /// is made in; `flags`: `ControlFlag`.
    control_group = 33,
    /// A limit of the sandbox as a whole. `argument`: `SandboxLimit`; `extra`: its value; `flags`:
    /// `MeansFlag`.
    sandbox_limit = 34,
    /// What the run took is told on stderr at its end. `flags`: `StatisticsFlag`.
    statistics = 35,
    _,
};

/// A control group's version (cgroups(7)) and what it is there for.
pub const ControlFlag = struct {
    /// Version 2; without it, version 1.
    pub const unified: u32 = 1 << 0;
    pub const memory: u32 = 1 << 1;
    pub const cpu: u32 = 1 << 2;
    /// Processor time is counted.
    pub const accounting: u32 = 1 << 3;
    pub const pids: u32 = 1 << 4;
};

pub const SandboxLimit = enum(u64) {
    /// Bytes of memory, what stands in tmpfs included.
    memory = 1,
    /// Microseconds of processor time in every tenth of a second.
    cpus = 2,
    /// Processes and threads at one time, the sandbox's init not counted.
    pids = 3,
    /// Microseconds of processor time in all.
    cpu_time = 4,
    /// Bytes to standard output and standard error together.
    output = 5,
    /// Milliseconds from the workload's start.
    wall = 6,
    _,
};

/// What keeps a `sandbox_limit`; neither of them, the supervisor.
pub const MeansFlag = struct {
    /// The kernel, by a control group.
    pub const control_group: u32 = 1 << 0;
    /// Looking at the sandbox's processes many times a second.
    pub const sampling: u32 = 1 << 1;
};

pub const StatisticsFlag = struct {
    /// A line of JSON.
    pub const json: u32 = 1 << 0;
};

pub const BindFlag = struct {
    pub const read_only: u32 = 1 << 0;
    /// MOUNT_ATTR_NOEXEC.
    pub const no_exec: u32 = 1 << 1;
    /// Device nodes below stay usable (only /dev).
    pub const devices: u32 = 1 << 2;
    /// Mounts below `source` come along.
    pub const recursive: u32 = 1 << 3;
    /// A missing `source` or `target` is no failure. Of `stand_ins`: the mount stays, and a later
    /// step covers it.
    pub const optional: u32 = 1 << 4;
    /// `target` must already be the object of `device` and `inode`.
    pub const same_object: u32 = 1 << 5;
    /// Links on the way are followed: a path of the host's own, not of the policy.
    pub const follow: u32 = 1 << 6;
};

pub const NetworkFlag = struct {
    /// What no rule speaks of is allowed.
    pub const default_allow: u32 = 1 << 0;
    /// Clients from anywhere may connect to what the workload listens on.
    pub const ingress: u32 = 1 << 1;
    /// The host's loopback and the sandbox's reach each other.
    pub const host_loopback: u32 = 1 << 2;
    /// UDP and ICMP, over a tun device.
    pub const datagrams: u32 = 1 << 3;
    /// Names are looked up, by the stub on the sandbox's loopback.
    pub const resolver: u32 = 1 << 4;
    /// Tell the destinations that were denied, on stderr, at the end.
    pub const summary: u32 = 1 << 5;
    /// Print every decision on stdout, as MXC's debug lines are.
    pub const debug: u32 = 1 << 6;
    /// Clients of the host itself may connect to what the workload listens on.
    pub const listen: u32 = 1 << 7;
    /// Print every decision on stderr, where the plan's steps are printed.
    pub const trace: u32 = 1 << 8;
};

pub const RuleFlag = struct {
    pub const deny: u32 = 1 << 0;
    /// The block is an exception to the rule before it.
    pub const except: u32 = 1 << 1;
    pub const tcp: u32 = 1 << 2;
    pub const udp: u32 = 1 << 3;
    pub const icmp: u32 = 1 << 4;
    /// Every name below `target`, not itself.
    pub const subdomains: u32 = 1 << 5;
    /// A connection that is granted by name need not name it in its first bytes.
    pub const any_head: u32 = 1 << 6;
    /// The rule may open services on the host's loopback.
    pub const host_loopback: u32 = 1 << 7;
};

/// What the supervisor answers a plan with that has an alternative, on the plan's channel: namespaces
/// cannot be had.
pub const Setback = extern struct {
    /// Where it failed, as `Stage` of native/linux/shared.zig has it: 1 the namespaces, 2 a step of the
    /// opening, 3 of the plan.
    stage: u32,
    step: u32,
    syscall: u32,
    errno: u32,
    /// 0: none.
    landlock_abi: u32,
};

pub const ObjectType = enum(u64) { file = 0, directory = 1, fifo = 2, socket = 3, any = 4, _ };

/// What Landlock lets the workload do below a path.
pub const Access = enum(u64) {
    /// List folders.
    list = 0,
    /// Read files, list folders, execute.
    read = 1,
    /// All, devices' ioctls included.
    write = 2,
    /// Read and write files that exist, and devices' ioctls; make nothing.
    use = 3,
    _,
};

pub const SeccompProfile = enum(u64) {
    network_none = 0,
    /// With Unix sockets only where Landlock (ABI 6) keeps the host's abstract ones out of reach:
    /// they are in the host's network namespace.
    network_host = 1,
    /// Connecting, binding and listening are the broker's to do.
    network_brokered = 2,
    /// The landlock tier's: without a network, with the host's, and with rules.
    landlock_none = 3,
    landlock_host = 4,
    landlock_brokered = 5,
    _,
};

pub const Step = extern struct {
    kind: u32,
    flags: u32,
    source: Text,
    target: Text,
    device: u64,
    inode: u64,
    argument: u64,
    extra: u64,
};

comptime {
    std.debug.assert(@sizeOf(Text) == 8);
    std.debug.assert(@sizeOf(PlanHeader) == 48);
    std.debug.assert(@offsetOf(PlanHeader, "digest") == 8);
    std.debug.assert(@offsetOf(PlanHeader, "timeout_ms") == 32);
    std.debug.assert(@sizeOf(Step) == 56);
    std.debug.assert(@offsetOf(Step, "device") == 24);
    std.debug.assert(@offsetOf(Step, "extra") == 48);
    std.debug.assert(@sizeOf(Setback) == 20);
}

/// The layouts, enums and flags of the boundary, in the order in which they are digested and
/// emitted.
pub const layouts = .{ PlanHeader, Step, Setback };
pub const enums = .{ StepKind, ObjectType, Access, SeccompProfile, SandboxLimit };
pub const flag_sets = .{ PlanOption, BindFlag, NetworkFlag, RuleFlag, ControlFlag, MeansFlag, StatisticsFlag };

/// FNV-1a over every name, offset, size and value of the boundary. Helper and planner are parts of
/// one build, and the opening that a plan only names is thus the same for both.
pub const digest: u64 = blk: {
    @setEvalBranchQuota(200_000);
    var hash: u64 = 0xcbf2_9ce4_8422_2325;
    for (layouts) |T| {
        hash = mix(hash, @typeName(T));
        for (std.meta.fieldNames(T)) |name| {
            hash = mix(hash, name);
            hash = mixNumber(hash, @offsetOf(T, name));
        }
        hash = mixNumber(hash, @sizeOf(T));
    }
    for (enums) |T| {
        for (std.meta.fieldNames(T)) |name| {
            hash = mix(hash, name);
            hash = mixNumber(hash, @backingInt(@field(T, name)));
        }
    }
    for (flag_sets) |T| {
        for (@typeInfo(T).@"struct".decl_names) |name| {
            hash = mix(hash, name);
            hash = mixNumber(hash, @field(T, name));
        }
    }
    break :blk hash;
};

fn mix(seed: u64, text: []const u8) u64 {
    var hash = seed;
    for (text) |byte| hash = (hash ^ byte) *% 0x100_0000_01b3;
    return hash;
}

fn mixNumber(seed: u64, number: u64) u64 {
    var hash = seed;
    var rest = number;
    for (0..8) |_| {
        hash = (hash ^ (rest & 0xff)) *% 0x100_0000_01b3;
        rest >>= 8;
    }
    return hash;
}
