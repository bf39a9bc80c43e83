/** The plan as bytes: numbers, texts, bounds. */

import { describe, expect, test } from "bun:test";
import { MxcError } from "../errors.ts";
import type { Plan } from "../plan/plan.ts";
import { PLAN_BYTES_MAX, PLAN_STEPS_MAX, PlanHeader, PlanOption, Step } from "./abi.generated.ts";
import { encodePlan } from "./encode.ts";

const PLAN: Plan = {
  backend: "bubblewrap",
  tier: "namespace",
  opening: "constant",
  steps: [
    { kind: "environment", source: "A=ä€😀" },
    { kind: "bind", source: "/a", target: "/a", device: 2n ** 64n - 1n, inode: 1n << 63n },
    { kind: "limit", argument: 7, extra: 2 ** 53 - 1 },
    { kind: "word", source: "" },
  ],
  timeoutMs: 0xffff_ffff,
  shell: false,
};
const QUIET = { envelope: false, debugTrailer: false };

const step = (index: number) => PlanHeader.sizeOf + index * Step.sizeOf;

describe("encodePlan", () => {
  test("options", () => {
    const of = (plan: Partial<Plan>, options = {}) =>
      encodePlan({ ...PLAN, ...plan }, { ...QUIET, ...options }).readUInt32LE(PlanHeader.options);
    expect(of({})).toBe(PlanOption.constantOpening);
    expect(of({ opening: [] })).toBe(0);
    expect(of({ shell: true }, { envelope: true, debugTrailer: true })).toBe(15);
  });

  test("numbers of 64 bits are whole", () => {
    const bytes = encodePlan(PLAN, QUIET);
    expect(bytes.readBigUInt64LE(step(1) + Step.device)).toBe(2n ** 64n - 1n);
    expect(bytes.readBigUInt64LE(step(1) + Step.inode)).toBe(1n << 63n);
    expect(bytes.readBigUInt64LE(step(2) + Step.extra)).toBe(2n ** 53n - 1n);
    expect(bytes.readBigUInt64LE(PlanHeader.timeoutMs)).toBe(0xffff_ffffn);
  });

  test("texts are UTF-8, end with NUL, and stand there once", () => {
    const bytes = encodePlan(PLAN, QUIET);
    const at = bytes.readUInt32LE(step(0) + Step.source);
    const length = bytes.readUInt32LE(step(0) + Step.source + 4);
    expect(length).toBe(Buffer.byteLength("A=ä€😀"));
    expect(bytes.toString("utf8", at, at + length)).toBe("A=ä€😀");
    expect(bytes[at + length]).toBe(0);
    expect(bytes.readUInt32LE(step(1) + Step.source)).toBe(
      bytes.readUInt32LE(step(1) + Step.target),
    );
    expect(bytes.toString("latin1").split("/a\0").length).toBe(2);
  });

  test("an opening of its own comes first", () => {
    const bytes = encodePlan({ ...PLAN, opening: [{ kind: "loopback" }] }, QUIET);
    expect(bytes.readUInt32LE(PlanHeader.stepCount)).toBe(5);
    expect(bytes.readUInt32LE(PlanHeader.totalSize)).toBe(bytes.length);
  });

  test("a plan that the native side would not take is refused here", () => {
    const many = Array.from({ length: PLAN_STEPS_MAX + 1 }, () => ({ kind: "loopback" }) as const);
    const long = [{ kind: "word", source: "x".repeat(PLAN_BYTES_MAX) }] as const;
    for (const steps of [many, long]) {
      expect(() => encodePlan({ ...PLAN, steps }, QUIET)).toThrow(MxcError);
      expect(() => encodePlan({ ...PLAN, steps }, QUIET)).toThrow("too large");
    }
  });
});
