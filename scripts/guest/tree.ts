/** The guest's file system, described before it is made: directories, files, links by path. */

import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { cpio, DIRECTORY, type Entry, FILE, LINK } from "./cpio.ts";

/** The guest's ordinary user. */
export const GUEST_UID = 1000;

const utf8 = new TextEncoder();

export class Tree {
  readonly #entries = new Map<string, Entry>();

  directory(path: string, { mode = 0o755, uid = 0 } = {}): this {
    return this.#put({ path, mode: DIRECTORY | mode, uid, content: new Uint8Array() });
  }

  file(path: string, content: Uint8Array | string, { mode = 0o644, uid = 0 } = {}): this {
    const bytes = typeof content === "string" ? utf8.encode(content) : content;
    return this.#put({ path, mode: FILE | mode, uid, content: bytes });
  }

  link(path: string, target: string): this {
    return this.#put({ path, mode: LINK | 0o777, uid: 0, content: utf8.encode(target) });
  }

  /** A file or a whole tree of the host's; what belongs to others there is root's here. */
  copy(path: string, source: string): this {
    const status = lstatSync(source);
    const mode = status.mode & 0o7777;
    if (status.isSymbolicLink()) return this.link(path, readlinkSync(source));
    if (status.isFile()) return this.file(path, readFileSync(source), { mode });
    if (!status.isDirectory()) return this;
    this.directory(path, { mode });
    for (const name of readdirSync(source).sort()) this.copy(join(path, name), join(source, name));
    return this;
  }

  *archive(): Generator<Uint8Array> {
    yield* cpio([...this.#entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1)));
  }

  #put(entry: Entry): this {
    const path = this.#place(entry.path.replace(/^\/+/, ""));
    const present = this.#entries.get(path);
    // A package's lib/ is another one's usr/lib/, through a link that stays.
    if (isKind(present, LINK) && isKind(entry, DIRECTORY)) return this;
    const parent = dirname(path);
    if (parent !== "." && !this.#entries.has(parent)) this.directory(parent);
    this.#entries.set(path, { ...entry, path });
    return this;
  }

  /** The path with the links of its folders followed. */
  #place(path: string): string {
    let place = "";
    for (const [index, part] of path.split("/").entries()) {
      if (index > 0) {
        const link = this.#entries.get(place);
        if (link !== undefined && isKind(link, LINK)) {
          place = new TextDecoder().decode(link.content);
        }
      }
      place = place === "" ? part : `${place}/${part}`;
    }
    return place;
  }
}

function isKind(entry: Entry | undefined, kind: number): boolean {
  return entry !== undefined && (entry.mode & 0o170_000) === kind;
}
