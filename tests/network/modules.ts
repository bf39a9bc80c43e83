/** Python modules that no Debian package has, for /usr/bin/python3: from PyPI, kept in .tools/. */

import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../support/paths.ts";

const VERSIONS = ["aioquic==1.2.0"];

const kept = join(repositoryRoot, ".tools", "python", VERSIONS.join("-"));

/** Where they are; brought when they are first wanted. Undefined where they cannot be had. */
export function pythonModules(): string | undefined {
  if (existsSync(kept)) return kept;
  const partial = `${kept}.${process.pid}`;
  const ends = output([
    "/usr/bin/python3",
    "-c",
    "import sys; print('%d.%d' % sys.version_info[:2])",
  ]);
  if (ends === undefined) return undefined;
  mkdirSync(partial, { recursive: true });
  const pip = ["python3", "-m", "pip", "install", "--quiet", "--only-binary=:all:"];
  const done = output([
    ...pip,
    `--python-version=${ends.trim()}`,
    `--target=${partial}`,
    ...VERSIONS,
  ]);
  if (done === undefined) {
    rmSync(partial, { recursive: true, force: true });
    return undefined;
  }
  renameSync(partial, kept);
  return kept;
}

/** The ways in which a case of a granted folder finds them: FOLDER is that folder. */
export const MODULES_VARIABLE = "--env=PYTHONPATH=FOLDER/python";

/** Copied to where the servers and the workload may read them. */
export function putModules(granted: string): void {
  const modules = pythonModules();
  if (modules !== undefined) cpSync(modules, join(granted, "python"), { recursive: true });
}

function output(words: readonly string[]): string | undefined {
  const { exitCode, stdout } = Bun.spawnSync([...words], { stderr: "ignore" });
  return exitCode === 0 ? stdout.toString() : undefined;
}
