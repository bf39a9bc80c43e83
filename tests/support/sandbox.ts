/** Runs the built binary as a user would, and hands back everything that came out of it. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { asUser, binaryFor } from "./paths.ts";
import { type Scratch, scratch } from "./scratch.ts";

export interface SandboxRun {
  /** A config document, given with `--config`; flags add to it. */
  readonly config?: object;
  readonly flags?: readonly string[];
  /** What runs inside; may be absent when the config has a command. */
  readonly argv?: readonly string[];
  readonly stdin?: string | Uint8Array | Blob | "inherit" | "pipe";
  readonly uid?: number;
  /** The caller's own environment, which the workload must not see. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Words before the binary: a program that starts it in some special way. */
  readonly launcher?: readonly string[];
  /** The run is killed and the test fails after so many milliseconds. */
  readonly limitMs?: number;
}

export interface SandboxResult {
  readonly exitCode: number | null;
  readonly signal: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SandboxBytes extends Omit<SandboxResult, "stdout"> {
  readonly stdout: Uint8Array;
}

const DEFAULT_LIMIT_MS = 60_000;

export function commandOf(run: SandboxRun, folder: Scratch): string[] {
  const uid = run.uid ?? process.getuid?.() ?? 0;
  const words = [...asUser(uid), ...(run.launcher ?? []), binaryFor(uid), "run"];
  if (run.config !== undefined) {
    const file = join(folder.path, `config-${crypto.randomUUID()}.json`);
    writeFileSync(file, JSON.stringify(run.config), { mode: 0o644 });
    words.push("--config", file);
  }
  words.push(...(run.flags ?? []));
  if (run.argv !== undefined) words.push("--", ...run.argv);
  return words;
}

export function callerEnvironment(
  folder: Scratch,
  extra: SandboxRun["env"],
): Record<string, string> {
  return {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: folder.path,
    TMPDIR: folder.path,
    ...extra,
  };
}

/** A sandbox that the test goes on to talk to. */
export function spawnSandbox(run: SandboxRun, folder: Scratch) {
  const stdin = run.stdin ?? "ignore";
  return Bun.spawn(commandOf(run, folder), {
    stdin:
      typeof stdin === "string" && stdin !== "inherit" && stdin !== "pipe" && stdin !== "ignore"
        ? new Blob([stdin])
        : (stdin as "pipe"),
    stdout: "pipe",
    stderr: "pipe",
    cwd: run.cwd ?? "/",
    env: callerEnvironment(folder, run.env),
  });
}

export async function runSandboxBytes(run: SandboxRun): Promise<SandboxBytes> {
  const folder = scratch(run.uid);
  try {
    const child = spawnSandbox(run, folder);
    const limit = setTimeout(() => child.kill("SIGKILL"), run.limitMs ?? DEFAULT_LIMIT_MS);
    const [stdout, stderr] = await Promise.all([
      new Response(child.stdout as ReadableStream).bytes(),
      new Response(child.stderr as ReadableStream).text(),
    ]);
    await child.exited;
    clearTimeout(limit);
    return { exitCode: child.exitCode, signal: child.signalCode, stdout, stderr };
  } finally {
    folder.remove();
  }
}

export async function runSandbox(run: SandboxRun): Promise<SandboxResult> {
  const result = await runSandboxBytes(run);
  return { ...result, stdout: new TextDecoder().decode(result.stdout) };
}
