/** Limits and figures of a policy to steps, each by the strongest means that the host has. Pure. */

import type { LimitName } from "../contract/request.ts";
import type { Refusal } from "../errors.ts";
import type { AccountingFacts, Controller, HostFacts } from "../host/facts.ts";
import { ControlFlag, MeansFlag, SandboxLimit, StatisticsFlag } from "../native/abi.generated.ts";
import { isWithin } from "../policy/paths.ts";
import { DEFAULT_DISK_MB, DEFAULT_PIDS, type LimitsPolicy, type Policy } from "../policy/policy.ts";
import type { FileLayout } from "./files.ts";
import type { Step } from "./plan.ts";

const MIB = 1024 * 1024;

/** asm-generic/resource.h */
const RLIMIT_CPU = 0;
const RLIMIT_FSIZE = 1;
const RLIMIT_CORE = 4;
const RLIMIT_NPROC = 6;
const RLIMIT_NOFILE = 7;

/** A pid namespace's `kernel.pid_max` cannot be less (kernel/pid.c, RESERVED_PIDS + 1). */
const PID_MAX_MIN = 301;

/** Microseconds of processor time that one processor has in the period of `SandboxLimit.cpus`. */
const PERIOD_US = 100_000;

export type LimitsPlan =
  | {
      readonly ok: true;
      /** For the supervisor, which keeps them from outside. */
      readonly sandbox: readonly Step[];
      /** For each process, inherited. */
      readonly processes: readonly Step[];
      readonly timeoutMs: number;
      /** `kernel.pid_max` of the sandbox. */
      readonly pidMax: number;
      /** The opening cannot be the constant one. */
      readonly ownOpening: boolean;
    }
  | { readonly ok: false; readonly refusals: readonly [Refusal, ...Refusal[]] };

const CONTROL_FLAGS: Readonly<Record<Controller, number>> = {
  memory: ControlFlag.memory,
  cpu: ControlFlag.cpu,
  cpuacct: ControlFlag.accounting,
  pids: ControlFlag.pids,
};

const NO_GROUPS: AccountingFacts = { groups: [], reasons: {}, sampling: true, inherited: {} };

/** `others`: processes of the caller's that RLIMIT_NPROC counts too. */
export function planLimits(
  policy: Policy,
  facts: HostFacts,
  layout: FileLayout,
  others = 0,
): LimitsPlan {
  const { limits, statistics } = policy;
  const accounting = facts.accounting ?? NO_GROUPS;
  const { inherited } = accounting;
  const refusals: Refusal[] = [];
  const steps: Step[] = [];
  const has = (controller: Controller) =>
    accounting.groups.some(({ controllers }) => controllers.includes(controller));
  const limit = (argument: number, extra: number, flags: number) =>
    steps.push({ kind: "sandboxLimit", flags, argument, extra });
  const refuse = (name: LimitName, message: string, remedy: string) =>
    refusals.push({
      code: "not_enforceable",
      field: `extensions.limits.${name}`,
      message,
      remedy,
    });
  const refuseSampling = (name: LimitName, what: string, controller: Controller) => {
    if (limits.required?.includes(name) === true) {
      refuse(
        name,
        `${what} could only be limited by sampling here, ${why(accounting, controller)}`,
        REMEDY,
      );
    } else if (accounting.sampling !== true) {
      refuse(
        name,
        `${what} can be limited neither by a control group, ${why(accounting, controller)}, nor by sampling: ${accounting.sampling}`,
        REMEDY,
      );
    }
  };
  const wanted = new Set<Controller>();

  const memory = least(times(limits.memoryMb, MIB), inherited.memory);
  if (memory !== undefined && has("memory")) {
    wanted.add("memory");
    limit(SandboxLimit.memory, memory, MeansFlag.controlGroup);
  } else if (memory !== undefined) {
    refuseSampling("memoryMb", "memory", "memory");
    limit(SandboxLimit.memory, memory, MeansFlag.sampling);
  }

  const cpus = least(limits.cpus, inherited.cpus);
  if (cpus !== undefined && has("cpu")) {
    wanted.add("cpu");
    limit(SandboxLimit.cpus, Math.max(1000, Math.round(cpus * PERIOD_US)), MeansFlag.controlGroup);
  } else if (limits.cpus !== undefined) {
    refuse(
      "cpus",
      `processors can only be limited by a control group, ${why(accounting, "cpu")}`,
      `${REMEDY} Or limit the time in all: cpuMs.`,
    );
  }

  const pids = planPids(policy, facts, accounting, refuse);
  if (pids.byGroup) {
    wanted.add("pids");
    limit(SandboxLimit.pids, pids.count, MeansFlag.controlGroup);
  }

  if (limits.cpuMs !== undefined) {
    const exact = has("cpuacct");
    if (exact) wanted.add("cpuacct");
    else refuseSampling("cpuMs", "processor time", "cpuacct");
    const means = exact ? MeansFlag.controlGroup : MeansFlag.sampling;
    limit(SandboxLimit.cpuTime, limits.cpuMs * 1000, means);
  }

  if (limits.outputMb !== undefined) {
    if (facts.printsToTerminal === true) {
      refuse(
        "outputMb",
        "standard output or standard error is a terminal, whose output is not counted",
        "Send both to a file or a pipe.",
      );
    }
    limit(SandboxLimit.output, limits.outputMb * MIB, 0);
  }

  const { timeoutMs } = policy.process;
  const isWall = limits.wallMs !== undefined && (timeoutMs === 0 || limits.wallMs <= timeoutMs);
  if (isWall) limit(SandboxLimit.wall, limits.wallMs, 0);

  if (statistics !== undefined) {
    for (const controller of ["memory", "cpuacct", "pids"] as const) {
      if (has(controller)) wanted.add(controller);
    }
    steps.push({
      kind: "statistics",
      flags: statistics === "json" ? StatisticsFlag.json : 0,
    });
  }

  const groups = groupSteps(accounting, wanted);
  refuseWritableGroups(groups, layout, refusals);
  const [first, ...rest] = refusals;
  if (first !== undefined) return { ok: false, refusals: [first, ...rest] };
  const isLimited =
    steps.length > 0 || limits.fileSizeMb !== undefined || limits.diskMb !== DEFAULT_DISK_MB;
  // A brokered network has the step already.
  if (isLimited && policy.events !== undefined && policy.network.kind !== "brokered") {
    steps.push({ kind: "events", source: policy.events });
  }
  return {
    ok: true,
    sandbox: [...groups, ...steps],
    processes: processSteps(limits, others + (pids.byGroup ? DEFAULT_PIDS : pids.count)),
    timeoutMs: isWall ? limits.wallMs : timeoutMs,
    pidMax: Math.max((pids.byGroup ? DEFAULT_PIDS : pids.count) + 1, PID_MAX_MIN),
    // The workload's streams are pipes from the start, or its pid_max is another.
    ownOpening: limits.outputMb !== undefined || (!pids.byGroup && pids.count !== DEFAULT_PIDS),
  };
}

function planPids(
  { limits }: Policy,
  facts: HostFacts,
  accounting: AccountingFacts,
  refuse: (name: LimitName, message: string, remedy: string) => void,
): { readonly count: number; readonly byGroup: boolean } {
  const count = Math.min(limits.pids, accounting.inherited.pids ?? limits.pids);
  if (count === DEFAULT_PIDS) return { count, byGroup: false };
  if (accounting.groups.some(({ controllers }) => controllers.includes("pids"))) {
    return { count, byGroup: true };
  }
  if (facts.uid === 0) {
    const [major, minor] = facts.kernel;
    const remedy = `Run mxc as an ordinary user. ${REMEDY}`;
    if (major < 6 || (major === 6 && minor < 14)) {
      refuse("pids", "the kernel counts no processes of root's before Linux 6.14", remedy);
    } else if (limits.pids < PID_MAX_MIN - 1) {
      refuse("pids", `for root the kernel allows no limit below ${PID_MAX_MIN - 1}`, remedy);
    }
  }
  return { count: limits.pids, byGroup: false };
}

function groupSteps(
  { groups }: AccountingFacts,
  wanted: ReadonlySet<Controller>,
): readonly (Step & { readonly source: string })[] {
  return groups.flatMap(({ version, parent, controllers }) => {
    const used = controllers.filter((controller) => wanted.has(controller));
    if (used.length === 0) return [];
    const flags = used.reduce(
      (bits, controller) => bits | CONTROL_FLAGS[controller],
      version === 2 ? ControlFlag.unified : 0,
    );
    return [{ kind: "controlGroup" as const, flags, source: parent }];
  });
}

/** Whoever may write to its control group has no limit. */
function refuseWritableGroups(
  groups: readonly { readonly source: string }[],
  { regions }: FileLayout,
  refusals: Refusal[],
): void {
  for (const { source } of groups) {
    const region = regions.find(
      ({ place, access }) => access === "write" && place !== "/" && isWithin(source, place),
    );
    if (region === undefined) continue;
    refusals.push({
      code: "not_enforceable",
      field: "extensions.limits",
      message: `the workload may write to '${region.place}', and so change the limits in '${source}'`,
      remedy: "Grant it for reading only, or a folder below it.",
    });
    return;
  }
}

function processSteps(limits: LimitsPolicy, pids: number): readonly Step[] {
  const steps: Step[] = [
    // One more for the sandbox's init.
    { kind: "limit", argument: RLIMIT_NPROC, extra: pids + 1 },
    // 1 and not 0: it also keeps a core from a host's dump program (core(5)).
    { kind: "limit", argument: RLIMIT_CORE, extra: 1 },
  ];
  if (limits.openFiles !== undefined) {
    steps.push({ kind: "limit", argument: RLIMIT_NOFILE, extra: limits.openFiles });
  }
  if (limits.fileSizeMb !== undefined) {
    steps.push({ kind: "limit", argument: RLIMIT_FSIZE, extra: limits.fileSizeMb * MIB });
  }
  if (limits.cpuMs !== undefined) {
    // One process alone cannot use up more, whatever the sampling misses; in whole seconds, and one
    // more, so that it is the supervisor that says why.
    const extra = Math.ceil(limits.cpuMs / 1000) + 1;
    steps.push({ kind: "limit", argument: RLIMIT_CPU, extra });
  }
  return steps;
}

const REMEDY =
  "Run mxc as root, or in a control group that is delegated to you: systemd-run --user --scope -p Delegate=yes mxc ...";

function why({ reasons }: AccountingFacts, controller: Controller): string {
  return reasons[controller] ?? "and there is none";
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.min(a, b);
}

function times(value: number | undefined, unit: number): number | undefined {
  return value === undefined ? undefined : value * unit;
}
