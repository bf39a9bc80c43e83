/**
 * Plans as text, one file per case under golden/. `UPDATE_GOLDEN=1 bun test tests/plan` writes them
 * anew; the difference is then for a person to read.
 */

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BindFlag } from "../../src/native/abi.generated.ts";
import { planLinux } from "../../src/plan/linux.ts";
import type { Plan, PlanResult, Step } from "../../src/plan/plan.ts";
import { describeStep, planSteps, planToJson, planToText } from "../../src/plan/print.ts";
import { CASES, type PlanCase } from "./cases.ts";
import { BASE, factsOf, fakeHost, policyOf } from "./fake-host.ts";
import { carryOut } from "./sandbox-model.ts";

const folder = join(import.meta.dir, "golden");
const update = process.env.UPDATE_GOLDEN === "1";

const FLAG_NAMES = Object.entries(BindFlag).filter(([name]) => name !== "readOnly");

/** What the printed plan leaves out: flags, and the object that has to be there. */
function line(step: Step): string {
  const flags = FLAG_NAMES.filter(([, bit]) => ((step.flags ?? 0) & bit) !== 0).map(([n]) => n);
  // Their flags are others, and described.
  if (["namespaces", "network", "networkRule", "events"].includes(step.kind)) {
    return describeStep(step);
  }
  const object = step.inode === undefined ? [] : [`object ${step.device}:${step.inode}`];
  const more = [...flags, ...object];
  return `${describeStep(step)}${more.length === 0 ? "" : `  [${more.join(", ")}]`}`;
}

function golden(result: PlanResult): string {
  if (!result.ok) {
    const lines = result.refusals.map(
      ({ code, field, message, remedy }) =>
        `refused: ${code}\n  at ${field}\n  ${message}\n  ${remedy ?? "no remedy"}`,
    );
    return `${lines.join("\n")}\n`;
  }
  const { plan } = result;
  const opening =
    plan.opening === "constant" ? ["the constant opening"] : plan.opening.map((step) => line(step));
  return `${[...opening, ...plan.steps.map(line)].join("\n")}\n`;
}

function planOf({ tree, grants, policy, given }: PlanCase) {
  const host = fakeHost({ ...BASE, ...tree });
  const asked = policyOf(grants, policy);
  return { host, result: planLinux(asked, factsOf(host, asked, given)) };
}

describe("plans", () => {
  for (const [name, content] of Object.entries(CASES)) {
    test(name, () => {
      const { host, result } = planOf(content);
      const text = golden(result);
      const file = join(folder, `${name}.txt`);
      if (update) writeFileSync(file, text);
      expect(text).toBe(readFileSync(file, "utf8"));
      const sandbox = result.ok ? carryOut(result.plan, host) : undefined;
      const seen = Object.fromEntries(
        Object.keys(content.seen ?? {}).map((path) => [
          path,
          sandbox?.look(path)?.access ?? "absent",
        ]),
      );
      expect(seen).toEqual({ ...(content.seen ?? {}) });
    });
  }

  test("no golden file is without its case", () => {
    expect(existsSync(folder)).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(
      Object.keys(CASES)
        .map((name) => `${name}.txt`)
        .sort(),
    );
  });
});

describe("printed", () => {
  const plan = (name: keyof typeof CASES): Plan => {
    const { result } = planOf(CASES[name] as PlanCase);
    if (!result.ok) throw new Error("refused");
    return result.plan;
  };

  test("as text: a line for every step, numbered", () => {
    const some = plan("read-write-denied");
    const [head, ...lines] = planToText(some).trimEnd().split("\n");
    expect(head).toBe("bubblewrap, tier namespace, no time limit");
    expect(lines).toHaveLength(planSteps(some).length);
    for (const [index, text] of lines.entries()) {
      expect(text).toMatch(new RegExp(`^ *${index + 1} {2}\\S`));
      expect(text).not.toContain("undefined");
    }
  });

  test("as JSON: the same steps, big numbers as text", () => {
    for (const name of ["read-write-denied", "root-write"]) {
      const some = plan(name);
      const data = JSON.parse(planToJson(some));
      expect(data.constantOpening).toBe(some.opening === "constant");
      expect(data.steps.map((step: Step) => step.kind)).toEqual(
        planSteps(some).map((step) => step.kind),
      );
      expect(typeof data.steps.find((step: Step) => step.inode !== undefined).inode).toBe("string");
    }
  });
});
