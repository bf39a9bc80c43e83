/** Flags and config of `run`, `check` and `plan` to one Request. */

import type { Request } from "../contract/request.ts";
import { MxcError } from "../errors.ts";
import { type ParsedFlags, parseFlags, UsageError } from "./flags.ts";
import { mergeFlags } from "./merge-flags.ts";
import { RUN_FLAGS } from "./run-flags.ts";

export function parseRunFlags(args: readonly string[]): ParsedFlags {
  const flags = parseFlags(args, RUN_FLAGS);
  if (flags.positionals.length > 1) {
    throw new UsageError(
      `more than one config: ${flags.positionals.join(" ")}; a command and its arguments go behind '--'`,
    );
  }
  return flags;
}

export async function toRequest(flags: ParsedFlags): Promise<Request> {
  const base64 = flags.values.get("config-base64");
  const source =
    base64 === undefined ? (flags.values.get("config") ?? flags.positionals[0]) : { base64 };
  if (source !== undefined) {
    const { readConfig } = await import("./config.ts");
    return mergeFlags(await readConfig(source), flags);
  }
  if (flags.rest !== undefined) return mergeFlags(undefined, flags);
  throw new MxcError({
    code: "usage",
    field: "",
    message: "nothing to run",
    remedy: "Name a config (mxc run config.json) or a command (mxc run -- COMMAND ARG...).",
  });
}
