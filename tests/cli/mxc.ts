/** Starts the built executable, under either of its names, and hands back what came of it. */

import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { asUser, binaryFor } from "../support/paths.ts";
import type { Scratch } from "../support/scratch.ts";

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Start {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly uid?: number;
}

const own = process.getuid?.() ?? 0;

export const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function start(program: string, args: readonly string[], how: Start): Outcome {
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    [...asUser(how.uid ?? own), program, ...args],
    {
      stdin: how.stdin === undefined ? "ignore" : Buffer.from(how.stdin),
      cwd: how.cwd ?? "/",
      env: how.env ?? { PATH, HOME: "/nonexistent" },
      timeout: 60_000,
      killSignal: "SIGKILL",
    },
  );
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

export function mxc(args: readonly string[], how: Start = {}): Outcome {
  return start(binaryFor(how.uid ?? own), args, how);
}

/** `lxc-exec`, by a link in the folder. */
export function lxcExec(folder: Scratch) {
  const link = join(folder.path, "lxc-exec");
  symlinkSync(binaryFor(own), link);
  return (args: readonly string[], how: Start = {}) => start(link, args, how);
}

export function base64(document: unknown): string {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  return Buffer.from(text).toString("base64");
}

export function shell(commandLine: string, more: object = {}): object {
  return { version: "1.0.0", process: { commandLine, cwd: "/" }, ...more };
}
