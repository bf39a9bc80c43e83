//! The broker's one thread: readiness of descriptors (epoll(7)) and a tick every second. Knows
//! nothing of what is behind a descriptor.

const std = @import("std");
const sys = @import("sys");

pub const IN: u32 = 0x1;
pub const OUT: u32 = 0x4;
pub const ERR: u32 = 0x8;
pub const HUP: u32 = 0x10;
pub const RDHUP: u32 = 0x2000;

/// Embedded in whatever waits for a descriptor; `@fieldParentPtr` leads back to it. It must stay
/// where it is while it is watched.
pub const Watcher = struct {
    fd: sys.fd_t = -1,
    callback: *const fn (*Watcher, events: u32) void,
};

/// Called about once a second with the monotonic clock's seconds, or as an alarm when a deadline
/// has come.
pub const Ticker = struct {
    callback: *const fn (*Ticker, now: u64) void,
    next: ?*Ticker = null,
};

/// struct epoll_event; packed on x86_64 only (linux/eventpoll.h).
const Event = if (@import("builtin").cpu.arch == .x86_64)
    extern struct { events: u32, watcher: ?*Watcher align(4) }
else
    extern struct { events: u32, padding: u32 = 0, watcher: ?*Watcher };

comptime {
    if (@import("builtin").cpu.arch == .x86_64) std.debug.assert(@sizeOf(Event) == 12);
}

const batch_size = 64;
/// However many deadlines a workload sets, alarms are called no more often.
const alarm_min_ns = 10 * std.time.ns_per_ms;

pub const Loop = struct {
    epoll: sys.fd_t,
    batch: [batch_size]Event = undefined,
    batch_length: usize = 0,
    tickers: ?*Ticker = null,
    next_tick: u64 = 0,
    alarms: ?*Ticker = null,
    /// In nanoseconds.
    last_alarm: u64 = 0,
    next_alarm: u64 = std.math.maxInt(u64),
    stopped: bool = false,

    pub fn init(failure: *sys.Failure) error{Syscall}!Loop {
        const EPOLL_CLOEXEC: u32 = 0o2000000;
        return .{ .epoll = try sys.checkFd(.epoll_create1, .{EPOLL_CLOEXEC}, failure) };
    }

    pub fn add(loop: *Loop, watcher: *Watcher, fd: sys.fd_t, events: u32) error{Syscall}!void {
        watcher.fd = fd;
        try loop.control(1, watcher, events);
    }

    pub fn modify(loop: *Loop, watcher: *Watcher, events: u32) void {
        loop.control(3, watcher, events) catch {};
    }

    /// Before its descriptor is closed. Events that were already fetched for it are dropped.
    pub fn remove(loop: *Loop, watcher: *Watcher) void {
        if (watcher.fd < 0) return;
        loop.control(2, watcher, 0) catch {};
        watcher.fd = -1;
        for (loop.batch[0..loop.batch_length]) |*event| {
            if (event.watcher == watcher) event.watcher = null;
        }
    }

    pub fn tick(loop: *Loop, ticker: *Ticker) void {
        ticker.next = loop.tickers;
        loop.tickers = ticker;
    }

    /// `alarm` is called for deadlines; it asks again for those that are left.
    pub fn onDeadline(loop: *Loop, alarm: *Ticker) void {
        alarm.next = loop.alarms;
        loop.alarms = alarm;
    }

    /// The alarms are called at this time of the monotonic clock in nanoseconds, or a little after.
    pub fn wakeBy(loop: *Loop, deadline: u64) void {
        loop.next_alarm = @min(loop.next_alarm, @max(deadline, loop.last_alarm + alarm_min_ns));
    }

    fn control(loop: *Loop, operation: u32, watcher: *Watcher, events: u32) error{Syscall}!void {
        const event: Event = .{ .events = events, .watcher = watcher };
        var failure: sys.Failure = undefined;
        _ = try sys.check(.epoll_ctl, .{ loop.epoll, operation, watcher.fd, &event }, &failure);
    }

    /// Until `stopped`.
    pub fn run(loop: *Loop) void {
        while (!loop.stopped) {
            const now = nanoseconds();
            if (now / std.time.ns_per_s >= loop.next_tick) {
                loop.next_tick = now / std.time.ns_per_s + 1;
                callAll(loop.tickers, now);
            }
            if (now >= loop.next_alarm) {
                loop.last_alarm = now;
                loop.next_alarm = std.math.maxInt(u64);
                callAll(loop.alarms, now);
            }
            const left = (loop.next_alarm -| now) / std.time.ns_per_ms +| 1;
            const timeout: i32 = if (loop.tickers == null) -1 else @intCast(@min(left, 1000));
            const count = sys.call(.epoll_pwait, .{ loop.epoll, &loop.batch, @as(u32, batch_size), timeout, @as(usize, 0), @as(usize, 8) });
            if (sys.failed(count)) continue;
            loop.batch_length = count;
            for (loop.batch[0..count]) |*event| {
                const watcher = event.watcher orelse continue;
                watcher.callback(watcher, event.events);
                if (loop.stopped) break;
            }
            loop.batch_length = 0;
        }
    }
};

fn callAll(first: ?*Ticker, now: u64) void {
    var ticker = first;
    while (ticker) |current| : (ticker = current.next) current.callback(current, now / std.time.ns_per_s);
}

/// CLOCK_MONOTONIC, whole seconds.
pub fn seconds() u64 {
    return nanoseconds() / std.time.ns_per_s;
}

pub fn nanoseconds() u64 {
    var time: [2]u64 = .{ 0, 0 };
    const CLOCK_MONOTONIC: usize = 1;
    _ = sys.call(.clock_gettime, .{ CLOCK_MONOTONIC, &time });
    return time[0] * std.time.ns_per_s + time[1];
}
