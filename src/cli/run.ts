/** `mxc run`: a config, flags, or both, to a running sandbox. */

import type { Request } from "../contract/request.ts";
import { MxcError } from "../errors.ts";
import { type ParsedFlags, parseFlags, UsageError } from "./flags.ts";
import { fail, usage, write } from "./output.ts";
import { RUN_FLAGS } from "./run-flags.ts";
import { readConfig } from "./config.ts";
import { mergeFlags } from "./merge-flags.ts";

export async function run(args: readonly string[]): Promise<void> {
  let flags: ParsedFlags;
  try {
    if (isHelp(args)) {
      const { printHelp } = await import("./help.ts");
      return printHelp("run");
    }
    flags = parseFlags(args, RUN_FLAGS);
    if (flags.positionals.length > 1) {
      throw new UsageError(
        `more than one config: ${flags.positionals.join(" ")}; put a command and its arguments behind '--'`,
      );
    }
  } catch (error) {
    if (error instanceof UsageError) return usage("run", error.message);
    throw error;
  }
  try {
    const request = await toRequest(flags);
    const { prepare } = await import("./prepare.ts");
    const plan = prepare(request, { experimental: flags.switches.has("experimental") });
    if (flags.switches.has("dry-run")) {
      write(1, "The config is valid, and this host can enforce it.\n");
      return;
    }
    const { executePlan } = await import("../backends/linux/execute.ts");
    await executePlan(plan, { envelope: flags.switches.has("json"), debugTrailer: false });
  } catch (error) {
    if (error instanceof MxcError) return fail(error, flags.switches.has("json"));
    throw error;
  }
}

function isHelp(args: readonly string[]): boolean {
  const own = args.indexOf("--");
  const before = own < 0 ? args : args.slice(0, own);
  return before.includes("--help") || before.includes("-h");
}

async function toRequest(flags: ParsedFlags): Promise<Request> {
  const source = flags.values.get("config-base64") !== undefined
    ? { base64: flags.values.get("config-base64") as string }
    : (flags.values.get("config") ?? flags.positionals[0]);
  if (source === undefined && flags.rest === undefined) {
    throw new MxcError({
      code: "usage",
      field: "",
      message: "nothing to run",
      remedy: "Name a config (mxc run config.json) or a command (mxc run -- COMMAND ARG...).",
    });
  }
  const base = source === undefined ? undefined : await readConfig(source);
  return mergeFlags(base, flags);
}
