/** Hands a plan over to the native side. Does not return: the supervisor has the process then. */

import { closeSync, fstatSync, writeSync } from "node:fs";
import { PLAN_FD } from "../../native/abi.generated.ts";
import type { EncodeOptions } from "../../native/encode.ts";
import { encodePlan } from "../../native/encode.ts";
import type { Plan } from "../../plan/plan.ts";

export async function executePlan(plan: Plan, options: EncodeOptions): Promise<never> {
  const bytes = encodePlan(plan, options);
  if (isPlanner()) {
    for (let at = 0; at < bytes.length; ) at += writeSync(PLAN_FD, bytes, at);
    // The supervisor kills this process as soon as it has read the plan.
    closeSync(PLAN_FD);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000);
    process.exit(255);
  }
  const { execSupervisor } = await import("../../native/library.ts");
  return execSupervisor(bytes);
}

/** Whether the prelude made this process the child of a waiting supervisor. */
function isPlanner(): boolean {
  try {
    return fstatSync(PLAN_FD).isFIFO();
  } catch {
    return false;
  }
}
