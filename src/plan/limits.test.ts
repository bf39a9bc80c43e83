/** What keeps which limit, as steps of a plan. */

import { describe, expect, test } from "bun:test";
import type { AccountingFacts, Controller, HostFacts } from "../host/facts.ts";
import type { LimitsPolicy, Policy } from "../policy/policy.ts";
import type { FileLayout } from "./files.ts";
import { planLimits } from "./limits.ts";
import { describeStep } from "./print.ts";

const NOTHING: FileLayout = { steps: [], regions: [] } as unknown as FileLayout;

function groups(version: 1 | 2, ...controllers: readonly Controller[]): AccountingFacts {
  return {
    groups: [{ version, parent: "/sys/fs/cgroup/x", controllers }],
    reasons: {},
    sampling: true,
    inherited: {},
  };
}

const NONE: AccountingFacts = {
  groups: [],
  reasons: { memory: "and none can be made in '/x' (EACCES)" },
  sampling: true,
  inherited: {},
};

const ALL = groups(2, "memory", "cpu", "cpuacct", "pids");

function plan(
  limits: Partial<LimitsPolicy>,
  accounting: AccountingFacts | undefined,
  more: Partial<Policy> = {},
  facts: Partial<HostFacts> = {},
  layout = NOTHING,
) {
  const policy: Policy = {
    grants: [],
    network: { kind: "none" },
    process: { command: { kind: "argv", argv: ["true"] }, env: [], timeoutMs: 0 },
    limits: { pids: 4096, diskMb: 1024, ...limits },
    ...more,
  };
  const host = {
    uid: 1000,
    kernel: [6, 18],
    ...(accounting === undefined ? {} : { accounting }),
    ...facts,
  };
  return planLimits(policy, host as HostFacts, layout);
}

function lines(result: ReturnType<typeof plan>): readonly string[] {
  if (!result.ok) throw new Error(result.refusals[0].message);
  return result.sandbox.map(describeStep);
}

function refusal(result: ReturnType<typeof plan>) {
  if (result.ok) throw new Error("not refused");
  return result.refusals[0];
}

describe("what keeps a limit", () => {
  test("without any, nothing is to be done for the sandbox as a whole", () => {
    const result = plan({}, undefined);
    expect(result).toMatchObject({ ok: true, sandbox: [], ownOpening: false, timeoutMs: 0 });
  });

  test("control groups, where there are any, and only what is asked for of them", () => {
    expect(lines(plan({ memoryMb: 64 }, ALL))).toEqual([
      "control group (version 2) for memory in /sys/fs/cgroup/x",
      "limit: memory 64 MiB, by control group",
    ]);
    expect(lines(plan({ cpus: 0.25, pids: 9, cpuMs: 5 }, groups(1, "cpu", "pids")))).toEqual([
      "control group (version 1) for cpu, pids in /sys/fs/cgroup/x",
      "limit: processors 0.25, by control group",
      "limit: processes 9, by control group",
      "limit: processor time 5 ms, by sampling",
    ]);
  });

  test("sampling otherwise, if that is not refused", () => {
    expect(lines(plan({ memoryMb: 64, cpuMs: 10 }, NONE))).toEqual([
      "limit: memory 64 MiB, by sampling",
      "limit: processor time 10 ms, by sampling",
    ]);
    expect(refusal(plan({ memoryMb: 64, required: ["memoryMb"] }, NONE))).toMatchObject({
      code: "not_enforceable",
      field: "extensions.limits.memoryMb",
      message:
        "memory could only be limited by sampling here, and none can be made in '/x' (EACCES)",
    });
    expect(plan({ memoryMb: 64, cpuMs: 10, required: ["memoryMb"] }, ALL).ok).toBe(true);
  });

  test("neither: refused", () => {
    const blind: AccountingFacts = { ...NONE, sampling: "/proc is mounted with hidepid" };
    expect(refusal(plan({ memoryMb: 64 }, blind)).message).toContain("hidepid");
    expect(refusal(plan({ cpus: 1 }, NONE)).field).toBe("extensions.limits.cpus");
  });

  test("processes: by the group, else by rlimit and the pid namespace", () => {
    const grouped = plan({ pids: 10 }, ALL, {}, { uid: 0, kernel: [5, 15] });
    expect(grouped).toMatchObject({ ok: true, pidMax: 4097, ownOpening: false });
    const plain = plan({ pids: 400 }, NONE);
    expect(plain).toMatchObject({ ok: true, sandbox: [], pidMax: 401, ownOpening: true });
    const old = refusal(plan({ pids: 400 }, NONE, {}, { uid: 0, kernel: [6, 1] }));
    expect(old.field).toBe("extensions.limits.pids");
  });

  test("what limits the caller's own group limits one beside it", () => {
    const beside = { ...ALL, inherited: { memory: 32 * 1024 * 1024, pids: 50, cpus: 2 } };
    expect(lines(plan({ memoryMb: 64, pids: 20 }, beside)).slice(1)).toEqual([
      "limit: memory 32 MiB, by control group",
      "limit: processors 2, by control group",
      "limit: processes 20, by control group",
    ]);
    expect(lines(plan({ cpuMs: 5 }, beside))).toContain("limit: processes 50, by control group");
  });

  test("the shorter time goes first, and is told as what it was asked as", () => {
    const process = { ...{ command: { kind: "argv" as const, argv: [] }, env: [] } };
    const at = (timeoutMs: number, wallMs: number) =>
      plan({ wallMs }, undefined, { process: { ...process, timeoutMs } });
    expect(at(0, 70)).toMatchObject({ timeoutMs: 70, sandbox: [{ kind: "sandboxLimit" }] });
    expect(at(100, 70)).toMatchObject({ timeoutMs: 70, sandbox: [{ kind: "sandboxLimit" }] });
    expect(at(50, 70)).toMatchObject({ timeoutMs: 50, sandbox: [] });
  });

  test("output to a terminal cannot be counted", () => {
    expect(plan({ outputMb: 1 }, undefined)).toMatchObject({ ok: true, ownOpening: true });
    const result = plan({ outputMb: 1 }, undefined, {}, { printsToTerminal: true });
    expect(refusal(result).field).toBe("extensions.limits.outputMb");
  });

  test("a group that the workload may write to is no limit", () => {
    const layout = (access: string) =>
      ({ steps: [], regions: [{ place: "/sys", access }] }) as unknown as FileLayout;
    expect(refusal(plan({ memoryMb: 64 }, ALL, {}, {}, layout("write"))).message).toContain("/sys");
    expect(plan({ memoryMb: 64 }, ALL, {}, {}, layout("read")).ok).toBe(true);
    expect(plan({ memoryMb: 64 }, NONE, {}, {}, layout("write")).ok).toBe(true);
  });

  test("statistics: every counter that there is, and no limit", () => {
    expect(lines(plan({}, ALL, { statistics: "json" }))).toEqual([
      "control group (version 2) for memory, cpuacct, pids in /sys/fs/cgroup/x",
      "statistics at the end, as JSON",
    ]);
    expect(lines(plan({}, NONE, { statistics: "text" }))).toEqual(["statistics at the end"]);
  });

  test("events are recorded where something can happen", () => {
    const events = { events: "/tmp/e" };
    expect(lines(plan({ memoryMb: 64 }, ALL, events))).toContain(
      "records of what is decided to /tmp/e",
    );
    expect(lines(plan({}, ALL, events))).toEqual([]);
  });
});
