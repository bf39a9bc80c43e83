/** CIDR blocks, ports and proxy URLs at their edges. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { checkProxyUrl, checkRules, parseBlock } from "./addresses.ts";

describe("blocks", () => {
  test.each([
    ["0.0.0.0/0", 32, 0, 0n],
    ["10.0.0.0/8", 32, 8, 0x0a000000n],
    ["255.255.255.255", 32, 32, 0xffffffffn],
    ["1.2.3.4/32", 32, 32, 0x01020304n],
    ["::", 128, 128, 0n],
    ["::/0", 128, 0, 0n],
    ["::1", 128, 128, 1n],
    ["fe80::/10", 128, 10, 0xfe80n << 112n],
    ["2001:DB8::/32", 128, 32, 0x20010db8n << 96n],
    ["1:2:3:4:5:6:7:8", 128, 128, 0x00010002000300040005000600070008n],
    ["::ffff:1.2.3.4", 128, 128, 0xffff01020304n],
    ["1::8", 128, 128, (1n << 112n) | 8n],
    ["1:2:3:4:5:6:7::", 128, 128, 0x00010002000300040005000600070000n],
  ] as const)("%s", (text, bits, prefix, address) => {
    expect(parseBlock(text)).toEqual({ bits, prefix, address });
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
    "::1.2.3",
    "::1.2.3.4:5",
    "localhost",
    "١.2.3.4",
    "1.2.3.4/٨",
  ])("%j is none", (text) => expect(typeof parseBlock(text)).toBe("string"));

  // RFC 4291, 2.2: an IPv4 address stands for the last 32 bits only.
  test.failing("dots before the colons", () => {
    expect(typeof parseBlock("1.2.3.4::")).toBe("string");
  });

  test("an IPv4 block of any prefix: right without host bits, refused with", () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.integer({ min: 0, max: 32 }), (number, prefix) => {
        const dots = (n: number) => [24, 16, 8, 0].map((shift) => (n >>> shift) & 255).join(".");
        const mask = prefix === 0 ? 0 : (0xffff_ffff << (32 - prefix)) >>> 0;
        const network = (number & mask) >>> 0;
        expect(parseBlock(`${dots(network)}/${prefix}`)).toEqual({
          bits: 32,
          prefix,
          address: BigInt(network),
        });
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
        else expect(block.address < 1n << BigInt(block.bits)).toBe(true);
      }),
      { numRuns: 2000 },
    );
    fc.assert(fc.property(fc.ipV4(), (ip) => typeof parseBlock(ip) !== "string"));
    fc.assert(fc.property(fc.ipV6(), (ip) => typeof parseBlock(ip) !== "string"));
  });
});

describe("rules", () => {
  const of = (rule: object) => checkRules([{}, rule], "r")?.issue;

  test("exceptions must be inside their block", () => {
    expect(
      of({ to: [{ cidr: "10.0.0.0/8", except: ["10.1.0.0/16", "10.0.0.0/8"] }] }),
    ).toBeUndefined();
    for (const hole of ["11.0.0.0/8", "0.0.0.0/0", "::/128"]) {
      expect(of({ to: [{ cidr: "10.0.0.0/8", except: [hole] }] })?.path).toBe(
        "r[1].to[0].except[0]",
      );
    }
    expect(of({ to: [{ cidr: "0.0.0.0/0", except: ["::ffff:0:0/96"] }] })).toBeDefined();
  });

  test("empty lists say nothing, and are refused", () => {
    expect(of({ to: [] })?.path).toBe("r[1].to");
    expect(of({ ports: [] })?.path).toBe("r[1].ports");
    expect(of({})).toBeUndefined();
  });

  test.each([
    [{ protocol: "tcp", port: 80, endPort: 80 }, undefined],
    [{ protocol: "tcp", port: 80, endPort: 81 }, undefined],
    [{ protocol: "icmp" }, undefined],
    [{ protocol: "tcp", port: 81, endPort: 80 }, "r[1].ports[0].endPort"],
    [{ protocol: "tcp", endPort: 80 }, "r[1].ports[0].endPort"],
    [{ protocol: "icmp", port: 1 }, "r[1].ports[0]"],
    [{ protocol: "icmp", endPort: 1 }, "r[1].ports[0]"],
  ])("%j", (port, path) => expect(of({ ports: [port] })?.path).toBe(path as never));
});

test.each([
  ["http://localhost:8080", true],
  ["https://127.0.0.1:1", true],
  ["http://[::1]:65535/", true],
  ["http://localhost", false],
  ["http://example.com:80", false],
  ["http://localhost.example:8080", false],
  ["http://localhost@example.com:8080", false],
  ["ftp://localhost:21", false],
  ["localhost:8080", false],
  ["", false],
])("a proxy on this host: %j", (url, fine) => {
  expect(checkProxyUrl(url, "p", true) === undefined).toBe(fine);
});
