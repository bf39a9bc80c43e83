//! Messages of the name service, read, written and copied; and any bytes at all.

const std = @import("std");
const addresses = @import("address.zig");
const corpus = @import("corpus.zig");
const dns = @import("dns.zig");
const testing = std.testing;

/// A server's message: the question of `name`, then `records`.
fn messageOf(comptime name: []const u8, kind: u16, count: u16, comptime records: []const u8) [dns.header_size + name.len + 2 + 4 + records.len]u8 {
    var built: [dns.query_max]u8 = undefined;
    const question = dns.buildQuery(&built, 9, name, kind, .plain) catch unreachable;
    var message: [dns.header_size + name.len + 2 + 4 + records.len]u8 = undefined;
    @memcpy(message[0..question.len], question);
    message[2] = 0x81;
    message[3] = 0x80;
    dns.write16(&message, 6, count);
    @memcpy(message[question.len..], records);
    return message;
}

const chain = messageOf("a.test", dns.Type.a, 3,
    // b.test A 192.0.2.1, before its CNAME; then a stranger's.
    "\x01b\x04test\x00" ++ "\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01" ++
        "\xc0\x0c" ++ "\x00\x05\x00\x01\x00\x00\x00\x1e\x00\x08\x01B\x04test\x00" ++
        "\x01c\x04test\x00" ++ "\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x02");
/// Its records' owners and data are compressed.
const mail = messageOf("a.test", dns.Type.mx, 2, "\xc0\x0c" ++ "\x00\x05\x00\x01\x00\x00\x00\x1e\x00\x04\x01b\xc0\x0e" ++
    "\xc0\x24" ++ "\x00\x0f\x00\x01\x00\x00\x00\x3c\x00\x07\x00\x0a\x02mx\xc0\x0e");
const text_record = messageOf("a.test", dns.Type.txt, 1, "\xc0\x0c" ++ "\x00\x10\x00\x01\x00\x00\x00\x1e\x00\x06\x05hello");
const authority = messageOf("a.test", dns.Type.soa, 1, "\xc0\x0c" ++ "\x00\x06\x00\x01\x00\x00\x00\x1e\x00\x18\xc0\x0c\xc0\x0c" ++ @as([20]u8, @splat(1)));
const service = messageOf("a.test", dns.Type.https, 1, "\xc0\x0c" ++ "\x00\x41\x00\x01\x00\x00\x00\x1e\x00\x0a\x00\x01\x00\x00\x01\x00\x03\x02h2");
const certificates = messageOf("a.test", dns.Type.caa, 1, "\xc0\x0c" ++ "\x01\x01\x00\x01\x00\x00\x00\x1e\x00\x0d\x00\x05issueca.tst");

const long_label: [63]u8 = @splat('x');
const three_labels = long_label ++ "." ++ long_label ++ "." ++ long_label ++ ".";

test "a query comes back as it was built, in lower case" {
    var buffer: [dns.query_max]u8 = undefined;
    const message = try dns.buildQuery(&buffer, 7, "api.test", dns.Type.a, .with_options);
    const query = try dns.parseQuery(message);
    try testing.expectEqualStrings("api.test", query.name.text());
    try testing.expectEqual(dns.Type.a, query.type);
    try testing.expect(query.has_options);
    try testing.expectEqual(dns.udp_max, query.answer_max);
    try testing.expectEqual(message.len - dns.options.len, query.length);
    buffer[dns.header_size + 1] = 'A';
    try testing.expectEqualStrings("api.test", (try dns.parseQuery(message)).name.text());
    // A dot inside a label is no dot between labels.
    buffer[dns.header_size + 2] = '.';
    const dotted = try dns.parseQuery(message);
    try testing.expect(!dotted.name.is_host and dotted.name.length == 0);
    for ([_][]const u8{ "", ".", "a..b", "a.", ".a", long_label ++ "x", three_labels ++ long_label[0..62] }) |name| {
        try testing.expectError(error.Malformed, dns.buildQuery(&buffer, 7, name, dns.Type.a, .plain));
    }
    const longest = three_labels ++ long_label[0..61];
    try testing.expectEqualStrings(longest, (try dns.parseQuery(try dns.buildQuery(&buffer, 7, longest, dns.Type.a, .with_options))).name.text());
}

test "what is no plain query is told apart" {
    var buffer: [dns.query_max]u8 = undefined;
    const message = try dns.buildQuery(&buffer, 7, "api.test", dns.Type.a, .plain);
    const Change = struct { usize, u8, dns.QueryError };
    for ([_]Change{
        .{ 2, 0x80, error.Response },
        .{ 2, 0x28, error.Unsupported },
        .{ 5, 2, error.Malformed },
        .{ 7, 1, error.Malformed },
        .{ 9, 1, error.Malformed },
        .{ 11, 1, error.Malformed },
        .{ dns.header_size, 0xc0, error.Malformed },
        .{ dns.header_size, 0x40, error.Malformed },
        .{ message.len - 1, 3, error.Unsupported },
    }) |change| {
        const before = buffer[change[0]];
        buffer[change[0]] = change[1];
        try testing.expectError(change[2], dns.parseQuery(message));
        buffer[change[0]] = before;
    }
    for (dns.header_size..message.len) |length| try testing.expectError(error.Malformed, dns.parseQuery(message[0..length]));
    for (0..dns.header_size) |length| try testing.expectError(error.Response, dns.parseQuery(message[0..length]));
}

test "an answer's addresses are those at the end of the chain" {
    const response = (try dns.parseResponse(&chain, 9, "a.test", dns.Type.a)).?;
    try testing.expectEqual(1, response.count);
    try testing.expect(response.addresses[0].eql(.v4(.{ 192, 0, 2, 1 })));
    try testing.expectEqual(30, response.ttl);
    try testing.expectEqualStrings("b.test", response.last.text());
    try testing.expectEqual(null, try dns.parseResponse(&chain, 8, "a.test", dns.Type.a));
    try testing.expectEqual(null, try dns.parseResponse(&chain, 9, "z.test", dns.Type.a));
    try testing.expectEqual(null, try dns.parseResponse(&chain, 9, "a.test", dns.Type.aaaa));
    try testing.expectError(error.Malformed, dns.parseResponse(chain[0 .. chain.len - 1], 9, "a.test", dns.Type.a));
    var cut_off = chain;
    cut_off[2] |= 2;
    const truncated = (try dns.parseResponse(&cut_off, 9, "a.test", dns.Type.a)).?;
    try testing.expect(truncated.truncated and truncated.count == 0);
    var too_short = chain;
    // An A record of three bytes would shift what follows; of a name's own it is refused.
    too_short[dns.header_size + 12 + 8 + 9] = 3;
    try testing.expectError(error.Malformed, dns.parseResponse(&too_short, 9, "a.test", dns.Type.a));
}

test "a chain that goes in circles is refused" {
    const circle = messageOf("a.test", dns.Type.a, 1, "\xc0\x0c" ++ "\x00\x05\x00\x01\x00\x00\x00\x1e\x00\x02\xc0\x0c");
    try testing.expectError(error.Malformed, dns.parseResponse(&circle, 9, "a.test", dns.Type.a));
}

test "an answer is read as it was built" {
    var buffer: [dns.query_max]u8 = undefined;
    const asked = try dns.buildQuery(&buffer, 3, "a.test", dns.Type.aaaa, .with_options);
    const query = try dns.parseQuery(asked);
    var out: [dns.udp_max]u8 = undefined;
    const v6: addresses.Address = .v6(.{ 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 });
    const answer = dns.buildAnswer(&out, asked, &query, dns.Code.none, &.{ .v4(.{ 1, 2, 3, 4 }), v6 }, 60, dns.udp_max);
    const response = (try dns.parseResponse(answer, 3, "a.test", dns.Type.aaaa)).?;
    try testing.expectEqual(1, response.count);
    try testing.expect(response.addresses[0].eql(v6));
    try testing.expectEqual(60, response.ttl);
    // One additional record, which says what we take.
    try testing.expectEqual(1, dns.read16(answer, 10));
    try testing.expectEqualSlices(u8, &dns.options, answer[answer.len - dns.options.len ..]);
    // No type but theirs has addresses.
    var mail_query = query;
    mail_query.type = dns.Type.mx;
    try testing.expectEqual(0, dns.read16(dns.buildAnswer(&out, asked, &mail_query, dns.Code.none, &.{ .v4(.{ 1, 2, 3, 4 }), v6 }, 60, dns.udp_max), 6));
}

test "what does not fit is left out, and that is said" {
    var buffer: [dns.query_max]u8 = undefined;
    const asked = try dns.buildQuery(&buffer, 3, "a.test", dns.Type.aaaa, .plain);
    const query = try dns.parseQuery(asked);
    var out: [dns.udp_max]u8 = undefined;
    const many: [dns.addresses_max]addresses.Address = @splat(.v6(@splat(0x20)));
    const small = dns.buildAnswer(&out, asked, &query, dns.Code.none, &many, 60, query.answer_max);
    try testing.expect(small.len <= dns.udp_plain and small.len > dns.udp_plain - 28);
    try testing.expect(dns.read16(small, 2) & dns.flag_truncated != 0);
    try testing.expectEqual((dns.udp_plain - query.length) / 28, dns.read16(small, 6));
    const whole = dns.buildAnswer(&out, asked, &query, dns.Code.none, &many, 60, dns.udp_max);
    try testing.expect(dns.read16(whole, 2) & dns.flag_truncated == 0);
    try testing.expectEqual(dns.addresses_max, (try dns.parseResponse(whole, 3, "a.test", dns.Type.aaaa)).?.count);
}

test "records of other types are written anew" {
    var out: [dns.udp_max]u8 = undefined;
    const copied = try copyOf(&out, &mail, dns.Type.mx, dns.udp_plain);
    try testing.expectEqual(2, dns.read16(copied, 6));
    const record = copied[copied.len - 11 - 10 - 8 ..];
    try testing.expectEqualSlices(u8, "\x01b\x04test\x00\x00\x0f\x00\x01\x00\x00\x00\x3c\x00\x0b\x00\x0a\x02mx\x04test\x00"[0..record.len], record);
    try testing.expectEqual(1, dns.read16(try copyOf(&out, &text_record, dns.Type.txt, dns.udp_plain), 6));
    try testing.expectEqual(1, dns.read16(try copyOf(&out, &authority, dns.Type.soa, dns.udp_plain), 6));
    try testing.expectEqual(1, dns.read16(try copyOf(&out, &service, dns.Type.https, dns.udp_plain), 6));
    try testing.expectEqual(1, dns.read16(try copyOf(&out, &certificates, dns.Type.caa, dns.udp_plain), 6));
    // Each byte of each record's length matters.
    inline for (.{ .{ text_record, dns.Type.txt, 6 }, .{ authority, dns.Type.soa, 24 }, .{ service, dns.Type.https, 10 } }) |case| {
        var shorter = case[0];
        shorter[shorter.len - case[2] - 1] -= 1;
        try testing.expectError(error.Malformed, copyOf(&out, &shorter, case[1], dns.udp_plain));
    }
}

fn copyOf(out: []u8, message: []const u8, kind: u16, limit: usize) ![]const u8 {
    var buffer: [dns.query_max]u8 = undefined;
    const asked = try dns.buildQuery(&buffer, 9, "a.test", kind, .plain);
    const query = try dns.parseQuery(asked);
    const response = (try dns.parseResponse(message, 9, "a.test", kind)).?;
    return dns.buildCopy(out, asked, &query, message, &response, 3600, limit);
}

test "whose address it is" {
    var buffer: [dns.query_max]u8 = undefined;
    const asked = try dns.buildQuery(&buffer, 3, "1.2.0.192.in-addr.arpa", dns.Type.ptr, .plain);
    const query = try dns.parseQuery(asked);
    var out: [dns.udp_plain]u8 = undefined;
    const answer = dns.buildPointer(&out, asked, &query, "a.test", 60, dns.udp_plain);
    try testing.expectEqual(1, dns.read16(answer, 6));
    try testing.expect(std.mem.endsWith(u8, answer, "\x01a\x04test\x00"));
}

test "compression that points forwards, in circles or to the header ends" {
    for ([_]u8{ 0, 11, 12, 13, 20 }) |target| {
        const message = [_]u8{ 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 } ++ [_]u8{ 0xc0, target, 0, 1, 0, 1 };
        try testing.expectError(error.Malformed, dns.parseQuery(&message));
    }
}

const fuzz_messages = [_][]const u8{
    "\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01\x01a\x04test\x00\x00\x01\x00\x01\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00",
    "\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03x.y\x00\x00\x1c\x00\x01",
    &chain,
    &mail,
    &text_record,
    &authority,
    &service,
    &certificates,
};

/// Whatever the bytes, no look leaves them, and what is written can be read again.
fn checkMessage(bytes: []const u8) anyerror!void {
    var out: [dns.udp_max]u8 = undefined;
    if (dns.parseQuery(bytes)) |query| {
        try testing.expect(query.length <= bytes.len and query.length <= dns.question_max);
        for ([_]usize{ dns.udp_plain, dns.udp_max }) |limit| {
            const answer = dns.buildAnswer(&out, bytes, &query, dns.Code.none, &.{ .v4(.{ 1, 2, 3, 4 }), .v6(@splat(9)) }, 1, limit);
            try testing.expect(answer.len <= limit);
            if (query.name.is_host) {
                const response = (try dns.parseResponse(answer, query.id, query.name.text(), query.type)).?;
                try testing.expectEqual(@as(usize, if (query.type == dns.Type.a or query.type == dns.Type.aaaa) 1 else 0), response.count);
            }
        }
    } else |_| {}
    if (bytes.len <= dns.header_size) return;
    for ([_]u16{ dns.Type.a, dns.Type.aaaa, dns.Type.ns, dns.Type.cname, dns.Type.soa, dns.Type.ptr, dns.Type.mx, dns.Type.txt, dns.Type.srv, dns.Type.svcb, dns.Type.https, dns.Type.caa }) |kind| {
        const parsed = dns.parseResponse(bytes, dns.read16(bytes, 0), "a.test", kind) catch continue;
        const response = parsed orelse continue;
        try testing.expect(response.count <= dns.addresses_max);
        if (!dns.canCopy(kind)) continue;
        var buffer: [dns.query_max]u8 = undefined;
        const asked = try dns.buildQuery(&buffer, response.code, "a.test", kind, .with_options);
        const query = try dns.parseQuery(asked);
        const copied = dns.buildCopy(&out, asked, &query, bytes, &response, 3600, dns.udp_max) catch continue;
        try testing.expect(copied.len <= dns.udp_max);
        const again = (try dns.parseResponse(copied, response.code, "a.test", kind)).?;
        try testing.expect(again.truncated or again.records_count <= response.records_count * dns.chain_max);
    }
}

test "fuzz: name messages" {
    const Once = struct {
        fn one(_: void, smith: *testing.Smith) anyerror!void {
            var buffer: [1024]u8 = undefined;
            try checkMessage(buffer[0..smith.slice(&buffer)]);
        }
    };
    try testing.fuzz({}, Once.one, .{ .corpus = corpus.entries(&fuzz_messages) });
    try corpus.changed(&fuzz_messages, 20_000, checkMessage);
}
