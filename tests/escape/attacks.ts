/**
 * The attacks: one program each, with directives in its opening comment:
 *   @launcher descriptors|terminal   how mxc itself is started (default: plainly)
 *   @callers root|user               who runs it (default: both)
 *   @flags WORDS                     further flags of mxc run; NAME stands for the variable's value
 *   @landlock no twin: REASON        in the landlock tier the harmless twin cannot work either
 *   @landlock shows[ to user|root]: REASON   there something of it works, harmless as the reason says
 *   @control root|none: REASON       tried without a sandbox as root, or not at all (default: as an
 *                                    ordinary user, which cannot harm the host)
 * A program `x.c` may have `x.ts` beside it: what has to be there before, and what must hold on the
 * host afterwards.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import type { SandboxResult } from "../support/sandbox.ts";
import type { Fixture } from "./fixture.ts";

export interface Sidecar {
  /** Further variables for the attack. */
  readonly prepare?: (fixture: Fixture) => Record<string, string> | Promise<Record<string, string>>;
  /** Throws (expect) when the host shows that the attack worked after all. */
  readonly verify?: (fixture: Fixture, result: SandboxResult) => void | Promise<void>;
}

export interface Attack {
  readonly name: string;
  readonly file: string;
  readonly kind: "c" | "sh" | "py";
  readonly launcher: "plain" | "descriptors" | "terminal";
  readonly callers: "all" | "root" | "user";
  readonly flags: readonly string[];
  /** The run without a sandbox, in which it must succeed. */
  readonly control: { readonly kind: "user" | "root" | "none" };
  /** In the landlock tier: why the twin does not work there, or why what is tried is not hidden. */
  readonly landlock: {
    readonly withoutTwin: boolean;
    readonly shows: "never" | "to root" | "to user" | "always";
  };
  readonly sidecar?: string;
}

const KINDS: Readonly<Record<string, Attack["kind"]>> = { ".c": "c", ".sh": "sh", ".py": "py" };

const SIGHTS = [
  ["shows", "always"],
  ["shows to user", "to user"],
  ["shows to root", "to root"],
] as const;

export const commonFolder = join(import.meta.dir, "common");

export function findAttacks(): readonly Attack[] {
  const out: Attack[] = [];
  for (const area of readdirSync(import.meta.dir, { withFileTypes: true })) {
    if (!area.isDirectory() || area.name === "common") continue;
    for (const name of readdirSync(join(import.meta.dir, area.name)).sort()) {
      const kind = KINDS[extname(name)];
      if (kind !== undefined) out.push(read(area.name, name, kind));
    }
  }
  return out;
}

function read(area: string, name: string, kind: Attack["kind"]): Attack {
  const file = join(import.meta.dir, area, name);
  const stem = basename(name, extname(name));
  const directives = new Map<string, string>();
  const text = readFileSync(file, "utf8");
  for (const match of text.matchAll(/^[ *#]*@(\w+) (.*)$/gm)) {
    directives.set(match[1] as string, (match[2] as string).trim());
  }
  for (const known of ["Tries:", "Fails because:", "Stopped by:"]) {
    if (!text.includes(known)) throw new Error(`${file}: its opening comment lacks '${known}'`);
  }
  const control = /^(root|none): ./.exec(directives.get("control") ?? "");
  if (directives.has("control") && control === null)
    throw new Error(`${file}: @control needs a reason`);
  const landlock = [
    ...text.matchAll(/^[ *#]*@landlock (no twin|shows(?: to (?:user|root))?): .+$/gm),
  ].map(([, kind]) => kind);
  if (landlock.length !== [...text.matchAll(/@landlock /g)].length)
    throw new Error(`${file}: @landlock needs 'no twin' or 'shows', and a reason`);
  const sidecar = join(import.meta.dir, area, `${stem}.ts`);
  return {
    name: `${area}/${stem}`,
    file,
    kind,
    launcher: (directives.get("launcher") ?? "plain") as Attack["launcher"],
    callers: (directives.get("callers") ?? "all") as Attack["callers"],
    flags: directives.get("flags")?.split(" ") ?? [],
    landlock: {
      withoutTwin: landlock.includes("no twin"),
      shows: SIGHTS.find(([kind]) => landlock.includes(kind))?.[1] ?? "never",
    },
    control: { kind: (control?.[1] ?? "user") as Attack["control"]["kind"] },
    ...(existsSync(sidecar) ? { sidecar } : {}),
  };
}
