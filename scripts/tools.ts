/** What the scripts share: where things are, and running a program with its failure as an error. */

import { dirname } from "node:path";

export const ROOT = dirname(import.meta.dir);

/** Set by bootstrap.mjs. */
export const ZIG = process.env.MXC_ZIG ?? `${ROOT}/.tools/zig-0.17.1/ziglang/zig`;

export function run(command: string, args: readonly string[], env?: Record<string, string>): void {
  const { exitCode, signalCode } = Bun.spawnSync([command, ...args], {
    cwd: ROOT,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    env: { ...process.env, ...env },
  });
  if (exitCode !== 0) {
    throw new Error(
      `${command} ${args.join(" ")} failed: ${signalCode ?? `exit code ${exitCode}`}`,
    );
  }
}

export function say(message: string): void {
  process.stderr.write(`${message}\n`);
}
