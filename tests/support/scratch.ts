/** Folders of one test, owned by the user that the test runs as. */

import { chmodSync, chownSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isRoot, scratchRoot } from "./paths.ts";

export interface Scratch {
  readonly path: string;
  readonly remove: () => void;
}

export function scratch(uid?: number): Scratch {
  const path = realpathSync(mkdtempSync(join(scratchRoot(), "mxc-test-")));
  chmodSync(path, 0o755);
  if (uid !== undefined && isRoot()) chownSync(path, uid, uid);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Gives a whole tree to a user; links themselves, not what they point to. */
export function giveTo(uid: number, path: string): void {
  if (!isRoot()) return;
  const result = Bun.spawnSync(["chown", "-R", "-h", `${uid}:${uid}`, path]);
  if (result.exitCode !== 0) throw new Error(result.stderr.toString());
}
