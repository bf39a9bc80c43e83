/** The plan of the landlock tier, asked for or in place of one that needs namespaces. */

import type { Setback } from "../backends/linux/setback.ts";
import { MxcError, type Refusal } from "../errors.ts";
import { probeLimits } from "../host/cgroups.ts";
import { probeLandlock } from "../host/landlock.ts";
import { probeHost } from "../host/probe.ts";
import { planLandlock } from "../plan/landlock.ts";
import type { Plan, PlanResult } from "../plan/plan.ts";
import { needsLimitFacts, type Policy } from "../policy/policy.ts";

export function planTier(policy: Policy): PlanResult {
  const limits = needsLimitFacts(policy) ? probeLimits(policy) : {};
  return planLandlock(policy, { ...probeHost(policy), ...limits }, probeLandlock());
}

/** Namespaces cannot be had: Landlock, if it can enforce the whole policy. */
export async function planAfter(setback: Setback, policy: Policy): Promise<Plan> {
  const { stage, errno, landlockAbi } = setback;
  const result = landlockAbi === 0 ? undefined : planTier(policy);
  if (result?.ok) return result.plan;
  const { namespaceRemedy } = await import("../host/doctor.ts");
  const { errnoName } = await import("../host/errno.ts");
  const what = stage === "namespaces" ? "namespaces" : "private file systems in namespaces";
  const reason = `${what} cannot be had on this host (${errnoName(errno)})`;
  const remedy = namespaceRemedy(errno, stage);
  if (result === undefined) {
    const message = `${reason}, and this kernel has no Landlock, which could do without`;
    throw new MxcError({ code: "launch_failed", field: "", message, remedy });
  }
  const [first, ...rest] = result.refusals.map(
    (refusal): Refusal => ({ ...refusal, message: `${reason}, and ${refusal.message}`, remedy }),
  );
  throw new MxcError(first as Refusal, ...rest);
}
