/**
 * Flags as citty describes them, parsed strictly: a tool that enforces a policy must not pass over
 * a flag that it does not know, nor keep only the last of several.
 */

import type { ArgDef } from "citty";
import { nearest } from "../contract/nearest.ts";

/**
 * citty's argument, plus what Deno-style flags need. `string`: one value. `list`: may be repeated,
 * commas separate, `=` is required when `optional` (bare, it stands for "all").
 */
export type FlagDef = ArgDef & {
  readonly list?: boolean;
  readonly optional?: boolean;
  readonly hidden?: boolean;
};

export type FlagDefs = Readonly<Record<string, FlagDef>>;

export interface ParsedFlags {
  readonly switches: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  /** An empty list: the flag stood there bare. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];
  /** What follows `--`; absent without it. */
  readonly rest?: readonly string[];
}

export class UsageError extends Error {}

export function parseFlags(args: readonly string[], defs: FlagDefs): ParsedFlags {
  const switches = new Set<string>();
  const values = new Map<string, string>();
  const lists = new Map<string, string[]>();
  const positionals: string[] = [];
  let rest: string[] | undefined;
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] as string;
    if (arg === "--") {
      rest = args.slice(index + 1);
      break;
    }
    if (arg === "-" || !arg.startsWith("-")) {
      positionals.push(arg);
      continue;
    }
    const equals = arg.indexOf("=");
    const spelt = equals < 0 ? arg : arg.slice(0, equals);
    const name = resolveName(spelt, defs);
    const def = defs[name] as FlagDef;
    let value = equals < 0 ? undefined : arg.slice(equals + 1);
    if (def.type === "boolean") {
      if (value !== undefined) throw new UsageError(`${spelt} takes no value`);
      switches.add(name);
      continue;
    }
    if (value === undefined && def.optional !== true) {
      index += 1;
      value = args[index];
      if (value === undefined)
        throw new UsageError(`${spelt} needs a value: ${spelt}=${def.valueHint ?? "VALUE"}`);
    }
    if (def.list === true) {
      const known = lists.get(name) ?? [];
      if (value === "")
        throw new UsageError(`${spelt}= is empty: leave '=' away for all, or name something`);
      const words = value?.split(",") ?? [];
      // An empty path would mean the caller's own folder.
      if (words.includes(""))
        throw new UsageError(`${spelt}=${value} has an empty word in its list`);
      lists.set(name, [...known, ...words]);
    } else {
      if (values.has(name)) throw new UsageError(`${spelt} is given twice`);
      values.set(name, value as string);
    }
  }
  return { switches, values, lists, positionals, ...(rest === undefined ? {} : { rest }) };
}

function resolveName(spelt: string, defs: FlagDefs): string {
  if (spelt.startsWith("--")) {
    const name = spelt.slice(2);
    if (Object.hasOwn(defs, name) && defs[name]?.type !== "positional") return name;
  } else {
    for (const [name, def] of Object.entries(defs)) {
      if ("alias" in def && [def.alias].flat().includes(spelt.slice(1))) return name;
    }
  }
  const names = Object.entries(defs)
    .filter(([, def]) => def.type !== "positional")
    .map(([name]) => `--${name}`);
  const near = nearest(spelt, names);
  throw new UsageError(
    `unknown flag ${spelt}${near === undefined ? "" : `; did you mean ${near}?`}`,
  );
}
