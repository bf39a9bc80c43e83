/**
 * Runs commands in the network that support/world.sh makes: an outer network namespace, in which
 * mxc is started, and one with servers behind it. Making them takes root.
 */

import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { callers } from "../support/paths.ts";
import { type Scratch, scratch } from "../support/scratch.ts";

export interface Job {
  readonly name: string;
  readonly words: readonly string[];
  /** Ask who was contacted. */
  readonly settles?: boolean;
}

export interface Result {
  readonly name: string;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  /** `ADDRESS PORT` of the servers that were reached; of a job that settles. */
  readonly contacts?: readonly string[];
}

const support = join(import.meta.dir, "support");

/** The world's folder, with the programs of support/ in `granted`, which sandboxes may read. */
export function worldFolder(): Scratch {
  const folder = scratch(callers.at(-1));
  const granted = join(folder.path, "granted");
  mkdirSync(granted, { mode: 0o755 });
  for (const name of readdirSync(support)) copyFileSync(join(support, name), join(granted, name));
  return folder;
}

/** Twice what the longest of the lists takes on two processors. */
const LIMIT_MS = 300_000;

/** Everything that was run, by name. Throws when the world ended, or was ended, before all was. */
export async function runInWorld(
  folder: Scratch,
  jobs: readonly Job[],
  options: { readonly services?: boolean } = {},
): Promise<ReadonlyMap<string, Result>> {
  const file = join(folder.path, "cases.json");
  writeFileSync(file, JSON.stringify(jobs));
  const world = join(folder.path, "granted", "world.sh");
  const driver = join(folder.path, "granted", "driver.py");
  const child = Bun.spawn(
    [
      // The servers die with the world, however it ends.
      ...["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"],
      ...["sh", world, folder.path, "/usr/bin/python3", driver, file],
    ],
    {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: { ...process.env, ...(options.services ? { MXC_TEST_SERVICES: "1" } : {}) },
    },
  );
  const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
  const [text, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  clearTimeout(limit);
  const results = new Map<string, Result>();
  for (const line of text.split("\n").filter((one) => one.startsWith("{"))) {
    const result = JSON.parse(line) as Result;
    results.set(result.name, result);
  }
  if ((await child.exited) !== 0 || results.size !== jobs.length) {
    throw new Error(`the world ended early, after ${results.size} of ${jobs.length}: ${errors}`);
  }
  return results;
}
