/** Hands a plan over to the native side. Does not return: the supervisor has the process then. */

import { PLAN_FD } from "../../native/abi.generated.ts";
import { type EncodeOptions, encodePlan } from "../../native/encode.ts";
import type { Plan } from "../../plan/plan.ts";

export async function executePlan(plan: Plan, options: EncodeOptions): Promise<never> {
  const bytes = encodePlan(plan, options);
  const channel = planChannel(bytes.length);
  if (channel === undefined) {
    const { execSupervisor } = await import("../../native/library.ts");
    return execSupervisor(bytes);
  }
  channel.write(bytes);
  // Not end(): closing would start a pool of threads, and the header says how long the plan is.
  await channel.flush();
  // The supervisor kills this process as soon as it has read the plan.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000);
  process.exit(255);
}

/**
 * The pipe to the waiting supervisor, if the prelude made this process its child (it closes the
 * descriptor otherwise). Not through node:fs: loading that takes a tenth of a launch.
 */
function planChannel(size: number) {
  try {
    return Bun.file(PLAN_FD).writer({ highWaterMark: size });
  } catch {
    return undefined;
  }
}
