/** The prelude is put into real executables and into broken ones. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attachPrelude } from "../../scripts/attach-prelude.ts";
import { scratch } from "../support/scratch.ts";
import { named } from "../support/skip.ts";
import { assembleBlob } from "./blob.ts";

const hostArch = process.arch === "arm64" ? "aarch64" : "x86_64";
const folder = scratch();
let blob: Uint8Array;
let bun: Uint8Array;

beforeAll(() => {
  blob = assembleBlob(hostArch, folder.path);
  bun = readFileSync(realpathSync(process.execPath));
});

afterAll(() => folder.remove());

interface Header {
  readonly type: number;
  readonly flags: number;
  readonly offset: bigint;
  readonly address: bigint;
  readonly fileSize: bigint;
  readonly memorySize: bigint;
  readonly alignment: bigint;
}

function headers(elf: Uint8Array): Header[] {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  const table = Number(view.getBigUint64(32, true));
  return Array.from({ length: view.getUint16(56, true) }, (_, index) => {
    const at = table + index * 56;
    return {
      type: view.getUint32(at, true),
      flags: view.getUint32(at + 4, true),
      offset: view.getBigUint64(at + 8, true),
      address: view.getBigUint64(at + 16, true),
      fileSize: view.getBigUint64(at + 32, true),
      memorySize: view.getBigUint64(at + 40, true),
      alignment: view.getBigUint64(at + 48, true),
    };
  });
}

function program(name: string, bytes: Uint8Array): string {
  const path = join(folder.path, name);
  writeFileSync(path, bytes);
  chmodSync(path, 0o755);
  return path;
}

function output(words: readonly string[]): string {
  const { stdout, stderr, exitCode } = Bun.spawnSync([...words], { stdin: "ignore" });
  if (exitCode !== 0) throw new Error(`${words.join(" ")}: exit code ${exitCode}, ${stderr}`);
  return stdout.toString();
}

describe("an executable of bun's", () => {
  test("runs the prelude first and then what it is", () => {
    const path = program("bun", attachPrelude(bun, blob));
    expect(output([path, "--version"])).toBe(`prelude\n${Bun.version}\n`);
  });

  test("has ascending, disjoint, aligned segments, of which none is both writable and executable", () => {
    const before = headers(bun).filter(({ type }) => type === 1);
    const after = headers(attachPrelude(bun, blob));
    const loads = after.filter(({ type }) => type === 1);
    expect(loads).toHaveLength(before.length + 1);
    expect(after.some(({ type }) => type === 4)).toBe(
      headers(bun).filter(({ type }) => type === 4).length > 1,
    );
    for (const [index, { flags, offset, address, alignment }] of loads.entries()) {
      expect(flags & 3).not.toBe(3);
      expect(offset % alignment).toBe(address % alignment);
      const previous = loads[index - 1];
      if (previous === undefined) continue;
      expect(address >= previous.address + previous.memorySize).toBe(true);
    }
    const added = loads.at(-1) as Header;
    expect(added.flags).toBe(5);
    expect(added.fileSize).toBe(BigInt(blob.byteLength));
    expect(added.memorySize).toBe(added.fileSize);
  });

  test("is otherwise left as it was", () => {
    const after = attachPrelude(bun, blob);
    const changed: number[] = [];
    for (let at = 0; at < bun.byteLength; at += 1) {
      if (after[at] !== bun[at]) changed.push(at);
    }
    const table = Number(new DataView(bun.buffer, bun.byteOffset).getBigUint64(32, true));
    const end = table + headers(bun).length * 56;
    // The entry point, and one program header.
    for (const at of changed) expect((at >= 24 && at < 32) || (at >= table && at < end)).toBe(true);
    expect(after.byteLength).toBeGreaterThan(bun.byteLength);
  });
});

const gcc = Bun.which("gcc");
test.skipIf(gcc === null)(
  named(
    "a position-independent executable of the compiler's works as well",
    gcc === null ? "needs gcc" : undefined,
  ),
  () => {
    const source = join(folder.path, "pie.c");
    writeFileSync(source, '#include <stdio.h>\nint main(void) { puts("main"); return 0; }\n');
    const path = join(folder.path, "pie");
    const { exitCode } = Bun.spawnSync([gcc ?? "", "-pie", "-fPIE", "-o", path, source]);
    expect(exitCode).toBe(0);
    const elf = readFileSync(path);
    expect(elf.readUInt16LE(16)).toBe(3); // ET_DYN
    expect(output([program("pie-prelude", attachPrelude(elf, blob))])).toBe("prelude\nmain\n");
  },
);

describe("a file that is not as expected is refused", () => {
  const refused = (change: (bytes: DataView) => void, message: RegExp) => {
    const copy = new Uint8Array(bun);
    change(new DataView(copy.buffer));
    expect(() => attachPrelude(copy, blob)).toThrow(message);
  };

  test("another format", () => refused((view) => view.setUint32(0, 0), /not a 64-bit/));
  test("32 bits", () => refused((view) => view.setUint8(4, 1), /not a 64-bit/));
  test("big-endian", () => refused((view) => view.setUint8(5, 2), /not a 64-bit/));
  test("no note", () => {
    refused((view) => {
      const table = Number(view.getBigUint64(32, true));
      for (let index = 0; index < view.getUint16(56, true); index += 1) {
        const at = table + index * 56;
        if (view.getUint32(at, true) === 4) view.setUint32(at, 0, true);
      }
    }, /no PT_NOTE/);
  });
  test("program headers outside the file", () => {
    refused((view) => view.setBigUint64(32, BigInt(bun.byteLength), true), /outside the file/);
  });
  test("segments out of order", () => {
    refused((view) => {
      const first = headers(bun).findIndex(({ type }) => type === 1);
      const at = Number(view.getBigUint64(32, true)) + first * 56;
      view.setBigUint64(at + 16, 0x7000_0000n, true);
    }, /do not ascend/);
  });
  test("too short", () => {
    expect(() => attachPrelude(bun.subarray(0, 10), blob)).toThrow(/not a 64-bit/);
  });
  test("an image with no entry point", () => {
    expect(() => attachPrelude(bun, new Uint8Array(64))).toThrow(/no entry point/);
    expect(() => attachPrelude(bun, new Uint8Array(4))).toThrow(/no entry point/);
  });
  test("a prelude that is there already", () => {
    expect(() => attachPrelude(attachPrelude(bun, blob), blob)).toThrow(/no PT_NOTE/);
  });
});
