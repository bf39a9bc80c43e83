/**
 * The kept entries of a fuzz target: tests/fuzz/corpus/NAME.jsonl, a JSON string per line. Bytes are
 * written as the characters of their numbers (Latin-1).
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const FOLDER = join(import.meta.dir, "corpus");

/** Of the corpora together some hundred KiB: they are part of the checkout. */
const MAX_ENTRIES = 256;
const MAX_LENGTH = 4096;

export function readKept(name: string): readonly string[] {
  const path = join(FOLDER, `${name}.jsonl`);
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as string);
}

/** Puts new ones behind those there are, as many as there is room for; how many those are. */
export function keep(name: string, entries: readonly string[]): number {
  const known = readKept(name);
  const all = new Set(known);
  for (const entry of [...entries].sort((a, b) => a.length - b.length)) {
    if (all.size < MAX_ENTRIES && entry.length <= MAX_LENGTH) all.add(entry);
  }
  write(name, [...all]);
  return all.size - known.length;
}

/** What made a target fail goes first, whatever its size. */
export function keepFailure(name: string, entry: string): void {
  write(name, [...new Set([entry, ...readKept(name)])]);
}

function write(name: string, entries: readonly string[]): void {
  const path = join(FOLDER, `${name}.jsonl`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
}
