/** What the landlock tier asks of the host, asked when it is planned for. */

import { accessSync, constants, lstatSync, readdirSync, realpathSync } from "node:fs";
import { BASELINE_PATHS, SENSITIVE_PATHS } from "../native/abi.generated.ts";
import { isWithin, join } from "../policy/paths.ts";
import type { FolderEntry, LandlockFacts } from "./facts.ts";
import { toObject } from "./probe.ts";

export function probeLandlock(): LandlockFacts {
  return {
    baseline: baseline(),
    secrets: SENSITIVE_PATHS.flatMap(secretAt),
    entriesOf,
    processes: countProcesses(),
    scratch: join(temporaryFolder(), `mxc-${randomName()}`),
  };
}

function baseline(): readonly string[] {
  const found = new Set<string>();
  for (const path of BASELINE_PATHS) {
    const canonical = canonicalOf(path);
    if (canonical !== undefined) found.add(canonical);
  }
  const all = [...found];
  return all.filter((path) => !all.some((other) => other !== path && isWithin(path, other)));
}

function canonicalOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function secretAt(path: string) {
  const canonical = canonicalOf(path);
  if (canonical === undefined) return [];
  try {
    accessSync(canonical, constants.R_OK);
  } catch {
    return []; // nor can the workload, which has the caller's uid
  }
  return [{ canonical, isFolder: lstatSync(canonical).isDirectory() }];
}

function entriesOf(folder: string): readonly FolderEntry[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return []; // not to be listed by the caller
  }
  return names.flatMap((name) => {
    const path = join(folder, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    // A rule is of an object; what a link leads to has its own.
    if (stats === undefined || stats.isSymbolicLink()) return [];
    return [{ name, object: toObject(path, stats) }];
  });
}

/** As RLIMIT_NPROC counts them (getrlimit(2)): the uid's, every thread. Root's are not counted. */
function countProcesses(): number {
  const uid = process.getuid?.() ?? 0;
  if (uid === 0) return 0;
  let count = 0;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (lstatSync(`/proc/${name}`).uid === uid) count += readdirSync(`/proc/${name}/task`).length;
    } catch {
      // It has ended.
    }
  }
  return count;
}

/** Where everybody may make files of their own, and nobody remove another's. */
function temporaryFolder(): string {
  const stickyAndWritable = 0o1002;
  for (const path of ["/tmp", "/var/tmp", process.env.XDG_RUNTIME_DIR]) {
    if (path === undefined || !path.startsWith("/")) continue;
    const canonical = canonicalOf(path);
    const stats = canonical === undefined ? undefined : lstatSync(canonical);
    if (canonical === undefined || stats?.isDirectory() !== true) continue;
    const isOwn = stats.uid === process.getuid?.() && (stats.mode & 0o022) === 0;
    if (isOwn || (stats.mode & stickyAndWritable) === stickyAndWritable) return canonical;
  }
  return "/tmp";
}

function randomName(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString("base64url");
}
