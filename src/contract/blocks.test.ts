/** Blocks of addresses at their edges. */

import { describe, expect, test } from "bun:test";
import { SocketAddress } from "node:net";
import fc from "fast-check";
import { type Block, contains, includes, parseBlock } from "./blocks.ts";

const blockOf = (family: 4 | 6, bits: number, address: bigint): Block => ({
  kind: "block",
  family,
  bits,
  high: address >> 64n,
  low: address & 0xffff_ffff_ffff_ffffn,
});

describe("blocks", () => {
  test.each([
    ["0.0.0.0/0", 4, 96, 0xffff_0000_0000n],
    ["10.0.0.0/8", 4, 104, 0xffff_0a00_0000n],
    ["255.255.255.255", 4, 128, 0xffff_ffff_ffffn],
    ["1.2.3.4/32", 4, 128, 0xffff_0102_0304n],
    ["::", 6, 128, 0n],
    ["::/0", 6, 0, 0n],
    ["::1", 6, 128, 1n],
    ["fe80::/10", 6, 10, 0xfe80n << 112n],
    ["2001:DB8::/32", 6, 32, 0x20010db8n << 96n],
    ["1:2:3:4:5:6:7:8", 6, 128, 0x00010002000300040005000600070008n],
    ["::ffff:1.2.3.4", 6, 128, 0xffff01020304n],
    ["1::8", 6, 128, (1n << 112n) | 8n],
    ["1:2:3:4:5:6:7::", 6, 128, 0x00010002000300040005000600070000n],
  ] as const)("%s", (text, family, bits, address) => {
    expect(parseBlock(text)).toEqual(blockOf(family, bits, address));
  });

  test.each([
    "",
    "/",
    "/8",
    "1.2.3.4/",
    "1.2.3.4/33",
    "1.2.3.4/032",
    "1.2.3.4/-1",
    "1.2.3.4/+8",
    "1.2.3.4/8/8",
    "1.2.3.4/1e1",
    "1.2.3.4/ 8",
    " 1.2.3.4",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "0x1.2.3.4",
    "1.2.3.4/24",
    "10.0.0.1/8",
    "::/129",
    "::1/0",
    ":::",
    ":",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8",
    "12345::",
    "g::",
    "fe80::1%eth0",
    "[::1]",
    "1.2.3.4::",
    "::1.2.3",
    "::1.2.3.4:5",
    "localhost",
    "١.2.3.4",
    "1.2.3.4/٨",
  ])("%j is none", (text) => expect(typeof parseBlock(text)).toBe("string"));

  test("an IPv4 block of any prefix: right without host bits, refused with", () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.integer({ min: 0, max: 32 }), (number, prefix) => {
        const dots = (n: number) => [24, 16, 8, 0].map((shift) => (n >>> shift) & 255).join(".");
        const mask = prefix === 0 ? 0 : (0xffff_ffff << (32 - prefix)) >>> 0;
        const network = (number & mask) >>> 0;
        const block = blockOf(4, 96 + prefix, 0xffff_0000_0000n + BigInt(network));
        expect(parseBlock(`${dots(network)}/${prefix}`)).toEqual(block);
        expect(parseBlock(`${dots(number)}/${prefix}`, true)).toEqual(block);
        if (network !== number) {
          expect(parseBlock(`${dots(number)}/${prefix}`)).toBe("host part of address was not zero");
        }
      }),
    );
  });

  test("any text: a block or a reason, never a throw", () => {
    const text = fc.oneof(
      fc.string(),
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom(..."0123456789abcdef:./") }),
    );
    fc.assert(
      fc.property(text, (some) => {
        const block = parseBlock(some);
        if (typeof block === "string") expect(block).not.toBe("");
        else expect(block.high < 1n << 64n && block.low < 1n << 64n).toBe(true);
      }),
      { numRuns: 2000 },
    );
    fc.assert(fc.property(fc.ipV4(), (ip) => typeof parseBlock(ip) !== "string"));
    // The platform's own reader of addresses agrees on every IPv6 address.
    fc.assert(
      fc.property(fc.ipV6(), (ip) => {
        const block = parseBlock(ip) as Block;
        const { address } = new SocketAddress({ address: ip, family: "ipv6" });
        expect(parseBlock(address)).toEqual(block);
      }),
    );
  });
});

describe("one block in another", () => {
  const of = (text: string) => parseBlock(text) as Block;
  test.each([
    ["10.0.0.0/8", "10.1.0.0/16", true, true],
    ["10.0.0.0/8", "10.0.0.0/8", true, true],
    ["10.0.0.0/8", "0.0.0.0/0", false, false],
    ["10.0.0.0/8", "11.0.0.0/9", false, false],
    ["2001:db8::/32", "2001:db8:1::/48", true, true],
    ["2001:db8::/64", "2001:db8:0:0:8000::/65", true, true],
    ["2001:db8::/65", "2001:db8:0:0:8000::/65", false, false],
    ["::/0", "10.0.0.0/8", false, true],
    ["::ffff:10.0.0.0/104", "10.1.0.0/16", false, true],
  ] as const)("%s and %s", (outer, inner, sameFamily, whole) => {
    expect(contains(of(outer), of(inner))).toBe(sameFamily);
    expect(includes(of(outer), of(inner))).toBe(whole);
  });
});
