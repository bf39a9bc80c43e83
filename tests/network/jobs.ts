/** A case as a command of the world's, and what must have come of it. */

import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryFor, callerName } from "../support/paths.ts";
import type { Scratch } from "../support/scratch.ts";
import type { Case } from "./cases.ts";
import type { Job, Result } from "./world.ts";

export function jobName(uid: number, { name }: Case): string {
  return `${callerName(uid)}: ${name}`;
}

/** FOLDER stands for the folder that the sandbox may read, PROBE for the probe, CALLER for its uid. */
export function jobOf(folder: Scratch, uid: number, one: Case): Job {
  const id = String(uid);
  const granted = join(folder.path, "granted");
  const fill = (word: string) =>
    word
      .replaceAll("FOLDER", granted)
      .replaceAll("PROBE", join(granted, "probe.py"))
      .replaceAll("CALLER", id);
  const words = [
    ...["setpriv", "--reuid", id, "--regid", id, "--clear-groups", "--"],
    ...(one.launcher ?? []).map(fill),
    ...[binaryFor(uid), "run"],
  ];
  if (one.config !== undefined) {
    const file = join(folder.path, `config-${crypto.randomUUID()}.json`);
    const config = {
      ...one.config,
      process: { commandLine: "true" },
      containment: "bubblewrap",
    };
    writeFileSync(file, JSON.stringify(config), { mode: 0o644 });
    words.push("--config", file);
  }
  if (!(one.flags ?? []).some((flag) => flag.startsWith("--allow-read"))) {
    words.push(`--allow-read=${granted}`);
  }
  words.push(...(one.flags ?? []).map(fill), "--", ...one.argv.map(fill));
  return { name: jobName(uid, one), words };
}

export function expectOutcome(one: Case, result: Result | undefined): void {
  if (result === undefined) throw new Error("it was not run");
  if (typeof one.stdout === "string") {
    expect({ stdout: result.stdout, stderr: result.stderr }).toEqual({
      stdout: one.stdout,
      stderr: expect.any(String),
    });
  } else if (one.stdout !== undefined) expect(result.stdout).toMatch(one.stdout);
  if (one.stderr !== undefined) expect(result.stderr).toMatch(one.stderr);
  if (one.code !== undefined || typeof one.stdout === "string") {
    expect([result.code, result.stderr]).toEqual([one.code ?? 0, expect.any(String)]);
  }
}
