//! The mount calls that build the new root: open_tree(2), mount_setattr(2), move_mount(2),
//! fsopen(2). Everything is held by descriptor from the moment it is found, so that a path
//! swapped later changes nothing. Knows no plan and no policy.

const std = @import("std");
const sys = @import("sys");

pub const Error = error{ Syscall, Changed };
const fd_t = sys.fd_t;

/// linux/mount.h
pub const MOUNT_ATTR_RDONLY: u64 = 0x1;
pub const MOUNT_ATTR_NOSUID: u64 = 0x2;
pub const MOUNT_ATTR_NODEV: u64 = 0x4;
pub const MOUNT_ATTR_NOEXEC: u64 = 0x8;
const MS_PRIVATE: u64 = 1 << 18;
const OPEN_TREE_CLONE: u32 = 1;
const OPEN_TREE_CLOEXEC: u32 = 0o2000000;
const MOVE_MOUNT_F_EMPTY_PATH: u32 = 0x4;
const MOVE_MOUNT_T_EMPTY_PATH: u32 = 0x40;
const FSOPEN_CLOEXEC: u32 = 1;
const FSMOUNT_CLOEXEC: u32 = 1;
const FSCONFIG_SET_FLAG: u32 = 0;
const FSCONFIG_SET_STRING: u32 = 1;
const FSCONFIG_CMD_CREATE: u32 = 6;
const MNT_DETACH: u32 = 2;
const UMOUNT_NOFOLLOW: u32 = 8;

/// fcntl.h
const AT_EMPTY_PATH: u32 = 0x1000;
const AT_RECURSIVE: u32 = 0x8000;
const AT_REMOVEDIR: u32 = 0x200;
const AT_SYMLINK_NOFOLLOW: u32 = 0x100;
pub const O_PATH: u64 = 0o10000000;
pub const O_CLOEXEC: u64 = 0o2000000;
/// These two differ between architectures (asm-generic/fcntl.h, arch/arm64).
const O_CREAT: u64 = 0o100;
const ENOSPC = 28;
pub const O_NOFOLLOW: u64 = if (@import("builtin").cpu.arch == .aarch64) 0o100000 else 0o400000;
pub const O_DIRECTORY: u64 = if (@import("builtin").cpu.arch == .aarch64) 0o40000 else 0o200000;
pub const O_WRONLY: u64 = 1;

/// linux/openat2.h
const RESOLVE_NO_MAGICLINKS: u64 = 0x02;
const RESOLVE_NO_SYMLINKS: u64 = 0x04;
const RESOLVE_BENEATH: u64 = 0x08;
const OpenHow = extern struct { flags: u64, mode: u64 = 0, resolve: u64 };

const empty: [*:0]const u8 = "";
const root_path: [*:0]const u8 = "/";

/// struct statx's head (linux/stat.h), as far as it is read here.
pub const Stat = extern struct {
    mask: u32,
    block_size: u32,
    attributes: u64,
    links: u32,
    uid: u32,
    gid: u32,
    mode: u16,
    spare0: u16,
    inode: u64,
    size: u64,
    blocks: u64,
    attributes_mask: u64,
    times: [4][2]u64,
    rdev_major: u32,
    rdev_minor: u32,
    dev_major: u32,
    dev_minor: u32,
    spare: [14]u64,

    /// As stat(2) gives it to programs: the kernel's `new_encode_dev`.
    pub fn device(object: Stat) u64 {
        const minor: u64 = object.dev_minor;
        return (minor & 0xff) | (@as(u64, object.dev_major) << 8) | ((minor & ~@as(u64, 0xff)) << 12);
    }

    pub fn kind(object: Stat) u16 {
        return object.mode & S_IFMT;
    }
};

pub const S_IFMT: u16 = 0o170000;
pub const S_IFDIR: u16 = 0o040000;
pub const S_IFREG: u16 = 0o100000;
pub const S_IFIFO: u16 = 0o010000;
pub const S_IFSOCK: u16 = 0o140000;
pub const S_IFLNK: u16 = 0o120000;

comptime {
    std.debug.assert(@sizeOf(Stat) == 256);
    std.debug.assert(@offsetOf(Stat, "dev_major") == 136);
}

pub fn stat(fd: fd_t, failure: *sys.Failure) Error!Stat {
    var out: Stat = undefined;
    // STATX_BASIC_STATS
    _ = try sys.check(.statx, .{ fd, empty, AT_EMPTY_PATH, @as(u32, 0x7ff), &out }, failure);
    return out;
}

/// A host path, which the planner resolved: a link anywhere in it means that it changed since.
pub fn openHost(path: [*:0]const u8, failure: *sys.Failure) Error!fd_t {
    const how: OpenHow = .{ .flags = O_PATH | O_CLOEXEC | O_NOFOLLOW, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
    return sys.checkFd(.openat2, .{ sys.AT_FDCWD, path, &how, @as(usize, @sizeOf(OpenHow)) }, failure);
}

/// A path below `root` (absolute as the sandbox sees it), never through a link.
pub fn openBelow(root: fd_t, path: [:0]const u8, flags: u64, failure: *sys.Failure) Error!fd_t {
    const how: OpenHow = .{ .flags = flags | O_CLOEXEC | O_NOFOLLOW, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
    const relative: [*:0]const u8 = if (path.len == 1) "." else path[1..].ptr;
    return sys.checkFd(.openat2, .{ root, relative, &how, @as(usize, @sizeOf(OpenHow)) }, failure);
}

const Parent = struct { fd: fd_t, owned: bool, name: [*:0]const u8 };

fn openParent(root: fd_t, path: [:0]const u8, failure: *sys.Failure) Error!Parent {
    const slash = std.mem.lastIndexOfScalar(u8, path, '/').?;
    const name = path[slash + 1 ..].ptr;
    if (slash == 0) return .{ .fd = root, .owned = false, .name = name };
    var buffer: [4096]u8 = undefined;
    if (slash >= buffer.len) {
        failure.* = .{ .syscall = .openat2, .errno = ENAMETOOLONG };
        return error.Syscall;
    }
    @memcpy(buffer[0..slash], path[0..slash]);
    buffer[slash] = 0;
    const fd = try openBelow(root, buffer[0..slash :0], O_PATH | O_DIRECTORY, failure);
    return .{ .fd = fd, .owned = true, .name = name };
}

fn closeParent(parent: Parent) void {
    if (parent.owned) sys.close(parent.fd);
}

pub fn makeDirectory(root: fd_t, path: [:0]const u8, mode: u64, failure: *sys.Failure) Error!void {
    const parent = try openParent(root, path, failure);
    defer closeParent(parent);
    _ = sys.check(.mkdirat, .{ parent.fd, parent.name, mode }, failure) catch |err| {
        if (failure.errno != EEXIST) return err;
    };
}

/// The folders above `path` that are not there yet.
pub fn makeParents(root: fd_t, path: [:0]const u8, failure: *sys.Failure) Error!void {
    var buffer: [4096]u8 = undefined;
    if (path.len >= buffer.len) {
        failure.* = .{ .syscall = .mkdirat, .errno = ENAMETOOLONG };
        return error.Syscall;
    }
    var at: usize = 1;
    while (std.mem.indexOfScalarPos(u8, path, at, '/')) |slash| : (at = slash + 1) {
        @memcpy(buffer[0..slash], path[0..slash]);
        buffer[slash] = 0;
        try makeDirectory(root, buffer[0..slash :0], 0o755, failure);
    }
}

pub fn makeFile(root: fd_t, path: [:0]const u8, failure: *sys.Failure) Error!void {
    const parent = try openParent(root, path, failure);
    defer closeParent(parent);
    _ = sys.check(.mknodat, .{ parent.fd, parent.name, @as(u32, S_IFREG | 0o444), @as(u32, 0) }, failure) catch |err| {
        if (failure.errno != EEXIST) return err;
    };
}

/// A read-only file that holds `content`, over the object at `path`. It lives in a tmpfs of its own,
/// which lies over the new root's /proc for as long as it takes to make it: only what is attached can
/// be cloned from, and every other folder may be the host's.
pub fn makeContent(root: fd_t, path: [:0]const u8, content: []const u8, failure: *sys.Failure) Error!void {
    const place = try openBelow(root, "/proc", O_PATH, failure);
    defer sys.close(place);
    const own = try newTmpfs(64 * 1024, 4, "0755", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, failure);
    defer sys.close(own);
    const name: [*:0]const u8 = "content";
    const file = try sys.checkFd(.openat, .{ own, name, O_WRONLY | O_CREAT | O_CLOEXEC, @as(u32, 0o444) }, failure);
    defer sys.close(file);
    const written = try sys.check(.write, .{ file, content.ptr, content.len }, failure);
    if (written != content.len) {
        failure.* = .{ .syscall = .write, .errno = ENOSPC };
        return error.Syscall;
    }
    try attach(own, place, failure);
    const source = try openBelow(own, "/content", O_PATH, failure);
    defer sys.close(source);
    const tree = try cloneTree(source, false, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, failure);
    defer sys.close(tree);
    const proc: [*:0]const u8 = "proc";
    _ = try sys.check(.fchdir, .{root}, failure);
    _ = try sys.check(.umount2, .{ proc, MNT_DETACH | UMOUNT_NOFOLLOW }, failure);
    const target = try openBelow(root, path, O_PATH, failure);
    defer sys.close(target);
    try attach(tree, target, failure);
}

pub fn makeSymlink(root: fd_t, path: [:0]const u8, text: [:0]const u8, failure: *sys.Failure) Error!void {
    const parent = try openParent(root, path, failure);
    defer closeParent(parent);
    _ = sys.check(.symlinkat, .{ text.ptr, parent.fd, parent.name }, failure) catch |err| {
        if (failure.errno != EEXIST) return err;
    };
}

const EEXIST = 17;
const ENAMETOOLONG = 36;

/// struct mount_attr (linux/mount.h)
const MountAttr = extern struct { set: u64 = 0, clear: u64 = 0, propagation: u64 = 0, userns_fd: u64 = 0 };

/// A detached copy of the mount (and, `recursive`, of those below it), private, with `attributes`
/// added to every mount in it.
pub fn cloneTree(source: fd_t, recursive: bool, attributes: u64, failure: *sys.Failure) Error!fd_t {
    const depth: u32 = if (recursive) AT_RECURSIVE else 0;
    const tree = try sys.checkFd(.open_tree, .{ source, empty, AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | depth }, failure);
    errdefer sys.close(tree);
    try setAttributes(tree, recursive, attributes, failure);
    return tree;
}

pub fn setAttributes(mount: fd_t, recursive: bool, attributes: u64, failure: *sys.Failure) Error!void {
    const depth: u32 = if (recursive) AT_RECURSIVE else 0;
    const attr: MountAttr = .{ .set = attributes, .propagation = MS_PRIVATE };
    _ = try sys.check(.mount_setattr, .{ mount, empty, AT_EMPTY_PATH | depth, &attr, @as(usize, @sizeOf(MountAttr)) }, failure);
}

pub fn attach(tree: fd_t, target: fd_t, failure: *sys.Failure) Error!void {
    _ = try sys.check(.move_mount, .{ tree, empty, target, empty, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH }, failure);
}

/// Over the present root: where the new root stays until `enterRoot`. Absolute paths go on to
/// mean the old root, which this process still has as its own.
pub fn attachOverRoot(tree: fd_t, failure: *sys.Failure) Error!void {
    _ = try sys.check(.move_mount, .{ tree, empty, sys.AT_FDCWD, root_path, MOVE_MOUNT_F_EMPTY_PATH }, failure);
}

pub const Parameter = struct { key: [*:0]const u8, value: ?[*:0]const u8 = null };

/// A new file system of the kernel's, as a detached mount.
pub fn newFileSystem(name: [*:0]const u8, parameters: []const Parameter, attributes: u64, failure: *sys.Failure) Error!fd_t {
    const context = try sys.checkFd(.fsopen, .{ name, FSOPEN_CLOEXEC }, failure);
    defer sys.close(context);
    for (parameters) |parameter| {
        const command: u32 = if (parameter.value == null) FSCONFIG_SET_FLAG else FSCONFIG_SET_STRING;
        _ = try sys.check(.fsconfig, .{ context, command, parameter.key, parameter.value, @as(usize, 0) }, failure);
    }
    _ = try sys.check(.fsconfig, .{ context, FSCONFIG_CMD_CREATE, null, null, @as(usize, 0) }, failure);
    return sys.checkFd(.fsmount, .{ context, FSMOUNT_CLOEXEC, @as(u32, @intCast(attributes)) }, failure);
}

/// `bytes` and `inodes` bound the memory that it can take; `mode` of its top folder, octal.
pub fn newTmpfs(bytes: u64, inodes: u64, mode: [*:0]const u8, attributes: u64, failure: *sys.Failure) Error!fd_t {
    var size: [21]u8 = undefined;
    var count: [21]u8 = undefined;
    return newFileSystem("tmpfs", &.{
        .{ .key = "size", .value = decimal(&size, bytes) },
        .{ .key = "nr_inodes", .value = decimal(&count, inodes) },
        .{ .key = "mode", .value = mode },
    }, attributes, failure);
}

fn decimal(out: *[21]u8, value: u64) [*:0]const u8 {
    var at: usize = 20;
    out[at] = 0;
    var rest = value;
    while (true) {
        at -= 1;
        out[at] = '0' + @as(u8, @intCast(rest % 10));
        rest /= 10;
        if (rest == 0) break;
    }
    return @ptrCast(out[at..].ptr);
}

/// The objects that stand in for denied ones: each of mode 000 on a read-only file system, so
/// that its owner can neither open it nor change that.
pub const StandIns = struct {
    file: fd_t,
    directory: fd_t,
    fifo: fd_t,
    socket: fd_t,

    pub fn forType(stand_ins: StandIns, kind: u16) fd_t {
        return switch (kind) {
            S_IFDIR => stand_ins.directory,
            S_IFIFO => stand_ins.fifo,
            S_IFSOCK => stand_ins.socket,
            else => stand_ins.file,
        };
    }
};

pub fn makeStandIns(root: fd_t, path: [:0]const u8, failure: *sys.Failure) Error!StandIns {
    try makeDirectory(root, path, 0o700, failure);
    const target = try openBelow(root, path, O_PATH, failure);
    defer sys.close(target);
    const mount = try newTmpfs(4096, 8, "0700", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, failure);
    defer sys.close(mount);
    const file: [*:0]const u8 = "file";
    const directory: [*:0]const u8 = "directory";
    const fifo: [*:0]const u8 = "fifo";
    const socket: [*:0]const u8 = "socket";
    _ = try sys.check(.mknodat, .{ mount, file, @as(u32, S_IFREG), @as(u32, 0) }, failure);
    _ = try sys.check(.mkdirat, .{ mount, directory, @as(u32, 0) }, failure);
    _ = try sys.check(.mknodat, .{ mount, fifo, @as(u32, S_IFIFO), @as(u32, 0) }, failure);
    _ = try sys.check(.mknodat, .{ mount, socket, @as(u32, S_IFSOCK), @as(u32, 0) }, failure);
    try setAttributes(mount, false, MOUNT_ATTR_RDONLY, failure);
    // Only an attached mount can be cloned from.
    try attach(mount, target, failure);
    return .{
        .file = try openBelow(mount, "/file", O_PATH, failure),
        .directory = try openBelow(mount, "/directory", O_PATH, failure),
        .fifo = try openBelow(mount, "/fifo", O_PATH, failure),
        .socket = try openBelow(mount, "/socket", O_PATH, failure),
    };
}

/// `stand_ins`: where `makeStandIns` mounted, gone afterwards; null if it did not.
pub fn enterRoot(root: fd_t, stand_ins: ?[:0]const u8, attributes: u64, failure: *sys.Failure) Error!void {
    const here: [*:0]const u8 = ".";
    _ = try sys.check(.fchdir, .{root}, failure);
    if (stand_ins) |path| {
        _ = try sys.check(.umount2, .{ path[1..].ptr, MNT_DETACH | UMOUNT_NOFOLLOW }, failure);
        _ = try sys.check(.unlinkat, .{ root, path[1..].ptr, AT_REMOVEDIR }, failure);
    }
    try setAttributes(root, false, attributes, failure);
    // pivot_root(2), "pivot_root(".", ".")": the old root ends up mounted over the new one.
    _ = try sys.check(.pivot_root, .{ here, here }, failure);
    _ = try sys.check(.umount2, .{ here, MNT_DETACH }, failure);
    _ = try sys.check(.chdir, .{root_path}, failure);
}
