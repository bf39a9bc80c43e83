//! Landlock as a second lock behind the mounts: what is not in a rule cannot be opened, whatever
//! path or descriptor leads to it. landlock(7), linux/landlock.h.

const std = @import("std");
const sys = @import("sys");
const structs = @import("abi").structs;

const CREATE_RULESET_VERSION: u32 = 1;
const RULE_PATH_BENEATH: u32 = 1;

const EXECUTE: u64 = 1 << 0;
const WRITE_FILE: u64 = 1 << 1;
const READ_FILE: u64 = 1 << 2;
const READ_DIR: u64 = 1 << 3;
/// Removing and making entries, of every type: bits 4 to 12.
const CHANGE_ENTRIES: u64 = 0x1ff0;
/// ABI 2: linking and renaming between folders. ABI 1 always refuses that.
const REFER: u64 = 1 << 13;
/// ABI 3.
const TRUNCATE: u64 = 1 << 14;
/// ABI 5.
const IOCTL_DEV: u64 = 1 << 15;

/// ABI 4: TCP by the workload's own calls. With the broker it makes none.
const NET_BIND_TCP: u64 = 1 << 0;
const NET_CONNECT_TCP: u64 = 1 << 1;

/// ABI 6.
const SCOPE_ABSTRACT_UNIX_SOCKET: u64 = 1;
const SCOPE_SIGNAL: u64 = 2;

const RulesetAttr = extern struct { handled_fs: u64, handled_net: u64 = 0, scoped: u64 = 0 };

/// Not padded (the kernel's struct is packed).
const PathBeneathAttr = extern struct { allowed: u64 align(4), parent_fd: i32 align(4) };

comptime {
    std.debug.assert(@sizeOf(PathBeneathAttr) == 12);
}

/// 0 where the kernel has no Landlock or it is switched off.
pub fn abiVersion() u32 {
    const result = sys.call(.landlock_create_ruleset, .{ @as(usize, 0), @as(usize, 0), CREATE_RULESET_VERSION });
    return if (sys.failed(result)) 0 else @intCast(result);
}

/// The first ABI that is used: ABI 1 would refuse every rename between folders, also inside one
/// read-write grant, which no program expects.
pub const abi_min = 2;

/// From here on signals and abstract Unix sockets outside are out of reach.
pub const abi_scopes = 6;

fn handled(abi: u32) u64 {
    var rights = EXECUTE | WRITE_FILE | READ_FILE | READ_DIR | CHANGE_ENTRIES;
    if (abi >= 2) rights |= REFER;
    if (abi >= 3) rights |= TRUNCATE;
    if (abi >= 5) rights |= IOCTL_DEV;
    return rights;
}

fn rightsOf(access: structs.Access) u64 {
    return switch (access) {
        .list => READ_DIR,
        .read => EXECUTE | READ_FILE | READ_DIR,
        .write => ~@as(u64, 0),
        .use => EXECUTE | READ_FILE | READ_DIR | WRITE_FILE | TRUNCATE | IOCTL_DEV,
        _ => 0,
    };
}

/// Rights that a rule on something other than a folder may name.
const file_rights = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;

/// A domain of the calling process, and of all that it starts, out of which no signal goes. It keeps
/// nothing else back. Needs ABI 6 and no_new_privs.
pub fn scopeSignals(failure: *sys.Failure) error{Syscall}!void {
    const attr: RulesetAttr = .{ .handled_fs = 0, .scoped = SCOPE_SIGNAL };
    const ruleset = try sys.checkFd(.landlock_create_ruleset, .{ &attr, @as(usize, @sizeOf(RulesetAttr)), @as(u32, 0) }, failure);
    defer sys.close(ruleset);
    _ = try sys.check(.landlock_restrict_self, .{ ruleset, @as(u32, 0) }, failure);
}

pub const Ruleset = struct {
    fd: sys.fd_t,
    handled: u64,

    /// `brokered`: no TCP connect and bind is left to the workload.
    pub fn create(abi: u32, brokered: bool, failure: *sys.Failure) error{Syscall}!Ruleset {
        const attr: RulesetAttr = .{
            .handled_fs = handled(abi),
            .handled_net = if (brokered and abi >= 4) NET_BIND_TCP | NET_CONNECT_TCP else 0,
            .scoped = if (abi >= abi_scopes) SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL else 0,
        };
        // As much of the struct as the ABI has: 8 bytes until 3, 16 until 5.
        const size: usize = if (abi >= 6) 24 else if (abi >= 4) 16 else 8;
        const fd = try sys.checkFd(.landlock_create_ruleset, .{ &attr, size, @as(u32, 0) }, failure);
        return .{ .fd = fd, .handled = attr.handled_fs };
    }

    /// `object`: any descriptor of the folder or file; `directory`: which of the two.
    pub fn allow(ruleset: Ruleset, object: sys.fd_t, directory: bool, access: structs.Access, failure: *sys.Failure) error{Syscall}!void {
        var rights = rightsOf(access) & ruleset.handled;
        if (!directory) rights &= file_rights;
        try ruleset.allowRights(object, rights, failure);
    }

    fn allowRights(ruleset: Ruleset, object: sys.fd_t, rights: u64, failure: *sys.Failure) error{Syscall}!void {
        if (rights == 0) return;
        const attr: PathBeneathAttr = .{ .allowed = rights, .parent_fd = object };
        _ = try sys.check(.landlock_add_rule, .{ ruleset.fd, RULE_PATH_BENEATH, &attr, @as(u32, 0) }, failure);
    }

    /// What a proc(5) that shows others too says of the calling process, but its mounts and network,
    /// which are the host's here.
    pub fn allowOwnProcess(ruleset: Ruleset, failure: *sys.Failure) error{Syscall}!void {
        const files = [_][*:0]const u8{
            "/proc/self/auxv",   "/proc/self/cgroup", "/proc/self/cmdline", "/proc/self/comm",          "/proc/self/environ",
            "/proc/self/limits", "/proc/self/maps",   "/proc/self/smaps",   "/proc/self/oom_score_adj", "/proc/self/stat",
            "/proc/self/statm",  "/proc/self/status",
        };
        const folders = [_][*:0]const u8{ "/proc/self/fd", "/proc/self/fdinfo" };
        for (files) |path| try ruleset.allowIfThere(path, READ_FILE, failure);
        for (folders) |path| try ruleset.allowIfThere(path, READ_FILE | READ_DIR, failure);
    }

    fn allowIfThere(ruleset: Ruleset, path: [*:0]const u8, rights: u64, failure: *sys.Failure) error{Syscall}!void {
        const O_PATH_CLOEXEC: u32 = 0o10000000 | 0o2000000;
        const object = sys.checkFd(.openat, .{ sys.AT_FDCWD, path, O_PATH_CLOEXEC, @as(u32, 0) }, failure) catch return;
        defer sys.close(object);
        try ruleset.allowRights(object, rights & ruleset.handled, failure);
    }

    /// A standard stream that is a file stays usable through /dev/stdin and the like, as far as it
    /// was opened. Pipes and sockets need no rule (the kernel answers EBADFD).
    pub fn allowStream(ruleset: Ruleset, stream: sys.fd_t) void {
        const F_GETFL = 3;
        const flags = sys.call(.fcntl, .{ stream, @as(usize, F_GETFL), @as(usize, 0) });
        if (sys.failed(flags)) return;
        const rights: u64 = switch (flags & 3) {
            0 => READ_FILE,
            1 => WRITE_FILE | TRUNCATE,
            else => READ_FILE | WRITE_FILE | TRUNCATE,
        };
        var failure: sys.Failure = undefined;
        ruleset.allowRights(stream, (rights | IOCTL_DEV) & ruleset.handled, &failure) catch {};
    }

    /// The calling process and all that it starts. Needs no_new_privs.
    pub fn restrictSelf(ruleset: Ruleset, failure: *sys.Failure) error{Syscall}!void {
        _ = try sys.check(.landlock_restrict_self, .{ ruleset.fd, @as(u32, 0) }, failure);
    }
};
