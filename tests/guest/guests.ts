/** The guests that tests use, and what keeps one from being had here. */

import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { type GuestArch, guestUnavailable } from "../../scripts/guest/guest.ts";
import { unpackPackages } from "../../scripts/guest/packages.ts";
import { type Attack, commonFolder, findAttacks } from "../escape/attacks.ts";
import { compileAll } from "../support/compile.ts";
import { repositoryRoot } from "../support/paths.ts";

export const GUEST_MS = 600_000;

export function guestBinary(arch: GuestArch): string {
  return join(repositoryRoot, "dist", `mxc-linux-${arch}`);
}

/** Undefined where everything is there. */
export function whyNot(arch: GuestArch): string | undefined {
  const reason = guestUnavailable(arch);
  if (reason !== undefined) return reason;
  if (existsSync(guestBinary(arch))) return undefined;
  return `dist/mxc-linux-${arch} is not built: npm run build -- mxc-linux-${arch}`;
}

/** Those of tests/escape that can be tried in an x64 guest: it has no Python and no terminal. */
export function guestAttacks(): readonly Attack[] {
  return findAttacks().filter(({ kind, launcher }) => kind === "c" && launcher === "plain");
}

/** As root and as an ordinary user, where an attack does not say who. */
export function countRuns(attacks: readonly Attack[]): number {
  return attacks.reduce((sum, { callers }) => sum + (callers === "all" ? 2 : 1), 0);
}

/** An x64 guest's files: what tests/escape runs from, its programs already compiled. */
export async function attackFiles(): Promise<Record<string, string>> {
  const victim = join(repositoryRoot, "tests", "support", "victim.c");
  const written = findAttacks().filter(({ kind }) => kind === "c");
  const sources = [...written.map(({ file }) => file), victim];
  const programs = await compileAll(sources, [join(commonFolder, "attack.h")]);
  const tools = unpackPackages("x64", ["util-linux", "libcap-ng0"]);
  const files: Record<string, string> = {
    "usr/bin/mxc": guestBinary("x64"),
    "usr/bin/bun": process.execPath,
    "usr/bin/setpriv": join(tools, "usr/bin/setpriv"),
    "usr/lib/x86_64-linux-gnu": join(tools, "lib/x86_64-linux-gnu"),
    "checkout/tests/escape": join(repositoryRoot, "tests", "escape"),
    "checkout/tests/support": join(repositoryRoot, "tests", "support"),
  };
  for (const program of programs.values()) {
    files[join("checkout", relative(repositoryRoot, program))] = program;
  }
  return files;
}
