/** How the host looks names up: what of it programs in the sandbox shall do alike. Reads only. */

import { closeSync, openSync, readSync, realpathSync } from "node:fs";
import type { ResolverFacts } from "./facts.ts";

const FILE = "/etc/resolv.conf";

/** Of the file; a longer one is read so far. */
const BYTES_MAX = 64 * 1024;

/** Absent: there is no such file, or it cannot be read. */
export function probeResolver(): ResolverFacts | undefined {
  try {
    const canonical = realpathSync(FILE);
    return { canonical, ...parseResolver(readStart(canonical)) };
  } catch {
    return undefined;
  }
}

function readStart(path: string): string {
  const fd = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(BYTES_MAX);
    return buffer.toString("utf8", 0, readSync(fd, buffer, 0, BYTES_MAX, 0));
  } finally {
    closeSync(fd);
  }
}

/** Of the caller's way with names, not of its servers: `trust-ad` and the like say what those do. */
const OPTIONS =
  /^(?:(?:ndots|timeout|attempts):\d{1,3}|single-request(?:-reopen)?|use-vc|no-aaaa)$/;

/** resolv.conf(5): the last `search` or `domain` counts, options add up. */
export function parseResolver(text: string): Omit<ResolverFacts, "canonical"> {
  let search: string[] = [];
  const options: string[] = [];
  for (const line of text.split("\n")) {
    const [keyword, ...words] = line.split(/[;#]/, 1)[0]?.trim().split(/\s+/) ?? [];
    if (keyword === "search") search = words;
    else if (keyword === "domain") search = words.slice(0, 1);
    else if (keyword === "options") options.push(...words.filter((word) => OPTIONS.test(word)));
  }
  return {
    search: search.filter((name) => name.length <= 253 && /^[A-Za-z0-9._-]+$/.test(name)),
    options,
  };
}
