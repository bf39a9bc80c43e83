/** `mxc check`: validates, starts nothing. */

import { reportsOf } from "./merge-flags.ts";
import { write } from "./output.ts";
import { prepareSettled } from "./prepare.ts";
import { parseRunFlags, toRequest } from "./request.ts";

export async function check(args: readonly string[]): Promise<void> {
  const flags = parseRunFlags(args);
  const request = await toRequest(flags);
  const plan = await prepareSettled(request, {
    experimental: flags.switches.has("experimental"),
    reports: reportsOf(flags),
  });
  write(
    1,
    flags.switches.has("json")
      ? `${JSON.stringify({ valid: true, backend: plan.backend, tier: plan.tier })}\n`
      : `Valid. It would run in ${plan.backend} (tier ${plan.tier}).\n`,
  );
}
