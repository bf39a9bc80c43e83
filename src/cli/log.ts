/** What `--debug` and `--log-file` tell of a run. */

import { appendFileSync } from "node:fs";
import type { Plan } from "../plan/plan.ts";
import { describeStep, planSteps } from "../plan/print.ts";
import { write } from "./output.ts";

export function logPlan(plan: Plan, debug: boolean, logFile: string | undefined): void {
  const lines = [
    `backend ${plan.backend}, tier ${plan.tier}, ${planSteps(plan).length} steps`,
    ...plan.steps.map((step) => `  ${describeStep(step)}`),
  ];
  if (debug) write(2, lines.map((line) => `mxc: ${line}\n`).join(""));
  if (logFile === undefined) return;
  const seconds = Math.floor(Date.now() / 1000);
  try {
    appendFileSync(logFile, lines.map((line) => `[${seconds}] ${line}\n`).join(""), {
      mode: 0o600,
    });
  } catch (error) {
    // As MXC: a log that cannot be written does not stop the run.
    write(2, `warning: ${logFile} cannot be written: ${(error as NodeJS.ErrnoException).code}\n`);
  }
}
