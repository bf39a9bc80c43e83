//! Carries a plan out, in the process that becomes PID 1 of the sandbox: one switch over the
//! steps, in their order. Runs in the new namespaces, with every capability in them, until
//! `capabilities.dropAll`; what it opens, it opens by descriptor and closes.

const std = @import("std");
const sys = @import("sys");
const abi = @import("abi");
const structs = abi.structs;
const mounts = @import("mounts.zig");
const kernel_mounts = @import("kernel_mounts.zig");
const landlock = @import("landlock.zig");
const opening = @import("opening");
const scratch_ = @import("guard/scratch.zig");
const broker = @import("network/broker.zig");
const inside = @import("network/inside.zig");
const interface = @import("network/interface.zig");
const sockets = @import("network/sockets.zig");

const Bind = structs.BindFlag;
const Step = structs.Step;

/// The caller's identity, taken before the user namespace hides it.
pub const Identity = struct { uid: u32, gid: u32 };

/// What the steps build up for the ones behind them, and for the workload.
pub const Launch = struct {
    identity: Identity,
    root: sys.fd_t = -1,
    stand_ins: ?mounts.StandIns = null,
    stand_ins_path: ?[:0]const u8 = null,
    landlock_abi: u32 = 0,
    ruleset: ?landlock.Ruleset = null,
    seccomp: structs.SeccompProfile = .network_none,
    /// The broker's other end: what PID 1 makes for it goes there.
    channel: sys.fd_t = -1,
    brokered: bool = false,
    tier: enum { namespace, landlock } = .namespace,
    /// The landlock tier's folder in place of a private /tmp.
    scratch: ?Scratch = null,
    /// What its workload may write to.
    writable: []scratch_.Identity = &.{},
    working_folder: [:0]const u8 = "/",
    failure: sys.Failure = undefined,

    pub const Error = mounts.Error;
    pub const Scratch = struct { path: [:0]const u8, identity: scratch_.Identity };

    /// One step of the opening: the same record in both forms, texts apart.
    pub fn openingStep(launch: *Launch, step: opening.Step) Error!void {
        return launch.run(.{
            .kind = step.kind,
            .flags = step.flags,
            .source = step.source,
            .target = step.target,
            .device = 0,
            .inode = 0,
            .argument = step.argument,
            .extra = step.extra,
        });
    }

    pub fn planStep(launch: *Launch, plan: abi.plan_reader.Plan, step: *align(8) const Step) Error!void {
        return launch.run(.{
            .kind = @fromBackingInt(step.kind),
            .flags = step.flags,
            .source = plan.text(step.source),
            .target = plan.text(step.target),
            .device = step.device,
            .inode = step.inode,
            .argument = step.argument,
            .extra = step.extra,
        });
    }

    const Resolved = struct {
        kind: structs.StepKind,
        flags: u32,
        source: [:0]const u8,
        target: [:0]const u8,
        device: u64,
        inode: u64,
        argument: u64,
        extra: u64,

        fn has(step: Resolved, flag: u32) bool {
            return step.flags & flag != 0;
        }

        fn attributes(step: Resolved) u64 {
            var out: u64 = mounts.MOUNT_ATTR_NOSUID;
            if (step.has(Bind.read_only)) out |= mounts.MOUNT_ATTR_RDONLY;
            if (step.has(Bind.no_exec)) out |= mounts.MOUNT_ATTR_NOEXEC;
            if (!step.has(Bind.devices)) out |= mounts.MOUNT_ATTR_NODEV;
            return out;
        }
    };

    fn run(launch: *Launch, step: Resolved) Error!void {
        const failure = &launch.failure;
        switch (step.kind) {
            .namespaces => try launch.mapIdentity(),
            .loopback => try bringLoopbackUp(failure),
            .root => {
                launch.root = try mounts.newTmpfs(step.argument, step.extra, "0755", mounts.MOUNT_ATTR_NOSUID | mounts.MOUNT_ATTR_NODEV, failure);
                try mounts.attachOverRoot(launch.root, failure);
            },
            .directory => try mounts.makeDirectory(launch.root, step.target, step.argument, failure),
            .file => try mounts.makeFile(launch.root, step.target, failure),
            .symlink => try mounts.makeSymlink(launch.root, step.target, step.source, failure),
            .bind => try launch.bind(step),
            .mirror => try launch.mirror(step.target),
            .kernel_mounts => try launch.coverKernelMounts(),
            .tmpfs => {
                const tree = try mounts.newTmpfs(step.argument, step.extra, "1777", step.attributes(), failure);
                defer sys.close(tree);
                try launch.attachAt(tree, step.target);
            },
            .proc => {
                // Only processes that the reader may trace are shown (Linux 5.8): not this one, the
                // sandbox's init, whose files root's workload would own.
                const tree = try mounts.newFileSystem("proc", &.{.{ .key = "hidepid", .value = "ptraceable" }}, mounts.MOUNT_ATTR_NOSUID | mounts.MOUNT_ATTR_NODEV | mounts.MOUNT_ATTR_NOEXEC, failure);
                defer sys.close(tree);
                try launch.attachAt(tree, step.target);
            },
            .devpts => {
                const tree = try mounts.newFileSystem("devpts", &.{
                    .{ .key = "newinstance" },
                    .{ .key = "ptmxmode", .value = "0666" },
                    .{ .key = "mode", .value = "0620" },
                }, mounts.MOUNT_ATTR_NOSUID | mounts.MOUNT_ATTR_NOEXEC, failure);
                defer sys.close(tree);
                try launch.attachAt(tree, step.target);
            },
            .mqueue => {
                const tree = try mounts.newFileSystem("mqueue", &.{}, mounts.MOUNT_ATTR_NOSUID | mounts.MOUNT_ATTR_NODEV | mounts.MOUNT_ATTR_NOEXEC, failure);
                defer sys.close(tree);
                try launch.attachAt(tree, step.target);
            },
            .stand_ins => {
                launch.stand_ins = try mounts.makeStandIns(launch.root, step.target, failure);
                if (!step.has(Bind.optional)) launch.stand_ins_path = step.target;
            },
            .deny => try launch.deny(step),
            .screen => {
                const target = try launch.openTarget(step) orelse return;
                defer sys.close(target);
                if (step.inode != 0) try launch.expect(target, step);
                const tree = try mounts.newTmpfs(1024 * 1024, 4096, "0111", mounts.MOUNT_ATTR_NOSUID | mounts.MOUNT_ATTR_NODEV | mounts.MOUNT_ATTR_NOEXEC, failure);
                defer sys.close(tree);
                try mounts.attach(tree, target, failure);
            },
            .seal => {
                const target = try launch.openTarget(step) orelse return;
                defer sys.close(target);
                try mounts.setAttributes(target, false, mounts.MOUNT_ATTR_RDONLY, failure);
            },
            .protect => {
                const target = try launch.openTarget(step) orelse return;
                defer sys.close(target);
                const tree = try mounts.cloneTree(target, true, step.attributes(), failure);
                defer sys.close(tree);
                try mounts.attach(tree, target, failure);
            },
            .tunable => {
                const file = mounts.openBelow(launch.root, step.target, mounts.O_WRONLY, failure) catch |err|
                    return if (step.has(Bind.optional)) {} else err;
                defer sys.close(file);
                _ = sys.check(.write, .{ file, step.source.ptr, step.source.len }, failure) catch |err|
                    return if (step.has(Bind.optional)) {} else err;
            },
            .enter_root => {
                var attributes: u64 = mounts.MOUNT_ATTR_NOSUID | mounts.MOUNT_ATTR_NODEV;
                if (step.has(Bind.read_only)) attributes |= mounts.MOUNT_ATTR_RDONLY;
                try mounts.enterRoot(launch.root, launch.stand_ins_path, attributes, failure);
            },
            .network => if (launch.tier == .landlock) {
                launch.brokered = true;
            } else try launch.network(step),
            .content => try mounts.makeContent(launch.root, step.target, step.source, failure),
            .landlock_rule => try launch.landlockRule(step),
            .landlock_tier => try launch.enterLandlockTier(),
            .scratch => launch.scratch = .{ .path = step.target, .identity = try scratch_.make(step.target, failure) },
            .seccomp => launch.seccomp = @fromBackingInt(step.argument),
            .working_folder => launch.working_folder = step.target,
            // For the workload: read again when it is started (workload.zig).
            .limit, .environment, .word => {},
            // For the broker.
            .network_rule, .events => {},
            // The supervisor has made the groups and put this process into them. Their place on the host
            // is not for the workload to read (cgroup_namespaces(7)); where it is, it does no harm.
            .control_group => _ = sys.call(.unshare, .{opening.CLONE_NEWCGROUP}),
            .sandbox_limit, .statistics => {},
            _ => unreachable, // plan_reader refuses what is not listed
        }
    }

    fn bind(launch: *Launch, step: Resolved) Error!void {
        const failure = &launch.failure;
        const source = mounts.openHost(step.source.ptr, failure) catch |err|
            return if (step.has(Bind.optional)) {} else err;
        defer sys.close(source);
        if (step.inode != 0) try launch.expect(source, step);
        const tree = try mounts.cloneTree(source, step.has(Bind.recursive), step.attributes(), failure);
        if (step.target.len == 1) {
            launch.root = tree;
            return mounts.attachOverRoot(tree, failure);
        }
        defer sys.close(tree);
        const target = try mounts.openBelow(launch.root, step.target, mounts.O_PATH, failure);
        defer sys.close(target);
        if (step.has(Bind.same_object)) try launch.expect(target, step);
        try mounts.attach(tree, target, failure);
    }

    fn mirror(launch: *Launch, path: [:0]const u8) Error!void {
        const failure = &launch.failure;
        const source = mounts.openHost(path.ptr, failure) catch return; // not on this host
        defer sys.close(source);
        const object = try mounts.stat(source, failure);
        try mounts.makeParents(launch.root, path, failure);
        if (object.kind() == mounts.S_IFLNK) {
            var text: [4096]u8 = undefined;
            const length = try sys.check(.readlinkat, .{ source, @as([*:0]const u8, ""), &text, text.len - 1 }, failure);
            text[length] = 0;
            return mounts.makeSymlink(launch.root, path, text[0..length :0], failure);
        }
        const directory = object.kind() == mounts.S_IFDIR;
        if (directory) {
            try mounts.makeDirectory(launch.root, path, 0o755, failure);
        } else {
            try mounts.makeFile(launch.root, path, failure);
        }
        const attributes = mounts.MOUNT_ATTR_RDONLY | mounts.MOUNT_ATTR_NOSUID | mounts.MOUNT_ATTR_NODEV;
        const tree = try mounts.cloneTree(source, directory, attributes, failure);
        defer sys.close(tree);
        try launch.attachAt(tree, path);
    }

    fn deny(launch: *Launch, step: Resolved) Error!void {
        const target = try launch.openTarget(step) orelse return;
        defer sys.close(target);
        if (step.inode != 0) try launch.expect(target, step);
        try launch.cover(target);
    }

    fn cover(launch: *Launch, target: sys.fd_t) Error!void {
        const failure = &launch.failure;
        const object = try mounts.stat(target, failure);
        const tree = try mounts.cloneTree(launch.stand_ins.?.forType(object.kind()), false, 0, failure);
        defer sys.close(tree);
        try mounts.attach(tree, target, failure);
    }

    /// Mirrors bring along what is mounted below them. The planner looks at the host's mounts too, but
    /// not for every policy.
    fn coverKernelMounts(launch: *Launch) Error!void {
        const failure = &launch.failure;
        const PROT_READ_WRITE: u32 = 3;
        const MAP_PRIVATE_ANONYMOUS: u32 = 0x22;
        const size = 4 * 1024 * 1024;
        const memory = try sys.check(.mmap, .{ @as(usize, 0), @as(usize, size), PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, @as(isize, -1), @as(usize, 0) }, failure);
        defer _ = sys.call(.munmap, .{ memory, @as(usize, size) });
        const buffer = @as([*]u8, @ptrFromInt(memory))[0..size];
        const file = try sys.checkFd(.openat, .{ sys.AT_FDCWD, @as([*:0]const u8, "/proc/self/mountinfo"), mounts.O_CLOEXEC, @as(u32, 0) }, failure);
        defer sys.close(file);
        const length = switch (sys.readAll(file, buffer)) {
            .ok => |length| length,
            .failure => |failed| {
                failure.* = failed;
                return error.Syscall;
            },
        };
        if (length == buffer.len) {
            failure.* = .{ .syscall = .read, .errno = E2BIG };
            return error.Syscall;
        }
        var points: kernel_mounts.Iterator = .init(buffer[0..length]);
        while (points.next()) |point| {
            if (!isMirrored(point)) continue;
            const target = mounts.openBelow(launch.root, point, mounts.O_PATH, failure) catch |err| {
                if (failure.errno == ENOENT) continue;
                return err;
            };
            defer sys.close(target);
            try launch.cover(target);
        }
    }

    /// The object must be the one that the planner looked at, or someone swapped it since.
    fn expect(launch: *Launch, fd: sys.fd_t, step: Resolved) Error!void {
        const found = try mounts.stat(fd, &launch.failure);
        if (found.inode == step.inode and found.device() == step.device) return;
        launch.failure = .{ .syscall = .statx, .errno = ESTALE };
        return error.Changed;
    }

    fn openTarget(launch: *Launch, step: Resolved) Error!?sys.fd_t {
        return mounts.openBelow(launch.root, step.target, mounts.O_PATH, &launch.failure) catch |err|
            return if (step.has(Bind.optional) and launch.failure.errno == ENOENT) null else err;
    }

    fn attachAt(launch: *Launch, tree: sys.fd_t, path: [:0]const u8) Error!void {
        const target = try mounts.openBelow(launch.root, path, mounts.O_PATH, &launch.failure);
        defer sys.close(target);
        try mounts.attach(tree, target, &launch.failure);
    }

    /// What the broker serves inside the sandbox's network, made here where the capabilities for it
    /// are.
    fn network(launch: *Launch, step: Resolved) Error!void {
        const failure = &launch.failure;
        launch.brokered = true;
        for ([_][*:0]const u8{ "/proc/self/ns/user", "/proc/self/ns/mnt", "/proc/self/ns/net" }, [_]u8{
            broker.Tag.user_namespace, broker.Tag.mount_namespace, broker.Tag.network_namespace,
        }) |path, tag| {
            const namespace = try sys.checkFd(.openat, .{ sys.AT_FDCWD, path, mounts.O_CLOEXEC, @as(u32, 0) }, failure);
            defer sys.close(namespace);
            try sockets.sendDescriptor(launch.channel, tag, namespace, failure);
        }
        if (step.has(structs.NetworkFlag.datagrams)) {
            const tun = try interface.makeTun(try interface.openDevice(failure), failure);
            defer sys.close(tun.fd);
            // Pings work without it where the kernel lets everybody send them.
            interface.allowPing(launch.identity.gid, failure) catch {};
            try sockets.sendDescriptor(launch.channel, broker.Tag.tun, tun.fd, failure);
        } else {
            try interface.addLoopbackAddress(failure);
        }
        if (step.has(structs.NetworkFlag.resolver)) {
            const pair = try inside.udpAndTcp(resolver_port, failure);
            defer sys.close(pair.udp);
            defer sys.close(pair.tcp);
            try sockets.sendDescriptor(launch.channel, broker.Tag.resolver_udp, pair.udp, failure);
            try sockets.sendDescriptor(launch.channel, broker.Tag.resolver_tcp, pair.tcp, failure);
        }
        if (step.argument != 0) {
            const listener = try inside.tcpListener(@intCast(step.argument), failure);
            defer sys.close(listener);
            try sockets.sendDescriptor(launch.channel, broker.Tag.proxy, listener, failure);
        }
    }

    fn landlockRule(launch: *Launch, step: Resolved) Error!void {
        const failure = &launch.failure;
        // Behind the mounts it is a second lock, and an old one in the way; alone it is the only one.
        if (launch.tier == .namespace and launch.landlock_abi < landlock.abi_min) return;
        if (launch.ruleset == null) launch.ruleset = try landlock.Ruleset.create(launch.landlock_abi, launch.brokered, failure);
        const here = launch.openRule(step) catch |err| return if (step.has(Bind.optional)) {} else err;
        defer sys.close(here);
        if (step.inode != 0) try launch.expect(here, step);
        const object = try mounts.stat(here, failure);
        if (launch.tier == .landlock and step.argument == @backingInt(structs.Access.write)) {
            launch.writable.len += 1;
            launch.writable[launch.writable.len - 1] = .{ .device = object.device(), .inode = object.inode };
        }
        try launch.ruleset.?.allow(here, object.kind() == mounts.S_IFDIR, @fromBackingInt(step.argument), failure);
    }

    fn openRule(launch: *Launch, step: Resolved) Error!sys.fd_t {
        const failure = &launch.failure;
        if (launch.tier == .namespace) return mounts.openBelow(sys.AT_FDCWD, step.target, mounts.O_PATH, failure);
        if (step.has(Bind.follow)) return sys.checkFd(.openat, .{ sys.AT_FDCWD, step.target.ptr, mounts.O_PATH | mounts.O_CLOEXEC, @as(u32, 0) }, failure);
        return mounts.openHost(step.target.ptr, failure);
    }

    fn enterLandlockTier(launch: *Launch) Error!void {
        if (launch.landlock_abi == 0) {
            launch.failure = .{ .syscall = .landlock_create_ruleset, .errno = ENOSYS };
            return error.Syscall;
        }
        launch.tier = .landlock;
        // Room for one of every step; pages appear as they are written.
        const bytes: usize = structs.plan_steps_max * @sizeOf(scratch_.Identity);
        const PROT_READ_WRITE: u32 = 3;
        const MAP_PRIVATE_ANONYMOUS: u32 = 0x22;
        const memory = try sys.check(.mmap, .{ @as(usize, 0), bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, @as(isize, -1), @as(usize, 0) }, &launch.failure);
        launch.writable = @as([*]scratch_.Identity, @ptrFromInt(memory))[0..0];
    }

    /// One uid and one gid, the caller's, mapped to themselves (user_namespaces(7)): what the
    /// kernel lets an ordinary user write without help.
    fn mapIdentity(launch: *Launch) Error!void {
        var buffer: [32]u8 = undefined;
        try launch.writeFile("/proc/self/setgroups", "deny");
        try launch.writeFile("/proc/self/uid_map", std.fmt.bufPrint(&buffer, "{d} {d} 1", .{ launch.identity.uid, launch.identity.uid }) catch unreachable);
        try launch.writeFile("/proc/self/gid_map", std.fmt.bufPrint(&buffer, "{d} {d} 1", .{ launch.identity.gid, launch.identity.gid }) catch unreachable);
    }

    fn writeFile(launch: *Launch, path: [*:0]const u8, content: []const u8) Error!void {
        const fd = try sys.checkFd(.openat, .{ sys.AT_FDCWD, path, mounts.O_WRONLY | mounts.O_CLOEXEC, @as(u32, 0) }, &launch.failure);
        defer sys.close(fd);
        _ = try sys.check(.write, .{ fd, content.ptr, content.len }, &launch.failure);
    }
};

fn isMirrored(path: []const u8) bool {
    for (opening.baseline) |mirrored| {
        if (!std.mem.startsWith(u8, path, mirrored)) continue;
        if (path.len == mirrored.len or path[mirrored.len] == '/') return true;
    }
    return false;
}

/// Domain names (RFC 1035, 4.2).
const resolver_port = 53;

const ENOENT = 2;
const E2BIG = 7;
const ENOSYS = 38;
const ESTALE = 116;

/// netdevice(7)
fn bringLoopbackUp(failure: *sys.Failure) error{Syscall}!void {
    const AF_INET: u32 = 2;
    const SOCK_DGRAM_CLOEXEC: u32 = 2 | 0o2000000;
    const SIOCGIFFLAGS: u32 = 0x8913;
    const SIOCSIFFLAGS: u32 = 0x8914;
    const IFF_UP: u16 = 1;
    const InterfaceRequest = extern struct { name: [16]u8, flags: u16, rest: [22]u8 };

    const socket = try sys.checkFd(.socket, .{ AF_INET, SOCK_DGRAM_CLOEXEC, @as(u32, 0) }, failure);
    defer sys.close(socket);
    var request: InterfaceRequest = .{ .name = @splat(0), .flags = 0, .rest = @splat(0) };
    @memcpy(request.name[0..2], "lo");
    _ = try sys.check(.ioctl, .{ socket, SIOCGIFFLAGS, &request }, failure);
    request.flags |= IFF_UP;
    _ = try sys.check(.ioctl, .{ socket, SIOCSIFFLAGS, &request }, failure);
}
