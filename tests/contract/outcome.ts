/** Runs one executor with `--dry-run` and says what kind of answer it gave. */

import { join } from "node:path";

export const ROOT = join(import.meta.dir, "..", "..");

/** `config`: refused while reading it. `backend`: refused for what it asks. */
export type Outcome = "accepted" | "config" | "backend" | "not enforceable" | `exit ${number}`;

export const REFERENCES = {
  "0.8": join(ROOT, "node_modules/mxc-reference-0.8/bin/x64/lxc-exec"),
  "1.0": join(ROOT, "node_modules/mxc-reference-1.0/bin/x64/lxc-exec"),
} as const;

export async function outcomeOf(executor: string, file: string): Promise<Outcome> {
  const child = Bun.spawn([executor, "--dry-run", file], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code === 0 && stdout.includes("validation passed")) return "accepted";
  if (code === 1 && stderr.startsWith("Request error")) return "config";
  if (code === 1 && stderr.startsWith("error: ")) return "backend";
  if (code === 255 && stdout.includes("validation failed")) return "not enforceable";
  return `exit ${code}`;
}
