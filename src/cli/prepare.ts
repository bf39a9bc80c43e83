/** Request to Plan on this host: the pure layers with the probe between them. */

import { readFileSync } from "node:fs";
import type { Request } from "../contract/request.ts";
import { MxcError } from "../errors.ts";
import { factsOfCaller } from "../host/caller.ts";
import type { HostFacts } from "../host/facts.ts";
import { findKernelMounts } from "../host/mounts.ts";
import { BASELINE_PATHS } from "../native/abi.generated.ts";
import { planLinux } from "../plan/linux.ts";
import type { Plan } from "../plan/plan.ts";
import { resolveBackend } from "../policy/backend.ts";
import type { ReportOptions } from "../policy/network.ts";
import { DEFAULT_PIDS, type Policy } from "../policy/policy.ts";
import { toPolicy } from "../policy/to-policy.ts";

export interface PrepareOptions {
  readonly experimental: boolean;
  /** Of the network's decisions; absent: none. */
  readonly reports?: ReportOptions;
}

export async function prepare(request: Request, options: PrepareOptions): Promise<Plan> {
  const policy = toPolicyHere(request, options);
  const facts = needsProbe(policy)
    ? (await import("../host/probe.ts")).probeHost(policy)
    : factsOfCaller();
  const plan = planLinux(policy, await withResolver(policy, facts));
  if (!plan.ok) throw new MxcError(...plan.refusals);
  return plan.plan;
}

async function withResolver({ network }: Policy, facts: HostFacts): Promise<HostFacts> {
  if (network.kind !== "brokered" || !network.resolver) return facts;
  const resolver = (await import("../host/resolver.ts")).probeResolver();
  return resolver === undefined ? facts : { ...facts, resolver };
}

/** Without paths and other questions there is nothing to look up on the host but its mounts. */
function needsProbe({ grants, process: own, limits }: Policy): boolean {
  return (
    grants.length > 0 ||
    own.cwd !== undefined ||
    limits.pids !== DEFAULT_PIDS ||
    findKernelMounts(readFileSync("/proc/self/mountinfo", "utf8"), BASELINE_PATHS).length > 0
  );
}

/** As far as it goes without looking at the policy's paths. */
export function toPolicyHere(request: Request, options: PrepareOptions): Policy {
  const backend = resolveBackend(request, process.platform, options.experimental);
  if (typeof backend !== "string") throw new MxcError(backend);
  const policy = toPolicy(request, options.reports);
  if (!policy.ok) throw new MxcError(...policy.refusals);
  return policy.policy;
}
