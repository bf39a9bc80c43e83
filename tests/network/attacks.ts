/**
 * The attacks on the brokered network: one program each in attacks/, of the form that
 * tests/escape/attacks.ts describes, with these directives:
 *   @flags WORDS             the network's flags instead of those that allow two addresses
 *   @callers root|user       who runs it (default: both)
 *   @control root|none: WHY  tried without a sandbox as root, or not at all (default: as an
 *                            ordinary user); it has to succeed there
 *   @fails WHY               it is known not to be blocked yet; the test says when it is
 *   @launcher host           it may ask a process of the host, see support/host.py
 */

import { readdirSync, readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";

export interface Attack {
  readonly name: string;
  readonly file: string;
  readonly kind: "c" | "py";
  readonly callers: string;
  readonly flags: readonly string[];
  readonly control: "user" | "root" | "none";
  readonly fails: boolean;
  readonly asksHost: boolean;
}

export const attacksFolder = join(import.meta.dir, "attacks");

/** Ports 666 of these may be reached, and the test's servers there. */
const DEFAULT_FLAGS = "--allow-net=9.9.9.10,[2600::10]";

export function findAttacks(): readonly Attack[] {
  return readdirSync(attacksFolder)
    .filter((name) => [".c", ".py"].includes(extname(name)))
    .sort()
    .map((name) => read(join(attacksFolder, name)));
}

function read(file: string): Attack {
  const text = readFileSync(file, "utf8");
  for (const known of ["Tries:", "Fails because:", "Stopped by:"]) {
    if (!text.includes(known)) throw new Error(`${file}: its opening comment lacks '${known}'`);
  }
  const directives = new Map(
    [...text.matchAll(/^[ *#]*@(\w+) (.*)$/gm)].map((match) => [
      match[1] as string,
      (match[2] as string).trim(),
    ]),
  );
  const control = directives.get("control");
  if (control !== undefined && !/^(root|none): ./.test(control)) {
    throw new Error(`${file}: @control needs a reason`);
  }
  return {
    name: basename(file, extname(file)),
    file,
    kind: extname(file) === ".c" ? "c" : "py",
    callers: directives.get("callers") ?? "all",
    flags: (directives.get("flags") ?? DEFAULT_FLAGS).split(" "),
    control: (control?.split(":")[0] ?? "user") as Attack["control"],
    fails: directives.has("fails"),
    asksHost: directives.get("launcher") === "host",
  };
}
