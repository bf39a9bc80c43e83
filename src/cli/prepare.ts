/** Request to Plan on this host: the pure layers with the probe between them. */

import type { Alternative } from "../backends/linux/execute.ts";
import type { Request } from "../contract/request.ts";
import { MxcError } from "../errors.ts";
import { factsOfCaller } from "../host/caller.ts";
import type { HostFacts } from "../host/facts.ts";
import { planLinux } from "../plan/linux.ts";
import type { Plan, PlanResult } from "../plan/plan.ts";
import { resolveBackend } from "../policy/backend.ts";
import type { ReportOptions } from "../policy/network.ts";
import { DEFAULT_PIDS, needsLimitFacts, type Policy } from "../policy/policy.ts";
import { toPolicy } from "../policy/to-policy.ts";

export interface PrepareOptions {
  readonly experimental: boolean;
  /** Of the network's decisions; absent: none. */
  readonly reports?: ReportOptions;
}

export interface Prepared {
  readonly plan: Plan;
  /** Where the tier is left to us: for a host on which the plan cannot be carried out. */
  readonly alternative?: Alternative;
}

/** The plan of the tier that is asked for, or of the strongest. */
export async function prepare(request: Request, options: PrepareOptions): Promise<Prepared> {
  const policy = toPolicyHere(request, options);
  if (policy.tier === "landlock") {
    const { planTier } = await import("./landlock-tier.ts");
    return { plan: unwrap(planTier(policy)) };
  }
  const facts = needsProbe(policy)
    ? (await import("../host/probe.ts")).probeHost(policy)
    : factsOfCaller();
  const plan = unwrap(
    planLinux(policy, await withLimits(policy, await withResolver(policy, facts))),
  );
  if (policy.tier === "namespace") return { plan };
  return {
    plan,
    alternative: async (setback) => (await import("./landlock-tier.ts")).planAfter(setback, policy),
  };
}

/** The plan that would run, found out by trying. */
export async function prepareSettled(request: Request, options: PrepareOptions): Promise<Plan> {
  const { plan, alternative } = await prepare(request, options);
  if (alternative === undefined) return plan;
  const { probeNative } = await import("../native/library.ts");
  const { failure, landlockAbi } = probeNative();
  return failure === undefined ? plan : alternative({ ...failure, landlockAbi });
}

export function unwrap(result: PlanResult): Plan {
  if (!result.ok) throw new MxcError(...result.refusals);
  return result.plan;
}

async function withResolver({ network }: Policy, facts: HostFacts): Promise<HostFacts> {
  if (network.kind !== "brokered" || !network.resolver) return facts;
  const resolver = (await import("../host/resolver.ts")).probeResolver();
  return resolver === undefined ? facts : { ...facts, resolver };
}

async function withLimits(policy: Policy, facts: HostFacts): Promise<HostFacts> {
  if (!needsLimitFacts(policy)) return facts;
  return { ...facts, ...(await import("../host/cgroups.ts")).probeLimits(policy) };
}

/** Without paths and other questions there is nothing to look up on the host. */
function needsProbe({ grants, process: own, limits }: Policy): boolean {
  return grants.length > 0 || own.cwd !== undefined || limits.pids !== DEFAULT_PIDS;
}

/** As far as it goes without looking at the policy's paths. */
export function toPolicyHere(request: Request, options: PrepareOptions): Policy {
  const backend = resolveBackend(request, process.platform, options.experimental);
  if (typeof backend !== "string") throw new MxcError(backend);
  const policy = toPolicy(request, options.reports);
  if (!policy.ok) throw new MxcError(...policy.refusals);
  return policy.policy;
}
