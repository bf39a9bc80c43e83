/** Host programs that tests run inside: where they are, and what they need to be granted. */

import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

/** What every sandbox sees of the host anyway. */
const BASELINE = [
  "/usr/bin",
  "/usr/sbin",
  "/usr/lib",
  "/usr/lib32",
  "/usr/lib64",
  "/usr/libexec",
  "/usr/share",
  "/bin",
  "/sbin",
  "/lib",
  "/lib64",
  "/etc",
];

export interface Tool {
  readonly path: string;
  readonly grants: readonly string[];
}

/** The program, with the grants that make it run; undefined where the host has none. */
export function findTool(name: string): Tool | undefined {
  const found = Bun.which(name, {
    PATH: `/usr/local/bin:/usr/bin:/bin:${process.env.PATH ?? ""}`,
  });
  if (found === null) return undefined;
  const path = realpathSync(found);
  if (BASELINE.some((folder) => path.startsWith(`${folder}/`))) return { path, grants: [] };
  // A distribution's own tree: the folder above bin/ has its libraries.
  const prefix = dirname(dirname(path));
  const folders = ["bin", "lib", "include", "share"].map((folder) => join(prefix, folder));
  const granted = folders.filter((folder) => existsSync(folder));
  return { path, grants: [`--allow-read=${granted.join(",")}`] };
}
