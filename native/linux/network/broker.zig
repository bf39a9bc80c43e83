//! The network's side of a run: a process in the host's namespaces that decides and acts for the
//! workload. The supervisor forks it once PID 1 exists; it ends with PID 1, or with the supervisor.
//! Sockets and devices that it serves inside were made by PID 1 and come over `channel`.

const std = @import("std");
const sys = @import("sys");
const abi = @import("abi");
const structs = abi.structs;
const addresses = @import("address.zig");
const connections_ = @import("connections.zig");
const datagrams_ = @import("datagrams.zig");
const decisions_ = @import("decisions.zig");
const flows_ = @import("flows.zig");
const ingress_ = @import("ingress.zig");
const jail = @import("jail.zig");
const loops = @import("loop.zig");
const named_ = @import("named.zig");
const names_ = @import("names.zig");
const notify = @import("notify.zig");
const options = @import("options.zig");
const outside_ = @import("outside.zig");
const policies = @import("policy.zig");
const proxies = @import("proxy.zig");
const relays_ = @import("relay.zig");
const resolver_ = @import("resolver.zig");
const sandbox_sockets = @import("sandbox_sockets.zig");
const sockets = @import("sockets.zig");
const report = @import("../report.zig");

const Plan = abi.plan_reader.Plan;
const Flag = structs.NetworkFlag;
const RuleFlag = structs.RuleFlag;

/// Relayed connections at one time: those granted by name, through the proxy, and from clients.
const relays_max = 8192;

/// What the descriptor that comes with a message is.
pub const Tag = struct {
    pub const listener: u8 = 'l';
    pub const tun: u8 = 't';
    pub const resolver_udp: u8 = 'u';
    pub const resolver_tcp: u8 = 'd';
    pub const proxy: u8 = 'p';
    pub const user_namespace: u8 = 'U';
    pub const mount_namespace: u8 = 'M';
    pub const network_namespace: u8 = 'N';
};

pub const Broker = struct {
    loop: loops.Loop,
    policy: policies.Policy,
    flags: u32,
    decisions: decisions_.Decisions,
    names: names_.Names = .{},
    maker: sandbox_sockets.SandboxSockets = .{},
    relays: relays_.Relays = undefined,
    flows: flows_.Flows = undefined,
    named: named_.Named = undefined,
    ingress: ingress_.Ingress = undefined,
    connections: connections_.Connections = undefined,
    resolver: resolver_.Resolver = undefined,
    outside: outside_.Outside = undefined,
    proxy: proxies.Proxy = undefined,
    channel: loops.Watcher = .{ .callback = onChannel },
    init: loops.Watcher = .{ .callback = onEnd },
};

/// The network step of a plan, if it has one.
pub fn stepOf(plan: Plan) ?*align(8) const structs.Step {
    for (plan.steps) |*step| {
        if (step.kind == @backingInt(structs.StepKind.network)) return step;
    }
    return null;
}

/// `init`: the sandbox's PID 1, a child of the caller's parent. Ends the process.
pub fn run(plan: Plan, init: sys.pid_t, channel: sys.fd_t) noreturn {
    var broker: Broker = undefined;
    start(&broker, plan, init, channel) catch |err| {
        tell(err);
        sys.exit(1);
    };
    broker.loop.run();
    broker.decisions.conclude();
    sys.exit(0);
}

pub const Error = error{ OutOfMemory, NoEvents, TooOld, NoDescriptors, Syscall };

pub fn tell(err: Error) void {
    report.plain(switch (err) {
        error.OutOfMemory => "the network broker has no memory",
        error.NoEvents => "the events file cannot be opened for writing",
        error.TooOld => "brokered networks need Linux 5.14 or later",
        error.NoDescriptors => report.no_descriptors ++ ": pidfd_getfd(2) is refused\n  " ++ report.no_descriptors_remedy,
        error.Syscall => "the network broker could not start",
    });
}

fn start(broker: *Broker, plan: Plan, init: sys.pid_t, channel: sys.fd_t) Error!void {
    var failure: sys.Failure = undefined;
    const pidfd = try sys.checkFd(.pidfd_open, .{ init, @as(u32, 0) }, &failure);
    try setUp(broker, plan);
    try letGoOfStreams(broker.decisions.debug == 1, &failure);
    try jail.enter(false, &failure);
    try broker.loop.add(&broker.init, pidfd, loops.IN);
    try broker.loop.add(&broker.channel, channel, loops.IN);
}

/// In the guard of the landlock tier: without namespaces, for a workload that it has started.
pub fn startInGuard(broker: *Broker) Error!void {
    var failure: sys.Failure = undefined;
    try letGoOfStreams(broker.decisions.debug == 1, &failure);
    try jail.enter(true, &failure);
}

pub fn setUp(broker: *Broker, plan: Plan) Error!void {
    var failure: sys.Failure = undefined;
    const step = stepOf(plan).?;
    raiseDescriptorLimit();
    const hosts: connections_.HostAddresses = .init();
    const namespace = sockets.namespaceOf(hosts.v4) orelse return error.TooOld;
    if (!notify.canTakeDescriptors()) return error.NoDescriptors;
    broker.* = .{
        .loop = try .init(&failure),
        .policy = .{
            .rules = try readRules(plan),
            .default_allow = step.flags & Flag.default_allow != 0,
            .host_loopback = step.flags & Flag.host_loopback != 0,
        },
        .flags = step.flags,
        .decisions = .{
            .events = try openEvents(plan),
            .debug = if (step.flags & Flag.debug != 0) 1 else if (step.flags & Flag.trace != 0) 2 else -1,
            .summary = step.flags & Flag.summary != 0,
        },
    };
    broker.relays = try .init(&broker.loop, relays_max);
    broker.flows = .{ .relays = &broker.relays, .policy = &broker.policy, .decisions = &broker.decisions };
    broker.named = .{ .loop = &broker.loop, .sockets = &broker.maker, .flows = &broker.flows };
    broker.ingress = .{
        .loop = &broker.loop,
        .sockets = &broker.maker,
        .flows = &broker.flows,
        .decisions = &broker.decisions,
        .host = &broker.connections.host_addresses,
        .anyone = step.flags & Flag.ingress != 0,
        .host_loopback = step.flags & (Flag.host_loopback | Flag.listen) != 0,
        .rule = if (step.flags & Flag.ingress != 0)
            "network.ingress.default"
        else if (step.flags & Flag.host_loopback != 0) "network.ingress.hostLoopback" else "--allow-listen",
    };
    broker.connections = .{
        .loop = &broker.loop,
        .listener = .{ .fd = -1 },
        .policy = &broker.policy,
        .names = &broker.names,
        .named = &broker.named,
        .ingress = &broker.ingress,
        .decisions = &broker.decisions,
        .host_namespace = namespace,
        .host_addresses = hosts,
        .defaults = .init(),
        .pending = &.{},
    };
    broker.resolver = .{
        .loop = &broker.loop,
        .policy = &broker.policy,
        .names = &broker.names,
        .decisions = &broker.decisions,
        .host = &broker.connections.host_addresses,
    };
    if (step.flags & Flag.resolver != 0 or step.argument != 0) try broker.resolver.start();
}

/// The sandbox is gone.
fn onEnd(watcher: *loops.Watcher, _: u32) void {
    const broker: *Broker = @fieldParentPtr("init", watcher);
    broker.loop.stopped = true;
}

fn onChannel(watcher: *loops.Watcher, _: u32) void {
    const broker: *Broker = @fieldParentPtr("channel", watcher);
    const received = sockets.receiveDescriptor(watcher.fd) orelse {
        // PID 1 and the workload's process have let go of it: nothing more comes.
        broker.loop.remove(watcher);
        return;
    };
    const fd = received.fd orelse return;
    serve(broker, received.tag, fd) catch {
        report.plain("the network broker has no memory");
        sys.exit(1);
    };
}

fn serve(broker: *Broker, tag: u8, fd: sys.fd_t) error{ OutOfMemory, Syscall }!void {
    switch (tag) {
        Tag.listener => {
            broker.connections.listener = .init(fd);
            try broker.connections.start();
        },
        Tag.user_namespace => {
            broker.connections.namespaces.user = fd;
            broker.maker.namespaces.user = fd;
        },
        Tag.mount_namespace => broker.connections.namespaces.mount = fd,
        Tag.network_namespace => broker.maker.namespaces.network = fd,
        Tag.tun => _ = try datagrams_.Datagrams.init(&broker.loop, &broker.policy, &broker.names, fd, .{
            .hosts = &broker.connections.host_addresses,
            .decisions = &broker.decisions,
        }),
        Tag.resolver_udp => try broker.resolver.serveUdp(fd),
        Tag.resolver_tcp => try broker.resolver.serveTcp(fd),
        Tag.proxy => {
            broker.outside = .{ .loop = &broker.loop, .connections = &broker.connections, .resolver = &broker.resolver };
            try broker.proxy.start(&broker.loop, &broker.relays, try broker.outside.start(), fd);
        },
        else => sys.close(fd),
    }
}

/// The caller's input is not for us, nor its output unless something is said there. Their numbers stay
/// taken, so that no other descriptor is where a standard stream is expected.
fn letGoOfStreams(keeps_output: bool, failure: *sys.Failure) error{Syscall}!void {
    const O_RDWR_CLOEXEC: u32 = 0o2 | 0o2000000;
    const nothing = try sys.checkFd(.openat, .{ sys.AT_FDCWD, "/dev/null", O_RDWR_CLOEXEC, @as(u32, 0) }, failure);
    defer sys.close(nothing);
    _ = try sys.check(.dup3, .{ nothing, @as(sys.fd_t, 0), @as(u32, 0) }, failure);
    if (!keeps_output) _ = try sys.check(.dup3, .{ nothing, @as(sys.fd_t, 1), @as(u32, 0) }, failure);
}

/// Ten thousand connections are ordinary.
fn raiseDescriptorLimit() void {
    const RLIMIT_NOFILE: usize = 7;
    var limit: [2]u64 = .{ 0, 0 };
    if (sys.failed(sys.call(.prlimit64, .{ @as(usize, 0), RLIMIT_NOFILE, @as(usize, 0), &limit }))) return;
    limit[0] = limit[1];
    _ = sys.call(.prlimit64, .{ @as(usize, 0), RLIMIT_NOFILE, &limit, @as(usize, 0) });
}

fn openEvents(plan: Plan) error{NoEvents}!sys.fd_t {
    for (plan.steps) |*step| {
        if (step.kind != @backingInt(structs.StepKind.events)) continue;
        const O_WRONLY_APPEND_CREAT_CLOEXEC: u32 = 0o1 | 0o2000 | 0o100 | 0o2000000;
        const fd = sys.call(.openat, .{ sys.AT_FDCWD, plan.text(step.source).ptr, O_WRONLY_APPEND_CREAT_CLOEXEC, @as(u32, 0o600) });
        if (!sys.failed(fd)) return @intCast(fd);
        return if (step.flags & structs.BindFlag.optional != 0) -1 else error.NoEvents;
    }
    return -1;
}

/// The plan's rules, each exception behind the rule it belongs to. Texts stay where the plan is.
fn readRules(plan: Plan) error{OutOfMemory}![]const policies.Rule {
    var rules_count: usize = 0;
    var exceptions_count: usize = 0;
    for (plan.steps) |*step| {
        if (step.kind != @backingInt(structs.StepKind.network_rule)) continue;
        if (step.flags & RuleFlag.except != 0) exceptions_count += 1 else rules_count += 1;
    }
    const rules = try std.heap.page_allocator.alloc(policies.Rule, rules_count);
    const exceptions = try std.heap.page_allocator.alloc(addresses.Block, exceptions_count);
    var next_rule: usize = 0;
    var next_exception: usize = 0;
    for (plan.steps) |*step| {
        if (step.kind != @backingInt(structs.StepKind.network_rule)) continue;
        const block = blockOf(step);
        if (step.flags & RuleFlag.except != 0) {
            if (next_rule == 0) continue;
            const rule = &rules[next_rule - 1];
            exceptions[next_exception] = block;
            next_exception += 1;
            const first = next_exception - rule.except.len - 1;
            rule.except = exceptions[first..next_exception];
            continue;
        }
        const name = plan.text(step.target);
        rules[next_rule] = .{
            .peer = if (name.len == 0)
                .{ .block = block }
            else
                .{ .name = .{ .text = name, .subdomains = step.flags & RuleFlag.subdomains != 0 } },
            .deny = step.flags & RuleFlag.deny != 0,
            .protocols = @truncate(step.flags / RuleFlag.tcp & policies.protocols_all),
            .first_port = @truncate(step.argument >> 16),
            .last_port = @truncate(step.argument >> 32),
            .host_loopback = step.flags & RuleFlag.host_loopback != 0,
            .any_head = step.flags & RuleFlag.any_head != 0,
            .label = plan.text(step.source),
        };
        next_rule += 1;
    }
    return rules[0..next_rule];
}

fn blockOf(step: *align(8) const structs.Step) addresses.Block {
    var bytes: [16]u8 = undefined;
    std.mem.writeInt(u64, bytes[0..8], step.device, .big);
    std.mem.writeInt(u64, bytes[8..16], step.inode, .big);
    return .{ .address = .v6(bytes), .bits = @truncate(step.argument) };
}

comptime {
    // The protocols' bits in a step, shifted down, are those of a rule.
    std.debug.assert(RuleFlag.udp / RuleFlag.tcp == 2 and RuleFlag.icmp / RuleFlag.tcp == 4);
}
