/** Destinations at their edges. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Block } from "../contract/blocks.ts";
import { parseDestination } from "./destinations.ts";
import type { HostName } from "./policy.ts";

const peer = (one: Block | HostName) =>
  one.kind === "name"
    ? `${one.subdomains ? "*." : ""}${one.name}`
    : `${((one.high << 64n) | one.low).toString(16)}/${one.bits}`;

function read(text: string, deny = false): string {
  const found = parseDestination(text, deny);
  if ("message" in found) return `bad: ${found.message}`;
  const { peers, protocols, firstPort, lastPort, onHost } = found;
  return `${peers.map(peer).join(" ")} ${protocols} ${firstPort}-${lastPort}${onHost ? " host" : ""}`;
}

describe("destinations", () => {
  test.each([
    ["api.github.com:443", "api.github.com 1 443-443"],
    ["API.GitHub.com.", "api.github.com 1 0-65535"],
    ["*.example.org", "*.example.org 1 0-65535"],
    ["*.example.org:80-443/udp", "*.example.org 2 80-443"],
    ["redis", "redis 1 0-65535"],
    ["_srv.a-b.test", "_srv.a-b.test 1 0-65535"],
    ["a.test/icmp", "a.test 4 0-65535"],
    ["a.test/any", "a.test 7 0-65535"],
    ["a.test:53/any", "a.test 3 53-53"],
    ["10.0.0.0/8:5432/tcp", "ffff0a000000/104 1 5432-5432"],
    ["10.0.0.0/8", "ffff0a000000/104 1 0-65535"],
    ["10.0.0.7/udp", "ffff0a000007/128 2 0-65535 host"],
    ["[2001:db8::]/32:443", "20010db8000000000000000000000000/32 1 443-443"],
    ["[2001:db8::]/32:443/udp", "20010db8000000000000000000000000/32 2 443-443"],
    ["[2001:db8::1]:443", "20010db8000000000000000000000001/128 1 443-443 host"],
    ["[2001:db8::1]", "20010db8000000000000000000000001/128 1 0-65535 host"],
    ["[2001:db8::1]/tcp", "20010db8000000000000000000000001/128 1 0-65535 host"],
    ["[::]/0", "0/0 1 0-65535"],
    ["0.0.0.0/0:1-65535", "ffff00000000/96 1 1-65535"],
    ["localhost", "ffff7f000001/128 1/128 1 0-65535 host"],
    ["localhost:5432", "ffff7f000001/128 1/128 1 5432-5432 host"],
    ["127.0.0.53:53/udp", "ffff7f000035/128 2 53-53 host"],
    ["127.0.0.0/8", "ffff7f000000/104 1 0-65535 host"],
    ["b\u00fccher.example:443", "xn--bcher-kva.example 1 443-443"],
    ["*.\u4f8b\u3048.jp", "*.xn--r8jz45g.jp 1 0-65535"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example 1 0-65535"],
    ["1and1.com", "1and1.com 1 0-65535"],
  ])("%s", (text, expected) => expect(read(text)).toBe(expected));

  test("a denial without a protocol is of all", () => {
    expect(read("a.test", true)).toBe("a.test 7 0-65535");
    expect(read("a.test:80", true)).toBe("a.test 3 80-80");
    expect(read("a.test:80/tcp", true)).toBe("a.test 1 80-80");
  });

  test.each([
    "",
    ":80",
    "*",
    "*:443",
    "*.",
    "*.com",
    "*.com:443",
    "a.*.com",
    "api*.test",
    "**.test.org",
    "a..b",
    ".a.test",
    "a.test..",
    "a test",
    "a\ttest",
    "a@b.test",
    "http://a.test",
    "a.test/path",
    "a.test/8",
    "a.test/TCP",
    "a.test/",
    "a.test:",
    "a.test:0",
    "a.test:65536",
    "a.test:080808",
    "a.test:80-",
    "a.test:-80",
    "a.test:90-80",
    "a.test:80-90-95",
    "a.test:http",
    "a.test:80/icmp",
    "a.test:1e3",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "10.0.0.1/8",
    "10.0.0.0/33",
    "01.2.3.4",
    "0x7f.1",
    "a.0x7f",
    "127.1",
    "2130706433",
    "10.0.2.2",
    "[10.0.0.1]:80",
    "[::1",
    "[::1]80",
    "[::1]x:80",
    "[]:80",
    "[a.test]:80",
    "2001:db8::1:80",
    "2001:db8::1:80:",
    "2001:db8::/32",
    "::1",
    "fe80::1%eth0",
    "a\0b.test",
    "%61.test",
    "\u2024.test",
    "b\u00fc cher.test",
    "b\u00fc@x.test",
    "b\u00fc/../x",
    `${"a".repeat(64)}.test`,
    `${"a.".repeat(127)}test`,
  ])("%j is refused", (text) => {
    const found = parseDestination(text, false);
    if (!("message" in found)) throw new Error(read(text));
    expect(found.message).not.toBe("");
    expect(found.expected).not.toBe("");
  });

  test("any text: a destination in the form that is compared, or a reason", () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.domain(),
      fc.string({ unit: fc.constantFrom(..."ab1.*:/-[]\u00fc") }),
      fc.tuple(fc.domain(), fc.nat(70_000)).map(([host, port]) => `${host}:${port}`),
    );
    fc.assert(
      fc.property(text, fc.boolean(), (some, deny) => {
        const found = parseDestination(some, deny);
        if ("message" in found) return;
        for (const one of found.peers) {
          if (one.kind !== "name") continue;
          expect(one.name).toMatch(/^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/);
          expect(one.name.length).toBeLessThan(254);
        }
        expect(found.firstPort).toBeLessThanOrEqual(found.lastPort);
      }),
      { numRuns: 3000 },
    );
  });
});
