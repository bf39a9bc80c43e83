/** Hands a plan over to the native side. Does not return: the supervisor has the process then. */

import { PLAN_FD } from "../../native/abi.generated.ts";
import { type EncodeOptions, encodePlan } from "../../native/encode.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Setback } from "./setback.ts";

/** Until then nothing is loaded that the answer would need. */
const USUAL_LAUNCH_MS = 4;
const LONG_MS = 10_000;

/** Makes the plan for a host that has no namespaces for the caller; throws if there is none. */
export type Alternative = (setback: Setback) => Promise<Plan>;

export async function executePlan(
  plan: Plan,
  options: EncodeOptions,
  alternative?: Alternative,
): Promise<never> {
  const hasAlternative = alternative !== undefined;
  const bytes = encodePlan(plan, { ...options, hasAlternative });
  const channel = planChannel(bytes.length);
  if (channel === undefined) {
    const { execSupervisor } = await import("../../native/library.ts");
    return execSupervisor(bytes);
  }
  channel.write(bytes);
  // Not end(): closing would start a pool of threads, and the header says how long the plan is.
  await channel.flush();
  // The supervisor kills this process once the workload runs; seldom does it have an answer.
  sleep(hasAlternative ? USUAL_LAUNCH_MS : LONG_MS);
  if (hasAlternative) {
    const { readSetback } = await import("./setback.ts");
    const setback = readSetback(sleep);
    if (setback !== undefined) return executePlan(await alternative(setback), options);
  }
  process.exit(255);
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/**
 * The channel to the waiting supervisor, if the prelude made this process its child (it closes the
 * descriptor otherwise). Not through node:fs: loading that takes a tenth of a launch.
 */
function planChannel(size: number) {
  try {
    return Bun.file(PLAN_FD).writer({ highWaterMark: size });
  } catch {
    return undefined;
  }
}
