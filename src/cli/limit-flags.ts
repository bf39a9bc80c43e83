/** The flags of limits and figures: one for each field of `extensions.limits`. */

import type { LimitName, Limits, Request, Statistics } from "../contract/request.ts";
import { MxcError } from "../errors.ts";
import { type FlagDefs, type ParsedFlags, UsageError } from "./flags.ts";

export const LIMIT_FLAGS: FlagDefs = {
  "memory-mb": {
    type: "string",
    valueHint: "MIB",
    description: "End it when all of it together takes more memory",
  },
  cpus: {
    type: "string",
    valueHint: "N",
    description: "Let it have so many processors' worth of time; 0.5 is half of one",
  },
  pids: {
    type: "string",
    valueHint: "N",
    description: "Let it have so many processes and threads at one time",
  },
  "open-files": {
    type: "string",
    valueHint: "N",
    description: "Let each process have so many open files",
  },
  "file-size-mb": {
    type: "string",
    valueHint: "MIB",
    description: "Let no file grow larger",
  },
  "disk-mb": { type: "string", valueHint: "MIB", description: "Size of the private /tmp" },
  "wall-ms": {
    type: "string",
    valueHint: "MS",
    description: "End it after so many milliseconds, and say so as of the other limits",
  },
  "cpu-ms": {
    type: "string",
    valueHint: "MS",
    description: "End it when all of it together has taken so much processor time",
  },
  "output-mb": {
    type: "string",
    valueHint: "MIB",
    description: "End it when it prints more",
  },
  "require-limits": {
    type: "string",
    list: true,
    optional: true,
    valueHint: "LIMIT,...",
    description: "Refuse to run where these (bare: all that are set) could only be sampled",
  },
  stats: {
    type: "string",
    list: true,
    optional: true,
    valueHint: "text|json",
    description: "Tell at the end, on stderr, what the run took",
  },
};

interface Field {
  readonly name: LimitName;
  readonly minimum: number;
  readonly fraction?: true;
}

/** In the bounds of the config's field. */
const FIELDS: Readonly<Record<string, Field>> = {
  "memory-mb": { name: "memoryMb", minimum: 4 },
  cpus: { name: "cpus", minimum: 0.01, fraction: true },
  pids: { name: "pids", minimum: 2 },
  "open-files": { name: "openFiles", minimum: 8 },
  "file-size-mb": { name: "fileSizeMb", minimum: 1 },
  "disk-mb": { name: "diskMb", minimum: 1 },
  "wall-ms": { name: "wallMs", minimum: 1 },
  "cpu-ms": { name: "cpuMs", minimum: 1 },
  "output-mb": { name: "outputMb", minimum: 1 },
};

/** A flag goes before the config's field. */
export function mergeLimits(
  { extensions }: Request,
  flags: ParsedFlags,
): Pick<Request, "extensions" | "statistics"> {
  const limits: Partial<Record<LimitName, number>> = {};
  for (const [flag, field] of Object.entries(FIELDS)) {
    const text = flags.values.get(flag);
    if (text !== undefined) limits[field.name] = amountOf(flag, text, field);
  }
  const asked = flags.lists.get("require-limits");
  const statistics = statisticsOf(flags);
  const told = statistics === undefined ? {} : { statistics };
  if (Object.keys(limits).length === 0 && asked === undefined) return { extensions, ...told };
  const all: Limits = { ...extensions.limits, ...limits };
  const required = asked === undefined ? all.required : requiredOf(asked, all);
  return {
    extensions: { ...extensions, limits: required === undefined ? all : { ...all, required } },
    ...told,
  };
}

function amountOf(flag: string, text: string, { minimum, fraction }: Field): number {
  const value = Number(text);
  const form = fraction === true ? /^\d+(\.\d+)?$/ : /^\d+$/;
  const maximum = fraction === true ? 8192 : 0xffff_ffff;
  if (form.test(text) && value >= minimum && value <= maximum) return value;
  const what = fraction === true ? "number" : "whole number";
  throw new MxcError({
    code: "usage",
    field: "",
    message: `--${flag}=${text} is not a ${what} from ${minimum} to ${maximum}`,
  });
}

/** Fields may be named as in a config or as flags are. */
function requiredOf(words: readonly string[], limits: Limits): readonly LimitName[] {
  const { required, ...values } = limits;
  if (words.length === 0) return Object.keys(values) as LimitName[];
  const names = words.map((word) => {
    const field = FIELDS[word] ?? Object.values(FIELDS).find(({ name }) => name === word);
    if (field === undefined) {
      throw new UsageError(
        `--require-limits=${word} is no limit; there are ${Object.keys(FIELDS).join(", ")}`,
      );
    }
    return field.name;
  });
  return [...new Set([...(required ?? []), ...names])];
}

function statisticsOf({ lists, switches }: ParsedFlags): Statistics | undefined {
  const form = lists.get("stats");
  if (form === undefined) return undefined;
  const [word = switches.has("json") ? "json" : "text", ...rest] = form;
  if (rest.length === 0 && (word === "text" || word === "json")) return word;
  throw new UsageError(`--stats=${form.join(",")} is neither 'text' nor 'json'`);
}
