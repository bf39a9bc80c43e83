/** A plan as the bytes that the native side reads: native/abi/structs.zig defines the layout. */

import { MxcError } from "../errors.ts";
import type { Plan, Step as PlanStep } from "../plan/plan.ts";
import {
  ABI_DIGEST,
  PLAN_BYTES_MAX,
  PLAN_MAGIC,
  PLAN_STEPS_MAX,
  PlanHeader,
  PlanOption,
  Step,
  StepKind,
} from "./abi.generated.ts";

export interface EncodeOptions {
  /** Failures as MXC's error envelope. */
  readonly envelope: boolean;
  /** MXC's closing line of `--debug`. */
  readonly debugTrailer: boolean;
  /** Another plan may follow where namespaces cannot be had. */
  readonly hasAlternative?: boolean;
}

export function encodePlan(plan: Plan, options: EncodeOptions): Buffer {
  const steps = plan.opening === "constant" ? plan.steps : [...plan.opening, ...plan.steps];
  const stepsEnd = PlanHeader.sizeOf + steps.length * Step.sizeOf;
  // One copy of each text; a plan repeats most of them as source and target.
  const offsets = new Map<string, number>();
  const lengths = new Map<string, number>();
  let end = stepsEnd;
  for (const step of steps) {
    for (const text of [step.source ?? "", step.target ?? ""]) {
      if (offsets.has(text)) continue;
      const length = Buffer.byteLength(text);
      offsets.set(text, end);
      lengths.set(text, length);
      end += length + 1;
    }
  }
  if (end > PLAN_BYTES_MAX || steps.length > PLAN_STEPS_MAX) {
    throw new MxcError({
      code: "not_enforceable",
      field: "",
      message: `the plan is too large: ${steps.length} steps, ${end} bytes`,
      remedy: `At most ${PLAN_STEPS_MAX} steps and ${PLAN_BYTES_MAX} bytes; grant folders rather than each file.`,
    });
  }
  const buffer = Buffer.alloc(end);
  for (const [text, offset] of offsets) buffer.write(text, offset);
  writeHeader(buffer, plan, steps.length, options, end);
  let at = PlanHeader.sizeOf;
  for (const step of steps) {
    writeStep(buffer, at, step, offsets, lengths);
    at += Step.sizeOf;
  }
  return buffer;
}

function writeHeader(
  buffer: Buffer,
  plan: Plan,
  count: number,
  options: EncodeOptions,
  size: number,
): void {
  buffer.writeUInt32LE(PlanHeader.sizeOf, PlanHeader.size);
  buffer.writeUInt32LE(PLAN_MAGIC, PlanHeader.magic);
  buffer.writeBigUInt64LE(ABI_DIGEST, PlanHeader.digest);
  buffer.writeUInt32LE(size, PlanHeader.totalSize);
  buffer.writeUInt32LE(count, PlanHeader.stepCount);
  const flags =
    (options.envelope ? PlanOption.envelope : 0) |
    (options.debugTrailer ? PlanOption.debugTrailer : 0) |
    (plan.shell ? PlanOption.shell : 0) |
    (options.hasAlternative === true ? PlanOption.hasAlternative : 0) |
    (plan.opening === "constant" ? PlanOption.constantOpening : 0);
  buffer.writeUInt32LE(flags, PlanHeader.options);
  writeNumber(buffer, plan.timeoutMs, PlanHeader.timeoutMs);
}

function writeStep(
  buffer: Buffer,
  at: number,
  step: PlanStep,
  offsets: ReadonlyMap<string, number>,
  lengths: ReadonlyMap<string, number>,
): void {
  const source = step.source ?? "";
  const target = step.target ?? "";
  buffer.writeUInt32LE(StepKind[step.kind], at + Step.kind);
  buffer.writeUInt32LE(step.flags ?? 0, at + Step.flags);
  buffer.writeUInt32LE(offsets.get(source) as number, at + Step.source);
  buffer.writeUInt32LE(lengths.get(source) as number, at + Step.source + 4);
  buffer.writeUInt32LE(offsets.get(target) as number, at + Step.target);
  buffer.writeUInt32LE(lengths.get(target) as number, at + Step.target + 4);
  if (step.device !== undefined) buffer.writeBigUInt64LE(step.device, at + Step.device);
  if (step.inode !== undefined) buffer.writeBigUInt64LE(step.inode, at + Step.inode);
  if (step.argument !== undefined) writeNumber(buffer, step.argument, at + Step.argument);
  if (step.extra !== undefined) writeNumber(buffer, step.extra, at + Step.extra);
}

/** A safe integer as u64, without a BigInt. */
function writeNumber(buffer: Buffer, value: number, at: number): void {
  buffer.writeUInt32LE(value % 0x1_0000_0000, at);
  buffer.writeUInt32LE(Math.floor(value / 0x1_0000_0000), at + 4);
}
