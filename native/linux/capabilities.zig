//! Takes every capability from the calling process for good. capabilities(7).

const sys = @import("sys");

const PR_CAPBSET_DROP: usize = 24;
const PR_SET_SECUREBITS: usize = 28;
const PR_SET_NO_NEW_PRIVS: usize = 38;
const PR_CAP_AMBIENT: usize = 47;
const PR_CAP_AMBIENT_CLEAR_ALL: usize = 4;

/// NOROOT, NO_SETUID_FIXUP, KEEP_CAPS off and NO_CAP_AMBIENT_RAISE, each locked
/// (linux/securebits.h).
const securebits: usize = 0b11101111;

/// _LINUX_CAPABILITY_VERSION_3: two records of three words.
const CapHeader = extern struct { version: u32 = 0x2008_0522, pid: i32 = 0 };
const CapData = extern struct { words: [6]u32 = @splat(0) };

pub fn dropAll(failure: *sys.Failure) error{Syscall}!void {
    _ = try sys.check(.prctl, .{ PR_SET_NO_NEW_PRIVS, @as(usize, 1), @as(usize, 0), @as(usize, 0), @as(usize, 0) }, failure);
    _ = try sys.check(.prctl, .{ PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, @as(usize, 0), @as(usize, 0), @as(usize, 0) }, failure);
    if (try isWithout(failure)) return;
    _ = try sys.check(.prctl, .{ PR_SET_SECUREBITS, securebits, @as(usize, 0), @as(usize, 0), @as(usize, 0) }, failure);
    var capability: usize = 0;
    while (capability < 64) : (capability += 1) {
        // EINVAL: past the last capability that this kernel has.
        _ = sys.check(.prctl, .{ PR_CAPBSET_DROP, capability, @as(usize, 0), @as(usize, 0), @as(usize, 0) }, failure) catch |err| {
            if (failure.errno == EINVAL and capability > 0) break;
            return err;
        };
    }
    const header: CapHeader = .{};
    const none: CapData = .{};
    _ = try sys.check(.capset, .{ &header, &none }, failure);
}

/// An ordinary user's process outside of a user namespace of its own: nothing to take, and it may not
/// lock anything either. With no_new_privs no program gives it any (capabilities(7)).
fn isWithout(failure: *sys.Failure) error{Syscall}!bool {
    const header: CapHeader = .{};
    var held: CapData = .{};
    _ = try sys.check(.capget, .{ &header, &held }, failure);
    // Effective, permitted and inheritable, twice.
    for (held.words) |word| if (word != 0) return false;
    return true;
}

const EINVAL = 22;
