/** `mxc plan`: the steps, as text or JSON, without carrying them out. */

import { planToJson, planToText } from "../plan/print.ts";
import { reportsOf } from "./merge-flags.ts";
import { write } from "./output.ts";
import { prepareSettled } from "./prepare.ts";
import { parseRunFlags, toRequest } from "./request.ts";

export async function plan(args: readonly string[]): Promise<void> {
  const flags = parseRunFlags(args);
  const request = await toRequest(flags);
  const result = await prepareSettled(request, {
    experimental: flags.switches.has("experimental"),
    reports: reportsOf(flags),
  });
  write(1, flags.switches.has("json") ? planToJson(result) : planToText(result));
}
