/** `mxc run`: a config, flags, or both, to a running sandbox. */

import { executePlan } from "../backends/linux/execute.ts";
import type { Setback } from "../backends/linux/setback.ts";
import { MxcError } from "../errors.ts";
import type { Plan } from "../plan/plan.ts";
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
    await log(plan, flags);
    if (flags.switches.has("dry-run")) {
      return write(1, "The config is valid, and this host can enforce it. Nothing was run.\n");
    }
    const logged =
      alternative &&
      (async (setback: Setback) => {
        const other = await alternative(setback);
        await log(other, flags);
        return other;
      });
    await executePlan(plan, { envelope: json, debugTrailer: false }, logged);
  } catch (error) {
    if (error instanceof MxcError) return fail(error, json);
    throw error;
  }
}

async function log(plan: Plan, { switches, values }: ParsedFlags): Promise<void> {
  if (!switches.has("debug") && !values.has("log-file")) return;
  const { logPlan } = await import("./log.ts");
  logPlan(plan, switches.has("debug"), values.get("log-file"));
}

function asksForHelp(args: readonly string[]): boolean {
  for (const arg of args) {
    if (arg === "--") return false;
    if (arg === "--help" || arg === "-h") return true;
  }
  return false;
}
