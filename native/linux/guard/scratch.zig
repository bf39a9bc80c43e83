//! A folder of the workload's own where no mount can give it a private /tmp: made anew for the run,
//! removed with all in it when every process of the workload is gone.

const std = @import("std");
const sys = @import("sys");
const mounts = @import("../mounts.zig");

pub const Identity = extern struct { device: u64 = 0, inode: u64 = 0 };

const O_DIRECTORY_NOFOLLOW_CLOEXEC: u32 = 0o200000 | 0o400000 | 0o2000000;
const AT_REMOVEDIR: u32 = 0x200;
const EISDIR = 21;
const EPERM = 1;
const EACCES = 13;
/// Folders that are open at one time on the way down; deeper ones are moved up first.
const depth_max = 32;

/// EEXIST where there is anything by that name.
pub fn make(path: [:0]const u8, failure: *sys.Failure) mounts.Error!Identity {
    _ = try sys.check(.mkdirat, .{ sys.AT_FDCWD, path.ptr, @as(u32, 0o700) }, failure);
    const folder = try mounts.openHost(path.ptr, failure);
    defer sys.close(folder);
    const object = try mounts.stat(folder, failure);
    return .{ .device = object.device(), .inode = object.inode };
}

/// Best effort: nobody else writes there any more, unless the folder's owner does.
pub fn remove(path: [:0]const u8, identity: Identity) void {
    var failure: sys.Failure = undefined;
    const folder = sys.checkFd(.openat, .{ sys.AT_FDCWD, path.ptr, O_DIRECTORY_NOFOLLOW_CLOEXEC, @as(u32, 0) }, &failure) catch return;
    defer sys.close(folder);
    const object = mounts.stat(folder, &failure) catch return;
    if (object.device() != identity.device or object.inode != identity.inode) return;
    var emptier: Emptier = .{ .top = folder };
    // Again for what was moved up.
    for (0..1024) |_| {
        emptier.moved = false;
        emptier.empty(folder, 0);
        if (!emptier.moved) break;
    }
    _ = sys.call(.unlinkat, .{ sys.AT_FDCWD, path.ptr, AT_REMOVEDIR });
}

const Emptier = struct {
    top: sys.fd_t,
    moved: bool = false,
    count: u64 = 0,

    fn empty(emptier: *Emptier, folder: sys.fd_t, depth: usize) void {
        var buffer: [4096]u8 align(8) = undefined;
        var removed = true;
        // What is removed while it is read may hide what follows it: until nothing more goes.
        while (removed) {
            removed = false;
            _ = sys.call(.lseek, .{ folder, @as(usize, 0), @as(usize, 0) });
            while (true) {
                const length = sys.call(.getdents64, .{ folder, &buffer, @as(usize, buffer.len) });
                if (sys.failed(length) or length == 0) break;
                var at: usize = 0;
                while (at < length) {
                    const size = std.mem.readInt(u16, buffer[at + 16 ..][0..2], .little);
                    const name: [*:0]const u8 = @ptrCast(buffer[at + 19 ..].ptr);
                    at += size;
                    if (isSelfOrParent(name)) continue;
                    if (emptier.drop(folder, name, depth)) removed = true;
                }
            }
        }
    }

    fn drop(emptier: *Emptier, folder: sys.fd_t, name: [*:0]const u8, depth: usize) bool {
        const errno = sys.errnoOf(sys.call(.unlinkat, .{ folder, name, @as(u32, 0) }));
        if (errno == 0) return true;
        if (errno != EISDIR and errno != EPERM and errno != EACCES) return false;
        if (!sys.failed(sys.call(.unlinkat, .{ folder, name, AT_REMOVEDIR }))) return true;
        if (depth >= depth_max) return emptier.moveUp(folder, name);
        const below = openFolder(folder, name) orelse return false;
        emptier.empty(below, depth + 1);
        sys.close(below);
        return !sys.failed(sys.call(.unlinkat, .{ folder, name, AT_REMOVEDIR }));
    }

    fn moveUp(emptier: *Emptier, folder: sys.fd_t, name: [*:0]const u8) bool {
        var text: [32]u8 = undefined;
        emptier.count += 1;
        const target = std.fmt.bufPrintSentinel(&text, ".mxc-{d}", .{emptier.count}, 0) catch unreachable;
        if (sys.failed(sys.call(.renameat2, .{ folder, name, emptier.top, target.ptr, @as(u32, 1) }))) return false;
        emptier.moved = true;
        return true;
    }
};

/// The workload may have made it unreadable; it is ours all the same.
fn openFolder(folder: sys.fd_t, name: [*:0]const u8) ?sys.fd_t {
    const first = sys.call(.openat, .{ folder, name, O_DIRECTORY_NOFOLLOW_CLOEXEC, @as(u32, 0) });
    if (!sys.failed(first)) {
        // Entries can only be removed where it can be written to.
        _ = sys.call(.fchmod, .{ first, @as(u32, 0o700) });
        return @intCast(first);
    }
    _ = sys.call(.fchmodat, .{ folder, name, @as(u32, 0o700) });
    const second = sys.call(.openat, .{ folder, name, O_DIRECTORY_NOFOLLOW_CLOEXEC, @as(u32, 0) });
    return if (sys.failed(second)) null else @intCast(second);
}

fn isSelfOrParent(name: [*:0]const u8) bool {
    return name[0] == '.' and (name[1] == 0 or (name[1] == '.' and name[2] == 0));
}
