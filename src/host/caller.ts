/** What is known of the caller without looking at any file. */

import type { HostFacts } from "./facts.ts";

export function factsOfCaller(): HostFacts {
  return {
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    cwd: currentFolder(),
    kernel: [0, 0],
    paths: new Map(),
    links: new Map(),
    aliases: new Map(),
    unboundedLinks: new Set(),
  };
}

function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    return "/"; // deleted, or not to be looked at
  }
}
