//! Modes, owners and times of files, and cutting them by path, for a workload that has only Landlock before
//! it: Landlock does not ask about these, so the calls come here. Each is made on an object that was
//! looked up once, by descriptor, and only if that object is in a folder that the policy lets the
//! workload write to. Whose it must be besides, the kernel decides: guard and workload are of one uid,
//! and neither has a capability.

const std = @import("std");
const sys = @import("sys");
const mounts = @import("../mounts.zig");
const notify = @import("../network/notify.zig");
const Identity = @import("scratch.zig").Identity;

const Notification = notify.Notification;

const EPERM = 1;
const ENOENT = 2;
const EBADF = 9;
const EACCES = 13;
const EFAULT = 14;
const EINVAL = 22;
const ENAMETOOLONG = 36;
const ENOSYS = 38;
const ELOOP = 40;

const AT_FDCWD: i32 = -100;
const AT_SYMLINK_NOFOLLOW: u64 = 0x100;
const AT_EMPTY_PATH: u64 = 0x1000;
const O_PATH: u64 = 0o10000000;
const O_DIRECTORY: u64 = 0o200000;
const O_NOFOLLOW: u64 = 0o400000;
const O_CLOEXEC: u64 = 0o2000000;
const RESOLVE_NO_MAGICLINKS: u64 = 2;
/// As the kernel follows (path_resolution(7)).
const links_max = 40;
const path_max = 4096;

const OpenHow = extern struct { flags: u64, mode: u64 = 0, resolve: u64 = 0 };

pub const Metadata = struct {
    listener: *notify.Listener,
    /// Folders and files that the workload may write to.
    writable: []const Identity,

    /// What the call answers; null where the caller has gone.
    pub fn perform(metadata: *const Metadata, notification: *const Notification, number: sys.SYS) ?u16 {
        const a = notification.arguments;
        if (comptime @hasField(sys.SYS, "chmod")) {
            switch (number) {
                .chown => return metadata.byPath(notification, AT_FDCWD, a[0], true, owner(a[1], a[2])),
                .lchown => return metadata.byPath(notification, AT_FDCWD, a[0], false, owner(a[1], a[2])),
                .chmod => return metadata.byPath(notification, AT_FDCWD, a[0], true, .{ .mode = low(a[1]) }),
                .utime => return metadata.timesByPath(notification, AT_FDCWD, a[0], a[1], .seconds, true),
                .utimes => return metadata.timesByPath(notification, AT_FDCWD, a[0], a[1], .microseconds, true),
                .futimesat => return if (a[1] == 0)
                    metadata.timesByFile(notification, a[2], .microseconds)
                else
                    metadata.timesByPath(notification, descriptor(a[0]), a[1], a[2], .microseconds, true),
                else => {},
            }
        }
        return switch (number) {
            .fchown => metadata.byFile(notification, owner(a[1], a[2])),
            .fchownat => metadata.at(notification, a[4], owner(a[2], a[3])),
            .fchmod => metadata.byFile(notification, .{ .mode = low(a[1]) }),
            .fchmodat => metadata.byPath(notification, descriptor(a[0]), a[1], true, .{ .mode = low(a[2]) }),
            .fchmodat2 => metadata.at(notification, a[3], .{ .mode = low(a[2]) }),
            .utimensat => metadata.timesAt(notification),
            .truncate => metadata.byPath(notification, AT_FDCWD, a[0], true, .{ .length = a[1] }),
            else => ENOSYS,
        };
    }

    const Change = union(enum) {
        mode: u32,
        owner: struct { uid: u32, gid: u32 },
        /// Access and modification as utimensat(2) takes them; null: now.
        times: ?[4]i64,
        length: u64,
    };

    const Unit = enum { seconds, microseconds, nanoseconds };

    fn timesAt(metadata: *const Metadata, notification: *const Notification) ?u16 {
        const a = notification.arguments;
        var failed: u16 = 0;
        const times = readTimes(notification, a[2], .nanoseconds, &failed);
        if (failed != 0) return failed;
        if (a[1] == 0) return metadata.byFile(notification, .{ .times = times });
        return metadata.at(notification, a[3], .{ .times = times });
    }

    fn timesByPath(metadata: *const Metadata, notification: *const Notification, base: i32, path: u64, source: u64, unit: Unit, follow: bool) ?u16 {
        var failed: u16 = 0;
        const times = readTimes(notification, source, unit, &failed);
        if (failed != 0) return failed;
        return metadata.byPath(notification, base, path, follow, .{ .times = times });
    }

    fn timesByFile(metadata: *const Metadata, notification: *const Notification, source: u64, unit: Unit) ?u16 {
        var failed: u16 = 0;
        const times = readTimes(notification, source, unit, &failed);
        if (failed != 0) return failed;
        return metadata.byFile(notification, .{ .times = times });
    }

    fn owner(uid: u64, gid: u64) Change {
        return .{ .owner = .{ .uid = low(uid), .gid = low(gid) } };
    }

    /// fchownat(2), fchmodat2(2) and utimensat(2): base, path, ..., flags.
    fn at(metadata: *const Metadata, notification: *const Notification, flags: u64, change: Change) ?u16 {
        const a = notification.arguments;
        const asked = flags & 0xffff_ffff;
        if (asked & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0) return EINVAL;
        if (asked & AT_EMPTY_PATH != 0) {
            var first: [1]u8 = undefined;
            if (!notify.readMemory(notification.thread, a[1], &first)) return EFAULT;
            if (first[0] == 0) return if (descriptor(a[0]) == AT_FDCWD) EPERM else metadata.byFile(notification, change);
        }
        return metadata.byPath(notification, descriptor(a[0]), a[1], asked & AT_SYMLINK_NOFOLLOW == 0, change);
    }

    /// The file that the caller has open; or, where that cannot be had, the object alone.
    const Had = union(enum) { opened: sys.fd_t, object: sys.fd_t, errno: u16, gone };

    fn take(metadata: *const Metadata, notification: *const Notification, number: i32) Had {
        switch (metadata.listener.takeDescriptor(notification, number)) {
            .file => |file| return .{ .opened = file },
            .gone => return .gone,
            .errno => |errno| if (errno != EPERM) return .{ .errno = errno },
        }
        return switch (metadata.listener.openDescriptor(notification, number)) {
            .file => |object| .{ .object = object },
            .errno => |errno| .{ .errno = errno },
            .gone => .gone,
        };
    }

    /// The first argument is the descriptor.
    fn byFile(metadata: *const Metadata, notification: *const Notification, change: Change) ?u16 {
        var file: sys.fd_t = undefined;
        // Open for writing: Landlock has been asked, or it is a stream that the caller gave. Not so for
        // the access mode 3 (open(2)), which is open for neither, and of which Landlock asks nothing.
        var is_open_for_writing = false;
        var failure: sys.Failure = undefined;
        switch (metadata.take(notification, notification.descriptor())) {
            .opened => |opened| {
                file = opened;
                const F_GETFL: usize = 3;
                const flags = sys.call(.fcntl, .{ file, F_GETFL, @as(usize, 0) });
                if (sys.failed(flags) or flags & O_PATH != 0) {
                    sys.close(file);
                    return EBADF;
                }
                is_open_for_writing = flags & 3 == 1 or flags & 3 == 2;
            },
            .object => |object| file = object,
            .errno => |errno| return errno,
            .gone => return null,
        }
        defer sys.close(file);
        const object = mounts.stat(file, &failure) catch return failure.errno;
        if (object.kind() == mounts.S_IFDIR) is_open_for_writing = false;
        if (!is_open_for_writing) {
            if (!metadata.holds(file, object)) {
                const found = metadata.foundByName(file, object) orelse return EACCES;
                sys.close(found);
            }
        }
        return apply(file, change);
    }

    /// A file that is open for reading only: by the name that it has now, if that still is its own.
    fn foundByName(metadata: *const Metadata, file: sys.fd_t, object: mounts.Stat) ?sys.fd_t {
        var link: [64]u8 = undefined;
        const name = std.fmt.bufPrintSentinel(&link, "/proc/self/fd/{d}", .{file}, 0) catch unreachable;
        var text: [path_max]u8 = undefined;
        const length = sys.call(.readlinkat, .{ sys.AT_FDCWD, name.ptr, &text, @as(usize, path_max - 1) });
        if (sys.failed(length) or length == 0 or text[0] != '/') return null;
        text[length] = 0;
        var errno: u16 = 0;
        const found = metadata.lookUp(sys.AT_FDCWD, text[0..length :0], false, &errno) orelse return null;
        var failure: sys.Failure = undefined;
        const other = mounts.stat(found, &failure) catch {
            sys.close(found);
            return null;
        };
        if (other.inode == object.inode and other.device() == object.device()) return found;
        sys.close(found);
        return null;
    }

    fn byPath(metadata: *const Metadata, notification: *const Notification, base: i32, path: u64, follow: bool, change: Change) ?u16 {
        var text: [path_max]u8 = undefined;
        const copied = copyText(notification.thread, path, &text) orelse return EFAULT;
        if (copied.len == text.len) return ENAMETOOLONG;
        text[copied.len] = 0;
        if (copied.len == 0) return ENOENT;
        const start = switch (metadata.openBase(notification, base, copied[0] == '/')) {
            .file => |file| file,
            .errno => |errno| return errno,
            .gone => return null,
        };
        defer if (start >= 0) sys.close(start);
        if (!metadata.listener.isValid(notification.id)) return null;
        var errno: u16 = 0;
        const object = metadata.lookUp(start, text[0..copied.len :0], follow, &errno) orelse return errno;
        defer sys.close(object);
        return apply(object, change);
    }

    fn openBase(metadata: *const Metadata, notification: *const Notification, base: i32, absolute: bool) notify.Listener.Taken {
        if (absolute) return .{ .file = -1 };
        if (base != AT_FDCWD) return switch (metadata.take(notification, base)) {
            .opened, .object => |folder| .{ .file = folder },
            .errno => |errno| .{ .errno = errno },
            .gone => .gone,
        };
        var path: [64]u8 = undefined;
        const name = std.fmt.bufPrintSentinel(&path, "/proc/{d}/cwd", .{notification.thread}, 0) catch unreachable;
        const result = sys.call(.openat, .{ sys.AT_FDCWD, name.ptr, O_PATH | O_DIRECTORY | O_CLOEXEC, @as(u32, 0) });
        return if (sys.failed(result)) .{ .errno = sys.errnoOf(result) } else .{ .file = @intCast(result) };
    }

    /// The object, as O_PATH, if it is in a writable folder or is writable itself. Folder and name are
    /// looked up one behind the other: what stands in a writable folder is the workload's to change,
    /// whatever it puts there meanwhile.
    fn lookUp(metadata: *const Metadata, start: sys.fd_t, path: [:0]const u8, follow: bool, errno: *u16) ?sys.fd_t {
        var text: [path_max + 1]u8 = undefined;
        @memcpy(text[0 .. path.len + 1], path[0 .. path.len + 1]);
        var length = path.len;
        var base: sys.fd_t = if (start < 0) sys.AT_FDCWD else start;
        var owned: sys.fd_t = -1;
        defer if (owned >= 0) sys.close(owned);
        for (0..links_max) |_| {
            const split = splitAt(text[0..length]);
            const is_folder = split.name.len == 0 or std.mem.eql(u8, split.name, ".") or std.mem.eql(u8, split.name, "..");
            if (is_folder) {
                text[length] = 0;
                const folder = openAt(base, text[0..length :0], O_PATH | O_DIRECTORY, errno) orelse return null;
                if (metadata.isFolderWritable(folder)) return folder;
                sys.close(folder);
                errno.* = EACCES;
                return null;
            }
            var folder_text: [path_max + 1]u8 = undefined;
            const above = if (split.folder.len == 0) "." else split.folder;
            @memcpy(folder_text[0..above.len], above);
            folder_text[above.len] = 0;
            const folder = openAt(base, folder_text[0..above.len :0], O_PATH | O_DIRECTORY, errno) orelse return null;
            var name_text: [path_max + 1]u8 = undefined;
            @memcpy(name_text[0..split.name.len], split.name);
            name_text[split.name.len] = 0;
            const object = openAt(folder, name_text[0..split.name.len :0], O_PATH | O_NOFOLLOW, errno) orelse {
                sys.close(folder);
                return null;
            };
            var failure: sys.Failure = undefined;
            const found = mounts.stat(object, &failure) catch {
                sys.close(object);
                sys.close(folder);
                errno.* = failure.errno;
                return null;
            };
            if (found.kind() != mounts.S_IFLNK or !follow) {
                const allowed = metadata.isListed(found) or metadata.isFolderWritable(folder) or
                    (found.kind() == mounts.S_IFDIR and metadata.isFolderWritable(object));
                sys.close(folder);
                if (allowed) return object;
                sys.close(object);
                errno.* = EACCES;
                return null;
            }
            const target = sys.call(.readlinkat, .{ object, @as([*:0]const u8, ""), &text, @as(usize, path_max) });
            sys.close(object);
            if (sys.failed(target) or target == 0 or target == path_max) {
                sys.close(folder);
                errno.* = ENAMETOOLONG;
                return null;
            }
            length = target;
            if (owned >= 0) sys.close(owned);
            owned = folder;
            base = folder;
        }
        errno.* = ELOOP;
        return null;
    }

    /// One of the writable folders, or below one. By the parents of the folder itself: a path can be
    /// changed while it is read, where a folder is cannot be changed by who may not write there.
    fn isFolderWritable(metadata: *const Metadata, folder: sys.fd_t) bool {
        var failure: sys.Failure = undefined;
        var errno: u16 = 0;
        var at_: sys.fd_t = folder;
        defer if (at_ != folder) sys.close(at_);
        var last: ?mounts.Stat = null;
        for (0..path_max) |_| {
            const object = mounts.stat(at_, &failure) catch return false;
            if (metadata.isListed(object)) return true;
            if (last) |below| if (below.inode == object.inode and below.device() == object.device()) return false;
            last = object;
            const above = openAt(at_, "..", O_PATH | O_DIRECTORY, &errno) orelse return false;
            if (at_ != folder) sys.close(at_);
            at_ = above;
        }
        return false;
    }

    fn holds(metadata: *const Metadata, file: sys.fd_t, object: mounts.Stat) bool {
        if (metadata.isListed(object)) return true;
        return object.kind() == mounts.S_IFDIR and metadata.isFolderWritable(file);
    }

    fn isListed(metadata: *const Metadata, object: mounts.Stat) bool {
        for (metadata.writable) |identity| {
            if (identity.inode == object.inode and identity.device == object.device()) return true;
        }
        return false;
    }
};

const Split = struct { folder: []const u8, name: []const u8 };

/// At the last slash; a path that ends in one has no name.
fn splitAt(path: []const u8) Split {
    const slash = std.mem.lastIndexOfScalar(u8, path, '/') orelse return .{ .folder = "", .name = path };
    return .{ .folder = if (slash == 0) "/" else path[0..slash], .name = path[slash + 1 ..] };
}

fn openAt(base: sys.fd_t, path: [:0]const u8, flags: u64, errno: *u16) ?sys.fd_t {
    // Not by way of /proc/self: that is ours here.
    const how: OpenHow = .{ .flags = flags | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS };
    const result = sys.call(.openat2, .{ base, path.ptr, &how, @as(usize, @sizeOf(OpenHow)) });
    errno.* = sys.errnoOf(result);
    return if (errno.* == 0) @intCast(result) else null;
}

fn apply(object: sys.fd_t, change: Metadata.Change) u16 {
    const empty: [*:0]const u8 = "";
    var link: [64]u8 = undefined;
    const name = std.fmt.bufPrintSentinel(&link, "/proc/self/fd/{d}", .{object}, 0) catch unreachable;
    switch (change) {
        .mode => |mode| {
            var failure: sys.Failure = undefined;
            const found = mounts.stat(object, &failure) catch return failure.errno;
            // A link's own mode cannot be changed (fchmodat(2)).
            if (found.kind() == mounts.S_IFLNK) return EOPNOTSUPP;
            // Linux 6.6; before it, and where a container's older seccomp profile does not know it, by the
            // descriptor's name.
            const direct = sys.errnoOf(sys.call(.fchmodat2, .{ object, empty, mode, AT_EMPTY_PATH }));
            if (direct != ENOSYS and direct != EPERM) return direct;
            return sys.errnoOf(sys.call(.fchmodat, .{ sys.AT_FDCWD, name.ptr, mode }));
        },
        .owner => |new| return sys.errnoOf(sys.call(.fchownat, .{ object, empty, new.uid, new.gid, AT_EMPTY_PATH })),
        .times => |times| {
            const pointer: ?*const [4]i64 = if (times) |*value| value else null;
            return sys.errnoOf(sys.call(.utimensat, .{ object, empty, pointer, AT_EMPTY_PATH }));
        },
        .length => |length| return sys.errnoOf(sys.call(.truncate, .{ name.ptr, length })),
    }
}

const EOPNOTSUPP = 95;

/// Two times of the unit at `source`, as utimensat(2) takes them; null: no address, now.
fn readTimes(notification: *const Notification, source: u64, unit: Metadata.Unit, errno: *u16) ?[4]i64 {
    if (source == 0) return null;
    var raw: [4]i64 = @splat(0);
    const size: usize = if (unit == .seconds) 16 else 32;
    if (!notify.readMemory(notification.thread, source, std.mem.asBytes(&raw)[0..size])) {
        errno.* = EFAULT;
        return null;
    }
    switch (unit) {
        .nanoseconds => return raw,
        .seconds => return .{ raw[0], 0, raw[1], 0 },
        .microseconds => {
            if (raw[1] < 0 or raw[1] >= std.time.us_per_s or raw[3] < 0 or raw[3] >= std.time.us_per_s) {
                errno.* = EINVAL;
                return null;
            }
            return .{ raw[0], raw[1] * std.time.ns_per_us, raw[2], raw[3] * std.time.ns_per_us };
        },
    }
}

/// A text up to its NUL, page by page: what lies behind its last page need not be there. As long as
/// `out` where it has no end within.
fn copyText(thread: u32, address: u64, out: []u8) ?[]u8 {
    const page = 4096;
    var length: usize = 0;
    while (length < out.len) {
        const here = address +% length;
        const count = @min(page - @as(usize, @intCast(here % page)), out.len - length);
        if (!notify.readMemory(thread, here, out[length..][0..count])) return null;
        if (std.mem.indexOfScalar(u8, out[length..][0..count], 0)) |end| return out[0 .. length + end];
        length += count;
    }
    return out;
}

fn low(word: u64) u32 {
    return @truncate(word);
}

fn descriptor(word: u64) i32 {
    return @bitCast(@as(u32, @truncate(word)));
}
