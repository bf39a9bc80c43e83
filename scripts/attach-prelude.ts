/**
 * Puts the prelude (native/linux/prelude) into a finished Linux executable, so that it runs before
 * Bun: the image is appended, the note segment's program header becomes its PT_LOAD, and the entry
 * point leads to it. elf(5); the image's first two words are described in prelude.zig.
 */

const PT_LOAD = 1;
const PT_NOTE = 4;
const PF_R_X = 5;
const EM_AARCH64 = 183;
const EHDR_SIZE = 64;
const PHDR_SIZE = 56;
/** The image's two words: see prelude.zig. */
const SLOTS_SIZE = 16;

interface Segment {
  readonly at: number;
  readonly type: number;
  readonly address: bigint;
  readonly memorySize: bigint;
}

export function attachPrelude(elf: Uint8Array, image: Uint8Array): Uint8Array {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  if (
    elf.byteLength < EHDR_SIZE ||
    view.getUint32(0) !== 0x7f45_4c46 ||
    elf[4] !== 2 ||
    elf[5] !== 1
  ) {
    throw new Error("not a 64-bit little-endian ELF file");
  }
  if (image.byteLength <= SLOTS_SIZE) throw new Error("the image has no entry point");
  const entry = view.getBigUint64(24, true);
  const segments = readSegments(view);
  const note = segments.findLast((segment) => segment.type === PT_NOTE);
  const loads = segments.filter((segment) => segment.type === PT_LOAD);
  const last = loads.at(-1);
  if (note === undefined || last === undefined)
    throw new Error("no PT_NOTE or no PT_LOAD to work with");
  if (note.at < last.at)
    throw new Error("PT_NOTE stands before a PT_LOAD: addresses would not ascend");
  // Both the kernel and ld.so take the last segment for the one that ends highest.
  if (loads.some(({ address }, index) => address < (loads[index - 1]?.address ?? 0n)))
    throw new Error("the PT_LOADs do not ascend");

  // 64 KiB is the largest page size of the architectures here.
  const page = view.getUint16(18, true) === EM_AARCH64 ? 0x1_0000n : 0x1000n;
  const align = (value: bigint) => ((value + page - 1n) / page) * page;
  const end = loads.reduce(
    (most, { address, memorySize }) => (address + memorySize > most ? address + memorySize : most),
    0n,
  );
  const address = align(end);
  const offset = align(BigInt(elf.byteLength));

  const out = new Uint8Array(Number(offset) + image.byteLength);
  out.set(elf);
  out.set(image, Number(offset));
  const write = new DataView(out.buffer);
  const entryOffset = write.getBigUint64(Number(offset) + 8, true);
  if (entryOffset < BigInt(SLOTS_SIZE) || entryOffset >= BigInt(image.byteLength))
    throw new Error("the image has no entry point");
  write.setBigInt64(Number(offset), entry - address, true);
  write.setBigUint64(24, address + entryOffset, true);
  write.setUint32(note.at, PT_LOAD, true);
  write.setUint32(note.at + 4, PF_R_X, true);
  const size = BigInt(image.byteLength);
  for (const [at, value] of [
    [8, offset],
    [16, address],
    [24, address],
    [32, size],
    [40, size],
    [48, page],
  ] as const) {
    write.setBigUint64(note.at + at, value, true);
  }
  return out;
}

function readSegments(view: DataView): readonly Segment[] {
  const table = Number(view.getBigUint64(32, true));
  if (view.getUint16(54, true) !== PHDR_SIZE)
    throw new Error("unexpected size of a program header");
  const length = view.getUint16(56, true);
  if (table + length * PHDR_SIZE > view.byteLength)
    throw new Error("the program headers lie outside the file");
  return Array.from({ length }, (_, index) => {
    const at = table + index * PHDR_SIZE;
    return {
      at,
      type: view.getUint32(at, true),
      address: view.getBigUint64(at + 16, true),
      memorySize: view.getBigUint64(at + 40, true),
    };
  });
}
