/** Request to Plan on this host: the pure layers with the probe between them. */

import type { Request } from "../contract/request.ts";
import { MxcError } from "../errors.ts";
import { probeHost } from "../host/probe.ts";
import { planLinux } from "../plan/linux.ts";
import type { Plan } from "../plan/plan.ts";
import { resolveBackend } from "../policy/backend.ts";
import { toPolicy } from "../policy/to-policy.ts";

export interface PrepareOptions {
  readonly experimental: boolean;
}

export function prepare(request: Request, options: PrepareOptions): Plan {
  const backend = resolveBackend(request, process.platform, options.experimental);
  if (typeof backend !== "string") throw new MxcError(backend);
  const policy = toPolicy(request);
  if (!policy.ok) throw new MxcError(...policy.refusals);
  const plan = planLinux(policy.policy, probeHost(policy.policy));
  if (!plan.ok) throw new MxcError(...plan.refusals);
  return plan.plan;
}
