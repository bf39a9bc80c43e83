/**
 * An ad-hoc code signature for a Mach-O executable that ends in an older one: macOS kills a process
 * whose pages do not have the hashes of its signature. Nobody vouches for anything in it; it is what
 * the linker gives every program on arm64. Layouts: mach-o/loader.h and, of the signature, xnu's
 * osfmk/kern/cs_blobs.h.
 */

import { createHash } from "node:crypto";

const MH_MAGIC_64 = 0xfeed_facf;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const HEADER_SIZE = 32;

const CSMAGIC_EMBEDDED_SIGNATURE = 0xfade_0cc0;
const CSMAGIC_CODEDIRECTORY = 0xfade_0c02;
/** With the executable segment. */
const CD_VERSION = 0x2_0400;
const CD_SIZE = 88;
/** CS_ADHOC, CS_LINKER_SIGNED */
const CD_FLAGS = 0x2 | 0x2_0000;
const CS_HASHTYPE_SHA256 = 2;
const HASH_SIZE = 32;
const PAGE_BITS = 12;
const PAGE = 1 << PAGE_BITS;
const CS_EXECSEG_MAIN_BINARY = 1n;
/** One blob in the signature: its magic, length and count, then the blob's type and offset. */
const BLOB_OFFSET = 20;

interface Segment {
  /** Of the load command. */
  readonly at: number;
  readonly fileOffset: number;
  readonly fileSize: number;
}

/** The executable with its signature made anew; throws where there is no signature at its end. */
export function signAdHoc(executable: Buffer, identifier: string): Buffer {
  const { signature, linkEdit, text } = findParts(executable);
  const limit = executable.readUInt32LE(signature + 8);
  const end = limit + executable.readUInt32LE(signature + 12);
  if (end !== executable.length) throw new Error("the signature is not the end of the file");

  const slots = Math.ceil(limit / PAGE);
  const name = Buffer.from(`${identifier}\0`);
  const directorySize = CD_SIZE + name.length + slots * HASH_SIZE;
  const size = Math.ceil((BLOB_OFFSET + directorySize) / 16) * 16;
  const out = Buffer.concat([executable.subarray(0, limit), Buffer.alloc(size)]);

  // The load commands are on pages that are hashed: first they, then the hashes.
  out.writeUInt32LE(size, signature + 12);
  const linkEditSize = limit + size - linkEdit.fileOffset;
  out.writeBigUInt64LE(BigInt(linkEditSize), linkEdit.at + 48);
  const mapped = BigInt(Math.ceil(linkEditSize / 0x4000) * 0x4000);
  if (out.readBigUInt64LE(linkEdit.at + 32) < mapped)
    out.writeBigUInt64LE(mapped, linkEdit.at + 32);

  writeWords(out, limit, [
    CSMAGIC_EMBEDDED_SIGNATURE,
    BLOB_OFFSET + directorySize,
    1,
    0,
    BLOB_OFFSET,
  ]);
  const directory = limit + BLOB_OFFSET;
  writeWords(out, directory, [
    ...[CSMAGIC_CODEDIRECTORY, directorySize, CD_VERSION, CD_FLAGS],
    ...[CD_SIZE + name.length, CD_SIZE, 0, slots, limit],
  ]);
  out.set([HASH_SIZE, CS_HASHTYPE_SHA256, 0, PAGE_BITS], directory + 36);
  out.writeBigUInt64BE(BigInt(text.fileOffset), directory + 64);
  out.writeBigUInt64BE(BigInt(text.fileSize), directory + 72);
  out.writeBigUInt64BE(CS_EXECSEG_MAIN_BINARY, directory + 80);
  out.set(name, directory + CD_SIZE);
  for (let slot = 0; slot < slots; slot += 1) {
    const page = out.subarray(slot * PAGE, Math.min((slot + 1) * PAGE, limit));
    const hash = createHash("sha256").update(page).digest();
    out.set(hash, directory + CD_SIZE + name.length + slot * HASH_SIZE);
  }
  return out;
}

function findParts(executable: Buffer) {
  if (executable.readUInt32LE(0) !== MH_MAGIC_64)
    throw new Error("no Mach-O executable of 64 bits");
  let signature: number | undefined;
  const segments = new Map<string, Segment>();
  let at = HEADER_SIZE;
  for (let left = executable.readUInt32LE(16); left > 0; left -= 1) {
    const command = executable.readUInt32LE(at);
    if (command === LC_CODE_SIGNATURE) signature = at;
    if (command === LC_SEGMENT_64) {
      const name = executable.toString("latin1", at + 8, at + 24).replace(/\0+$/, "");
      const fileOffset = Number(executable.readBigUInt64LE(at + 40));
      const fileSize = Number(executable.readBigUInt64LE(at + 48));
      segments.set(name, { at, fileOffset, fileSize });
    }
    at += executable.readUInt32LE(at + 4);
  }
  const linkEdit = segments.get("__LINKEDIT");
  const text = segments.get("__TEXT");
  if (signature === undefined || linkEdit === undefined || text === undefined)
    throw new Error("the executable has no signature to replace");
  return { signature, linkEdit, text };
}

function writeWords(out: Buffer, start: number, words: readonly number[]): void {
  for (const [index, word] of words.entries()) out.writeUInt32BE(word, start + index * 4);
}
