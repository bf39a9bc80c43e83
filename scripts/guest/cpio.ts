/** Writes the archive that the kernel unpacks at boot: cpio's "newc" format. No effects. */

export interface Entry {
  /** Without a leading slash. */
  readonly path: string;
  /** Type and permissions, as in stat(2). */
  readonly mode: number;
  readonly uid: number;
  /** A file's content, or a symbolic link's target. */
  readonly content: Uint8Array;
}

export const DIRECTORY = 0o040_000;
export const FILE = 0o100_000;
export const LINK = 0o120_000;

/** Parents have to stand before what they contain. */
export function* cpio(entries: Iterable<Entry>): Generator<Uint8Array> {
  let inode = 1;
  for (const entry of entries) yield* record(entry, inode++);
  yield* record({ path: "TRAILER!!!", mode: 0, uid: 0, content: new Uint8Array() }, 0);
}

function* record({ path, mode, uid, content }: Entry, inode: number): Generator<Uint8Array> {
  const name = new TextEncoder().encode(`${path}\0`);
  const fields = [
    inode,
    mode,
    uid,
    uid,
    1, // links
    0, // time
    content.byteLength,
    0, // device
    0,
    0, // the device that a node is for
    0,
    name.byteLength,
    0, // checksum, of another format
  ];
  const header = `070701${fields.map((value) => value.toString(16).padStart(8, "0")).join("")}`;
  yield new TextEncoder().encode(header);
  yield name;
  yield padding(header.length + name.byteLength);
  yield content;
  yield padding(content.byteLength);
}

function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}
