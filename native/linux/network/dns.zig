//! Messages of the domain name system (RFC 1035), as far as a stub reads and writes them. Pure; every
//! byte is hostile: the workload asks, and whoever it has asked for answers.

const std = @import("std");
const addresses = @import("address.zig");
const Address = addresses.Address;

pub const header_size = 12;
/// Longest name in text, without the final dot, and in the form of messages.
pub const name_max = 253;
const wire_name_max = 255;
/// Header and question of a query.
pub const question_max = header_size + wire_name_max + 4;
/// A query of our own: with the record that says what we take.
pub const query_max = question_max + options_size;
/// Over UDP: what a client takes that does not say (RFC 1035), and the most that is said and sent
/// where both sides do (RFC 6891), so that no datagram is cut into fragments.
pub const udp_plain = 512;
pub const udp_max = 1232;
/// Over TCP, in both directions; what a stub asks for is never near it.
pub const tcp_max = 16 * 1024;
/// Addresses of an answer; more are not looked at.
pub const addresses_max = 32;
/// CNAMEs from the name that was asked for to the one that has the records.
pub const chain_max = 12;

pub const Type = struct {
    pub const a: u16 = 1;
    pub const ns: u16 = 2;
    pub const cname: u16 = 5;
    pub const soa: u16 = 6;
    pub const ptr: u16 = 12;
    pub const mx: u16 = 15;
    pub const txt: u16 = 16;
    pub const aaaa: u16 = 28;
    pub const srv: u16 = 33;
    pub const opt: u16 = 41;
    /// SVCB and HTTPS (RFC 9460): they carry keys that hide the server's name.
    pub const svcb: u16 = 64;
    pub const https: u16 = 65;
    pub const caa: u16 = 257;
};

pub const Code = struct {
    pub const none: u8 = 0;
    pub const format: u8 = 1;
    pub const server: u8 = 2;
    pub const no_name: u8 = 3;
    pub const not_implemented: u8 = 4;
};

const class_internet: u16 = 1;
const flag_response: u16 = 0x8000;
pub const flag_truncated: u16 = 0x0200;
const opcode_mask: u16 = 0x7800;

/// Lower case, labels with dots between, no dot at the end.
pub const Name = struct {
    buffer: [name_max]u8 = undefined,
    length: u8 = 0,
    /// Letters, digits, hyphens and underscores alone, which is all that a host's name has: a dot or
    /// a zero inside a label would make another name of it. Without text otherwise.
    is_host: bool = true,

    pub fn text(name: *const Name) []const u8 {
        return name.buffer[0..name.length];
    }

    fn append(name: *Name, label: []const u8) void {
        if (!name.is_host) return;
        const dot: usize = @intFromBool(name.length > 0);
        const place = name.buffer[name.length..][0 .. dot + label.len];
        if (dot == 1) place[0] = '.';
        for (label, place[dot..]) |byte, *out| {
            out.* = switch (byte) {
                'A'...'Z' => byte + 32,
                'a'...'z', '0'...'9', '-', '_' => byte,
                else => {
                    name.is_host = false;
                    name.length = 0;
                    return;
                },
            };
        }
        name.length += @intCast(place.len);
    }
};

/// The labels of a name, wherever compression (RFC 1035, 4.1.4) has put them. It ends: each jump
/// leads to before the last one's target, and all labels fit into one name.
const Labels = struct {
    message: []const u8,
    at: usize,
    /// Where jumps may lead: before it.
    limit: usize,
    /// What follows the name, once the labels are through or have jumped.
    after: ?usize = null,
    size: usize = 1,

    fn init(message: []const u8, start: usize) Labels {
        return .{ .message = message, .at = start, .limit = start };
    }

    /// Null at the end.
    fn next(labels: *Labels) error{Malformed}!?[]const u8 {
        while (true) {
            if (labels.at >= labels.message.len) return error.Malformed;
            const length = labels.message[labels.at];
            if (length & 0xc0 == 0xc0) {
                if (labels.at + 2 > labels.message.len) return error.Malformed;
                const target = read16(labels.message, labels.at) & 0x3fff;
                if (labels.after == null) labels.after = labels.at + 2;
                if (target >= labels.limit or target < header_size) return error.Malformed;
                labels.limit = target;
                labels.at = target;
                continue;
            }
            if (length & 0xc0 != 0) return error.Malformed;
            if (length == 0) {
                if (labels.after == null) labels.after = labels.at + 1;
                return null;
            }
            const label_end = labels.at + 1 + length;
            labels.size += 1 + @as(usize, length);
            if (label_end > labels.message.len or labels.size > wire_name_max) return error.Malformed;
            defer labels.at = label_end;
            return labels.message[labels.at + 1 .. label_end];
        }
    }
};

/// The name at `start`, and where what follows it begins.
fn readName(message: []const u8, start: usize, name: *Name) error{Malformed}!usize {
    name.* = .{};
    var labels: Labels = .init(message, start);
    while (try labels.next()) |label| name.append(label);
    return labels.after.?;
}

pub const Query = struct {
    id: u16,
    name: Name,
    type: u16,
    /// Of the header and the question.
    length: usize,
    /// It says what size of an answer it takes (EDNS); an answer does then, too.
    has_options: bool = false,
    /// Over UDP.
    answer_max: u16 = udp_plain,
};

/// Response: never to be answered, or two servers would talk forever.
pub const QueryError = error{ Malformed, Response, Unsupported };

/// A query with one question of the Internet class.
pub fn parseQuery(message: []const u8) QueryError!Query {
    if (message.len < header_size) return error.Response;
    const flags = read16(message, 2);
    if (flags & flag_response != 0) return error.Response;
    if (flags & opcode_mask != 0) return error.Unsupported;
    const additional = read16(message, 10);
    if (read16(message, 4) != 1 or read16(message, 6) != 0 or read16(message, 8) != 0) return error.Malformed;
    var query: Query = .{ .id = read16(message, 0), .name = .{}, .type = 0, .length = 0 };
    var at = try readName(message, header_size, &query.name);
    if (at + 4 > message.len) return error.Malformed;
    // The root is no host either.
    if (query.name.length == 0) query.name.is_host = false;
    query.type = read16(message, at);
    if (read16(message, at + 2) != class_internet) return error.Unsupported;
    at += 4;
    query.length = at;
    for (0..additional) |_| {
        const record = try Record.read(message, at);
        at = record.end;
        if (record.type != Type.opt) continue;
        if (query.has_options) return error.Malformed;
        query.has_options = true;
        query.answer_max = std.math.clamp(record.class, udp_plain, udp_max);
    }
    return query;
}

const Record = struct {
    owner: Name,
    /// Where its owner's name begins.
    start: usize,
    type: u16,
    class: u16,
    ttl: u32,
    /// Its data: from `data` to `end`.
    data: usize,
    end: usize,

    fn read(message: []const u8, start: usize) error{Malformed}!Record {
        var record: Record = undefined;
        record.start = start;
        const at = try readName(message, start, &record.owner);
        if (at + 10 > message.len) return error.Malformed;
        record.type = read16(message, at);
        record.class = read16(message, at + 2);
        record.ttl = std.mem.readInt(u32, message[at + 4 ..][0..4], .big);
        // RFC 2181, 8: the highest bit set means zero.
        if (record.ttl >> 31 != 0) record.ttl = 0;
        record.data = at + 10;
        record.end = record.data + read16(message, at + 8);
        if (record.end > message.len) return error.Malformed;
        return record;
    }

    fn isOf(record: *const Record, owner: *const Name) bool {
        return record.class == class_internet and record.owner.is_host and std.mem.eql(u8, record.owner.text(), owner.text());
    }
};

const options_size = 11;

/// The record that says how much we take over UDP (RFC 6891): nothing else of it is used.
pub const options = [options_size]u8{ 0, 0, Type.opt, udp_max >> 8, udp_max & 0xff, 0, 0, 0, 0, 0, 0 };

pub const Form = enum { with_options, plain };

/// A query of our own. `name`: labels of 1 to 63 bytes with dots between, at most `name_max`.
pub fn buildQuery(out: *[query_max]u8, id: u16, name: []const u8, kind: u16, form: Form) error{Malformed}![]const u8 {
    std.mem.writeInt(u16, out[0..2], id, .big);
    // Recursion desired; one question.
    @memcpy(out[2..header_size], &[_]u8{ 1, 0, 0, 1, 0, 0, 0, 0, 0, @intFromBool(form == .with_options) });
    var at = try writeName(out, header_size, name);
    write16(out, at, kind);
    write16(out, at + 2, class_internet);
    at += 4;
    if (form == .plain) return out[0..at];
    @memcpy(out[at..][0..options.len], &options);
    return out[0 .. at + options.len];
}

fn writeName(out: []u8, start: usize, name: []const u8) error{Malformed}!usize {
    if (name.len > name_max) return error.Malformed;
    var at = start;
    var labels = std.mem.splitScalar(u8, name, '.');
    while (labels.next()) |label| {
        if (label.len == 0 or label.len > 63) return error.Malformed;
        out[at] = @intCast(label.len);
        @memcpy(out[at + 1 ..][0..label.len], label);
        at += 1 + label.len;
    }
    out[at] = 0;
    return at + 1;
}

pub const Response = struct {
    code: u8,
    truncated: bool,
    addresses: [addresses_max]Address = undefined,
    count: usize = 0,
    /// Seconds; the shortest of the chain.
    ttl: u32 = std.math.maxInt(u32),
    /// Where the answer's records begin, how many there are, and whose end of the chain has them.
    records: usize,
    records_count: u16,
    last: Name,
};

/// The answer to the query of this id, name and type: the addresses at the end of its CNAME chain.
/// Null: it is no answer to that query, so perhaps not from the server. Malformed: it is, and cannot
/// be read.
pub fn parseResponse(message: []const u8, id: u16, name: []const u8, kind: u16) error{Malformed}!?Response {
    if (message.len < header_size) return null;
    const flags = read16(message, 2);
    if (read16(message, 0) != id or flags & flag_response == 0 or flags & opcode_mask != 0) return null;
    if (read16(message, 4) != 1) return null;
    var owner: Name = undefined;
    const after = readName(message, header_size, &owner) catch return null;
    if (after + 4 > message.len or !owner.is_host or !std.mem.eql(u8, owner.text(), name)) return null;
    if (read16(message, after) != kind or read16(message, after + 2) != class_internet) return null;
    var response: Response = .{
        .code = @truncate(flags & 0xf),
        .truncated = flags & flag_truncated != 0,
        .records = after + 4,
        .records_count = read16(message, 6),
        .last = owner,
    };
    // What is cut off is asked for again over TCP; nothing of it is used.
    if (response.truncated) return response;
    // Records may stand in any order, so each link of the chain is a pass over them.
    for (0..chain_max) |_| {
        response.last = try pass(message, kind, &response) orelse break;
    } else return error.Malformed;
    return response;
}

/// Takes the addresses of the chain's last name, or returns what that is another name of.
fn pass(message: []const u8, kind: u16, response: *Response) error{Malformed}!?Name {
    var at = response.records;
    var target: ?Name = null;
    for (0..response.records_count) |_| {
        const record = try Record.read(message, at);
        at = record.end;
        if (!record.isOf(&response.last)) continue;
        if (record.type == Type.cname and kind != Type.cname) {
            var name: Name = undefined;
            if (try readName(message, record.data, &name) != record.end) return error.Malformed;
            // A name that no host has ends the chain.
            if (!name.is_host) return null;
            target = name;
            response.ttl = @min(response.ttl, record.ttl);
        } else if (record.type == kind) {
            response.ttl = @min(response.ttl, record.ttl);
            if (response.count == addresses_max) continue;
            const data = message[record.data..record.end];
            response.addresses[response.count] = switch (kind) {
                Type.a => if (data.len == 4) .v4(data[0..4].*) else return error.Malformed,
                Type.aaaa => if (data.len == 16) .v6(data[0..16].*) else return error.Malformed,
                else => continue,
            };
            response.count += 1;
        }
    }
    return target;
}

/// A message that is written to its end, or to what its reader takes.
const Answer = struct {
    out: []u8,
    at: usize,
    /// Of bytes, with the options that come last.
    limit: usize,
    count: u16 = 0,
    full: bool = false,

    /// `asked` begins with the query's header and question. `limit`: at most `out.len`, at least
    /// `udp_plain`.
    fn begin(out: []u8, asked: []const u8, query: *const Query, limit: usize) Answer {
        @memcpy(out[0..query.length], asked[0..query.length]);
        const reserved: usize = if (query.has_options) options_size else 0;
        return .{ .out = out, .at = query.length, .limit = @min(limit, out.len) - reserved };
    }

    fn room(answer: *Answer, size: usize) ?[]u8 {
        if (answer.at + size > answer.limit) {
            answer.full = true;
            return null;
        }
        defer answer.at += size;
        return answer.out[answer.at..][0..size];
    }

    fn end(answer: *Answer, query: *const Query, code: u8) []const u8 {
        const out = answer.out;
        // A response, recursion desired as asked, available.
        out[2] = 0x80 | (out[2] & 1) | @as(u8, if (answer.full) flag_truncated >> 8 else 0);
        out[3] = 0x80 | code;
        @memset(out[6..header_size], 0);
        write16(out, 6, answer.count);
        if (query.has_options) {
            out[11] = 1;
            @memcpy(out[answer.at..][0..options.len], &options);
            answer.at += options.len;
        }
        return out[0..answer.at];
    }
};

/// An answer to `query`, whose header and question are the first bytes of `asked`. Each address gets
/// a record of the query's name: what lies between is nobody's business. Those of the other family
/// are left out. What is over `limit` bytes (at least `udp_plain`, at most `out`) is left out, and
/// that said.
pub fn buildAnswer(out: []u8, asked: []const u8, query: *const Query, code: u8, found: []const Address, ttl: u32, limit: usize) []const u8 {
    var answer: Answer = .begin(out, asked, query, limit);
    for (found) |address| {
        const v4 = address.asV4();
        const fits = switch (query.type) {
            Type.a => v4 != null,
            Type.aaaa => v4 == null,
            else => false,
        };
        if (!fits) continue;
        const data: []const u8 = if (v4) |*bytes| bytes else &address.bytes;
        const record = answer.room(12 + data.len) orelse break;
        writeRecordHead(record, query.type, ttl, data.len);
        @memcpy(record[12..], data);
        answer.count += 1;
    }
    return answer.end(query, code);
}

/// As `buildAnswer`, with one record that says whose address it is.
pub fn buildPointer(out: []u8, asked: []const u8, query: *const Query, name: []const u8, ttl: u32, limit: usize) []const u8 {
    var answer: Answer = .begin(out, asked, query, limit);
    var target: [wire_name_max]u8 = undefined;
    const length = writeName(&target, 0, name) catch return answer.end(query, Code.none);
    if (answer.room(12 + length)) |record| {
        writeRecordHead(record, Type.ptr, ttl, length);
        @memcpy(record[12..], target[0..length]);
        answer.count = 1;
    }
    return answer.end(query, Code.none);
}

/// An error about a query that cannot be read; of it, only the header's id and kind are repeated.
/// `message`: at least a header.
pub fn buildError(out: *[header_size]u8, message: []const u8, code: u8) []const u8 {
    @memset(out, 0);
    @memcpy(out[0..2], message[0..2]);
    out[2] = 0x80 | (message[2] & 0x79);
    out[3] = 0x80 | code;
    return out;
}

fn writeRecordHead(record: []u8, kind: u16, ttl: u32, length: usize) void {
    // The question's name.
    write16(record, 0, 0xc000 | header_size);
    write16(record, 2, kind);
    write16(record, 4, class_internet);
    std.mem.writeInt(u32, record[6..10], ttl, .big);
    write16(record, 10, @intCast(length));
}

/// Records of these types are written anew by `buildCopy`; no others are.
pub fn canCopy(kind: u16) bool {
    return switch (kind) {
        Type.ns, Type.cname, Type.soa, Type.ptr, Type.mx, Type.txt, Type.srv, Type.svcb, Type.https, Type.caa => true,
        else => false,
    };
}

/// An answer to `query` with those records of a server's message that it is about, each read as its
/// type has it and written anew: names in full, bytes of no known meaning nowhere. `response` is what
/// `parseResponse` made of the message.
pub fn buildCopy(out: []u8, asked: []const u8, query: *const Query, message: []const u8, response: *const Response, ttl_max: u32, limit: usize) error{Malformed}![]const u8 {
    var answer: Answer = .begin(out, asked, query, limit);
    var current = query.name;
    for (0..chain_max) |_| {
        var target: ?Name = null;
        var at = response.records;
        for (0..response.records_count) |_| {
            const record = try Record.read(message, at);
            at = record.end;
            if (!record.isOf(&current)) continue;
            const is_link = record.type == Type.cname and query.type != Type.cname;
            if (!is_link and record.type != query.type) continue;
            if (is_link) {
                var name: Name = undefined;
                _ = try readName(message, record.data, &name);
                if (name.is_host) target = name;
            }
            try copyRecord(&answer, message, &record, ttl_max);
        }
        current = target orelse break;
    }
    return answer.end(query, response.code);
}

/// All of it, or nothing where there is no room.
fn copyRecord(answer: *Answer, message: []const u8, record: *const Record, ttl_max: u32) error{Malformed}!void {
    const start = answer.at;
    errdefer answer.at = start;
    if (!try copyName(answer, message, record.start, null, .anywhere)) return cut(answer, start);
    const head = answer.room(10) orelse return cut(answer, start);
    write16(head, 0, record.type);
    write16(head, 2, class_internet);
    std.mem.writeInt(u32, head[4..8], @min(record.ttl, ttl_max), .big);
    const data = answer.at;
    if (!try copyData(answer, message, record)) return cut(answer, start);
    write16(head, 8, @intCast(answer.at - data));
    answer.count += 1;
}

fn cut(answer: *Answer, start: usize) void {
    answer.at = start;
}

/// False: no room.
fn copyData(answer: *Answer, message: []const u8, record: *const Record) error{Malformed}!bool {
    const data = message[record.data..record.end];
    switch (record.type) {
        Type.ns, Type.cname, Type.ptr => return copyName(answer, message, record.data, record.end, .anywhere),
        Type.mx => return try copyBytes(answer, data, 2) and try copyName(answer, message, record.data + 2, record.end, .anywhere),
        Type.srv => return try copyBytes(answer, data, 6) and try copyName(answer, message, record.data + 6, record.end, .anywhere),
        Type.soa => {
            var skipped: Name = undefined;
            const second = try readName(message, record.data, &skipped);
            const numbers = try readName(message, second, &skipped);
            if (record.end != numbers + 20) return error.Malformed;
            return try copyName(answer, message, record.data, null, .anywhere) and
                try copyName(answer, message, second, null, .anywhere) and
                try copyBytes(answer, message[numbers..record.end], 20);
        },
        Type.txt => {
            var at: usize = 0;
            while (at < data.len) at += 1 + @as(usize, data[at]);
            if (at != data.len or data.len == 0) return error.Malformed;
            return copyBytes(answer, data, data.len);
        },
        Type.caa => {
            // Flags, then a tag of letters and digits (RFC 8659, 4.1).
            if (data.len < 2 or data[1] == 0 or 2 + @as(usize, data[1]) > data.len) return error.Malformed;
            for (data[2..][0..data[1]]) |byte| if (!std.ascii.isAlphanumeric(byte)) return error.Malformed;
            return copyBytes(answer, data, data.len);
        },
        Type.svcb, Type.https => {
            if (!try copyBytes(answer, data, 2)) return false;
            var skipped: Name = undefined;
            var at = try readName(message, record.data + 2, &skipped);
            if (!try copyName(answer, message, record.data + 2, null, .here)) return false;
            const parameters = at;
            var last: ?u16 = null;
            while (at < record.end) {
                if (at + 4 > record.end) return error.Malformed;
                const key = read16(message, at);
                if (last) |before| if (key <= before) return error.Malformed;
                last = key;
                at += 4 + @as(usize, read16(message, at + 2));
            }
            if (at != record.end) return error.Malformed;
            return copyBytes(answer, message[parameters..record.end], record.end - parameters);
        },
        else => return error.Malformed,
    }
}

fn copyBytes(answer: *Answer, data: []const u8, length: usize) error{Malformed}!bool {
    if (data.len < length) return error.Malformed;
    const place = answer.room(length) orelse return false;
    @memcpy(place, data[0..length]);
    return true;
}

/// `end`: where the name must end. Where compression is not allowed (RFC 9460, 2.2) the labels are
/// `here`.
fn copyName(answer: *Answer, message: []const u8, start: usize, end: ?usize, place: enum { anywhere, here }) error{Malformed}!bool {
    var labels: Labels = .init(message, start);
    while (try labels.next()) |label| {
        if (place == .here and labels.after != null) return error.Malformed;
        const out = answer.room(1 + label.len) orelse return false;
        out[0] = @intCast(label.len);
        @memcpy(out[1..], label);
    }
    if (end) |expected| if (labels.after.? != expected) return error.Malformed;
    const last = answer.room(1) orelse return false;
    last[0] = 0;
    return true;
}

pub fn read16(bytes: []const u8, at: usize) u16 {
    return std.mem.readInt(u16, bytes[at..][0..2], .big);
}

pub fn write16(out: []u8, at: usize, value: u16) void {
    std.mem.writeInt(u16, out[at..][0..2], value, .big);
}
