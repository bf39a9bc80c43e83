/** `mxc run`: a config, flags, or both, to a running sandbox. */

import { executePlan } from "../backends/linux/execute.ts";
import { MxcError } from "../errors.ts";
import { type ParsedFlags, UsageError } from "./flags.ts";
import { reportsOf } from "./merge-flags.ts";
import { fail, usage, write } from "./output.ts";
import { prepare } from "./prepare.ts";
import { parseRunFlags, toRequest } from "./request.ts";

export async function run(args: readonly string[]): Promise<void> {
  let flags: ParsedFlags;
  try {
    if (asksForHelp(args)) {
      const { printHelp } = await import("./help.ts");
      return printHelp("run");
    }
    flags = parseRunFlags(args);
  } catch (error) {
    if (error instanceof UsageError) return usage("run", error.message, args);
    throw error;
  }
  const json = flags.switches.has("json");
  try {
    const request = await toRequest(flags);
    const { plan, alternative } = await prepare(request, {
      experimental: flags.switches.has("experimental"),
      reports: reportsOf(flags),
    });
    if (flags.switches.has("debug") || flags.values.has("log-file")) {
      const { logPlan } = await import("./log.ts");
      logPlan(plan, flags.switches.has("debug"), flags.values.get("log-file"));
    }
    if (flags.switches.has("dry-run")) {
      return write(1, "The config is valid, and this host can enforce it. Nothing was run.\n");
    }
    await executePlan(plan, { envelope: json, debugTrailer: false }, alternative);
  } catch (error) {
    if (error instanceof MxcError) return fail(error, json);
    throw error;
  }
}

function asksForHelp(args: readonly string[]): boolean {
  for (const arg of args) {
    if (arg === "--") return false;
    if (arg === "--help" || arg === "-h") return true;
  }
  return false;
}
