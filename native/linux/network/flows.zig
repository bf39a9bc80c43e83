//! Relayed connections: two sockets, what is looked at on the way, and the record of a refusal.

const std = @import("std");
const sys = @import("sys");
const addresses = @import("address.zig");
const decisions_ = @import("decisions.zig");
const guards = @import("guard.zig");
const policies = @import("policy.zig");
const relays_ = @import("relay.zig");
const sockets = @import("sockets.zig");

/// What a connection was granted by name for.
pub const Subject = struct { endpoint: addresses.Endpoint };

/// The Web's ports: what is neither TLS nor HTTP has no business there, and a server may still read a
/// name out of it. On others, protocols that name no host (SSH, a database's) pass.
fn isWebPort(port: u16) bool {
    return switch (port) {
        80, 443, 8080, 8443 => true,
        else => false,
    };
}

const Flow = struct {
    owner: *Flows,
    subject: Subject,
    guard: guards.Guard,
    next: ?*Flow = null,

    fn permits(context: *const anyopaque, name: []const u8) bool {
        const flow: *const Flow = @ptrCast(@alignCast(context));
        return flow.owner.policy.permitsName(.tcp, flow.subject.endpoint.port, name);
    }

    fn look(context: *anyopaque, bytes: []const u8) relays_.Verdict {
        const flow: *Flow = @ptrCast(@alignCast(context));
        const inspector = flow.guard.inspector();
        const verdict = inspector.look(inspector.context, bytes);
        if (verdict != .refuse) return verdict;
        const reason = flow.guard.reason orelse return verdict;
        if (reason == .unknown_protocol and !isWebPort(flow.subject.endpoint.port)) {
            return .{ .pass = .{ .length = bytes.len, .then = .all } };
        }
        flow.owner.decisions.tell(.{
            .what = "head",
            .subject = .{ .endpoint = flow.subject.endpoint },
            .allowed = false,
            .reason = .rule,
            .rule = "the name that granted the address",
            .detail = reason.text(),
        });
        return verdict;
    }

    fn onClosed(context: *anyopaque, _: relays_.End) void {
        const flow: *Flow = @ptrCast(@alignCast(context));
        flow.next = flow.owner.free;
        flow.owner.free = flow;
    }
};

pub const Flows = struct {
    relays: *relays_.Relays,
    policy: *const policies.Policy,
    decisions: *decisions_.Decisions,
    free: ?*Flow = null,

    /// Takes both sockets. `subject`: the connection was granted by name; without one all passes.
    pub fn join(flows: *Flows, near: sys.fd_t, far: sys.fd_t, subject: ?Subject) void {
        const granted = subject orelse {
            if (flows.relays.start(.{ .near = near, .far = far, .context = flows, .closed = ignore }) == null) {
                sockets.reset(near);
                sockets.reset(far);
            }
            return;
        };
        const flow = flows.allocate() catch {
            sockets.reset(near);
            return sockets.reset(far);
        };
        flow.* = .{ .owner = flows, .subject = granted, .guard = .{ .permitted = .{ .context = flow, .permits = Flow.permits } } };
        const started = flows.relays.start(.{
            .near = near,
            .far = far,
            .outgoing = .{ .context = flow, .look = Flow.look },
            .context = flow,
            .closed = Flow.onClosed,
        });
        if (started == null) {
            sockets.reset(near);
            sockets.reset(far);
            Flow.onClosed(flow, undefined);
        }
    }

    fn allocate(flows: *Flows) error{OutOfMemory}!*Flow {
        if (flows.free) |flow| {
            flows.free = flow.next;
            return flow;
        }
        // A page's worth at a time; the broker ends with the run, and they with it.
        const more = try std.heap.page_allocator.alloc(Flow, 16);
        for (more) |*flow| {
            flow.owner = flows;
            flow.next = flows.free;
            flows.free = flow;
        }
        const flow = flows.free.?;
        flows.free = flow.next;
        return flow;
    }
};

fn ignore(_: *anyopaque, _: relays_.End) void {}
