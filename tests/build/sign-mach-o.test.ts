/** The signature of a Mach-O executable, read back by its definition. */

import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { signAdHoc } from "../../scripts/sign-mach-o.ts";

const TEXT_SIZE = 20_000;
const LINKEDIT = 20_480;
const SIGNATURE = 24_592;

/** Header, __TEXT, __LINKEDIT and a signature that is too short for its pages. */
function executable(): Buffer {
  const out = Buffer.alloc(SIGNATURE + 64);
  for (let at = 1_000; at < SIGNATURE; at += 1) out[at] = (at * 31) & 0xff;
  const words = (start: number, values: readonly number[]) => {
    for (const [index, value] of values.entries()) out.writeUInt32LE(value, start + index * 4);
  };
  words(0, [0xfeed_facf, 0x0100_0007, 3, 2, 3, 160, 0, 0]);
  const segment = (start: number, name: string, offset: number, size: number, mapped: number) => {
    words(start, [0x19, 72]);
    out.write(name, start + 8, "latin1");
    out.writeBigUInt64LE(BigInt(mapped), start + 32);
    out.writeBigUInt64LE(BigInt(offset), start + 40);
    out.writeBigUInt64LE(BigInt(size), start + 48);
  };
  segment(32, "__TEXT", 0, TEXT_SIZE, 0x5000);
  segment(104, "__LINKEDIT", LINKEDIT, SIGNATURE + 64 - LINKEDIT, 0x1000);
  words(176, [0x1d, 16, SIGNATURE, 64]);
  return out;
}

test("every page has its hash, the load commands' new one too", () => {
  const signed = signAdHoc(executable(), "mxc");
  const size = signed.readUInt32LE(176 + 12);
  expect(signed.length).toBe(SIGNATURE + size);
  expect(signed.readBigUInt64LE(104 + 48)).toBe(BigInt(signed.length - LINKEDIT));
  expect(Number(signed.readBigUInt64LE(104 + 32))).toBeGreaterThanOrEqual(signed.length - LINKEDIT);

  expect(signed.readUInt32BE(SIGNATURE)).toBe(0xfade_0cc0);
  expect(signed.readUInt32BE(SIGNATURE + 8)).toBe(1);
  const directory = SIGNATURE + signed.readUInt32BE(SIGNATURE + 16);
  expect(signed.readUInt32BE(directory)).toBe(0xfade_0c02);
  const hashes = directory + signed.readUInt32BE(directory + 16);
  const slots = signed.readUInt32BE(directory + 28);
  const limit = signed.readUInt32BE(directory + 32);
  expect([slots, limit]).toEqual([7, SIGNATURE]);
  expect(hashes + slots * 32).toBeLessThanOrEqual(signed.length);
  const identifier = directory + signed.readUInt32BE(directory + 20);
  expect(signed.toString("latin1", identifier, identifier + 4)).toBe("mxc\0");
  for (let slot = 0; slot < slots; slot += 1) {
    const page = signed.subarray(slot * 4096, Math.min((slot + 1) * 4096, limit));
    const hash = signed.subarray(hashes + slot * 32, hashes + (slot + 1) * 32);
    expect(hash.equals(createHash("sha256").update(page).digest())).toBe(true);
  }
});

test("signing what is signed changes nothing", () => {
  const once = signAdHoc(executable(), "mxc");
  expect(signAdHoc(once, "mxc").equals(once)).toBe(true);
});

test("what is no such executable is refused", () => {
  expect(() => signAdHoc(Buffer.alloc(4096), "mxc")).toThrow("Mach-O");
  expect(() => signAdHoc(Buffer.concat([executable(), Buffer.alloc(8)]), "mxc")).toThrow("end");
});
