/** Where the checkout and the binary under test are. */

import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdtempSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export const repositoryRoot = realpathSync(join(import.meta.dir, "..", ".."));

/** `MXC_BINARY` names another build than this checkout's. */
export const builtBinary = process.env.MXC_BINARY ?? join(repositoryRoot, "dist", "mxc");

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** An ordinary uid, with no entry in the host's tables needed. */
export const ORDINARY_UID = 1000;

/** Who runs the sandbox: root and an ordinary user, as far as the test run may become them. */
export const callers: readonly number[] = isRoot() ? [0, ORDINARY_UID] : [process.getuid?.() ?? 0];

export function callerName(uid: number): string {
  return uid === 0 ? "root" : `uid ${uid}`;
}

/** The words that make a command run as another user; none for the present one. */
export function asUser(uid: number): readonly string[] {
  if (uid === process.getuid?.()) return [];
  const id = String(uid);
  return ["setpriv", "--reuid", id, "--regid", id, "--clear-groups", "--"];
}

const reachable = new Map<number, string>();

/** The binary where this user can execute it: a checkout may be inside a private folder. */
export function binaryFor(uid: number): string {
  const known = reachable.get(uid);
  if (known !== undefined) return known;
  if (!existsSync(builtBinary)) throw new Error(`${builtBinary} is not built: npm run build`);
  const real = realpathSync(builtBinary);
  const test = Bun.spawnSync([...asUser(uid), "test", "-r", real, "-a", "-x", real]);
  const path = test.exitCode === 0 ? real : readableCopy(real);
  reachable.set(uid, path);
  return path;
}

function readableCopy(path: string): string {
  const folder = mkdtempSync(join(scratchRoot(), "mxc-binary-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  Bun.spawnSync(["chmod", "755", folder]);
  const copy = join(folder, "mxc");
  copyFileSync(path, copy);
  Bun.spawnSync(["chmod", "755", copy]);
  return copy;
}

/** Not below /tmp, which is another folder in a sandbox. */
export function scratchRoot(): string {
  for (const folder of ["/var/tmp", tmpdir()]) {
    try {
      accessSync(folder, constants.W_OK);
      return folder;
    } catch {}
  }
  return dirname(repositoryRoot);
}
