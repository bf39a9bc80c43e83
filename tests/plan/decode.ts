/** Reads a plan's bytes back, as the native side does, from the layout alone. */

import {
  ABI_DIGEST,
  PLAN_MAGIC,
  PlanHeader,
  PlanOption,
  Step,
  StepKind,
} from "../../src/native/abi.generated.ts";

const KINDS = new Map<number, string>(
  Object.entries(StepKind).map(([name, value]) => [value, name]),
);

export function decodePlan(bytes: Buffer) {
  if (bytes.readUInt32LE(PlanHeader.magic) !== PLAN_MAGIC) throw new Error("magic");
  if (bytes.readBigUInt64LE(PlanHeader.digest) !== ABI_DIGEST) throw new Error("digest");
  if (bytes.readUInt32LE(PlanHeader.size) !== PlanHeader.sizeOf) throw new Error("header's size");
  if (bytes.readUInt32LE(PlanHeader.totalSize) !== bytes.length) throw new Error("size");
  if (bytes.readUInt32LE(PlanHeader.reserved0) !== 0) throw new Error("reserved");
  if (bytes.readBigUInt64LE(PlanHeader.reserved) !== 0n) throw new Error("reserved");
  const count = bytes.readUInt32LE(PlanHeader.stepCount);
  const options = bytes.readUInt32LE(PlanHeader.options);
  const textsFrom = PlanHeader.sizeOf + count * Step.sizeOf;
  const text = (at: number): string => {
    const offset = bytes.readUInt32LE(at);
    const length = bytes.readUInt32LE(at + 4);
    if (offset < textsFrom || offset + length >= bytes.length)
      throw new Error("text out of bounds");
    if (bytes[offset + length] !== 0) throw new Error("text without its NUL");
    return bytes.toString("utf8", offset, offset + length);
  };
  const steps = Array.from({ length: count }, (_, index) => {
    const at = PlanHeader.sizeOf + index * Step.sizeOf;
    return {
      kind: KINDS.get(bytes.readUInt32LE(at + Step.kind)),
      flags: bytes.readUInt32LE(at + Step.flags),
      source: text(at + Step.source),
      target: text(at + Step.target),
      device: bytes.readBigUInt64LE(at + Step.device),
      inode: bytes.readBigUInt64LE(at + Step.inode),
      argument: bytes.readBigUInt64LE(at + Step.argument),
      extra: bytes.readBigUInt64LE(at + Step.extra),
    };
  });
  return {
    steps,
    timeoutMs: Number(bytes.readBigUInt64LE(PlanHeader.timeoutMs)),
    constantOpening: (options & PlanOption.constantOpening) !== 0,
    shell: (options & PlanOption.shell) !== 0,
    options: {
      envelope: (options & PlanOption.envelope) !== 0,
      debugTrailer: (options & PlanOption.debugTrailer) !== 0,
    },
  };
}
