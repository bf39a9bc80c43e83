/**
 * A plan: the steps that make one sandbox, in order, as plain data. What `mxc plan` prints is what
 * the native side carries out (native/abi/structs.zig says what each kind of step reads).
 */

import type { Refusal } from "../errors.ts";
import type { StepKind } from "../native/abi.generated.ts";
import type { Tier } from "../policy/policy.ts";

export type StepName = keyof typeof StepKind;

export interface Step {
  readonly kind: StepName;
  readonly flags?: number;
  readonly source?: string;
  readonly target?: string;
  readonly device?: bigint;
  readonly inode?: bigint;
  readonly argument?: number;
  readonly extra?: number;
}

export interface Plan {
  readonly backend: "bubblewrap";
  readonly tier: Tier;
  /** Namespaces and what of the new root no policy changes; or steps in its place. */
  readonly opening: "constant" | readonly Step[];
  readonly steps: readonly Step[];
  /** Milliseconds; 0 is no limit. */
  readonly timeoutMs: number;
  /** The command is a shell with a command line. */
  readonly shell: boolean;
}

export type PlanResult =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly refusals: readonly [Refusal, ...Refusal[]] };
