/** A plan as text for people and as JSON for programs. Pure. */

import { Access, BindFlag, openingSteps, SeccompProfile } from "../native/abi.generated.ts";
import type { Plan, Step } from "./plan.ts";

/** Every step in the order in which it is carried out, the opening's included. */
export function planSteps(plan: Plan): readonly Step[] {
  return [...(plan.opening === "constant" ? openingSteps() : plan.opening), ...plan.steps];
}

export function planToJson(plan: Plan): string {
  const { opening, steps, ...rest } = plan;
  const content = { ...rest, constantOpening: opening === "constant", steps: planSteps(plan) };
  return `${JSON.stringify(content, (_, value) => (typeof value === "bigint" ? value.toString() : value), 2)}\n`;
}

export function planToText(plan: Plan): string {
  const lines = planSteps(plan).map(
    (step, index) => `${String(index + 1).padStart(4)}  ${describeStep(step)}`,
  );
  const time = plan.timeoutMs === 0 ? "no time limit" : `${plan.timeoutMs} ms at most`;
  return `${plan.backend}, tier ${plan.tier}, ${time}\n${lines.join("\n")}\n`;
}

const ACCESS_WORDS: Readonly<Record<number, string>> = {
  [Access.list]: "list",
  [Access.read]: "read and execute",
  [Access.write]: "everything",
  [Access.use]: "use what is there",
};

const LIMIT_WORDS: Readonly<Record<number, string>> = {
  1: "file size, bytes",
  4: "core file, bytes",
  6: "processes",
  7: "open files",
};

const PROFILE_WORDS: Readonly<Record<number, string>> = {
  [SeccompProfile.networkNone]: "no network",
  [SeccompProfile.networkHost]:
    "the host's network; Unix sockets only where Landlock keeps the host's abstract ones out",
};

const NAMESPACE_NAMES: readonly (readonly [number, string])[] = [
  [0x1000_0000, "user"],
  [0x0002_0000, "mount"],
  [0x2000_0000, "pid"],
  [0x4000_0000, "net"],
  [0x0800_0000, "ipc"],
  [0x0400_0000, "uts"],
  [0x0200_0000, "cgroup"],
];

export function describeStep(step: Step): string {
  const flags = step.flags ?? 0;
  const optional = (flags & BindFlag.optional) !== 0 ? ", if it exists" : "";
  const target = step.target ?? "";
  switch (step.kind) {
    case "namespaces":
      return `namespaces: ${NAMESPACE_NAMES.filter(([bit]) => (flags & bit) !== 0)
        .map(([, name]) => name)
        .join(" ")}`;
    case "root":
      return `root: tmpfs of at most ${bytes(step.argument)}`;
    case "directory":
      return `folder ${target}, mode ${(step.argument ?? 0).toString(8)}`;
    case "file":
      return `file ${target}, as a place for a mount`;
    case "symlink":
      return `link ${target} -> ${step.source}`;
    case "bind":
      return `${(flags & BindFlag.readOnly) === 0 ? "read-write" : "read-only"} ${target}${step.source === target ? "" : `, from ${step.source}`}`;
    case "mirror":
      return `read-only ${target}, if the host has it`;
    case "tmpfs":
      return `private ${target}: tmpfs of at most ${bytes(step.argument)}`;
    case "proc":
      return `private ${target}`;
    case "devpts":
      return `private terminals ${target}`;
    case "mqueue":
      return `private message queues ${target}`;
    case "standIns":
      return "stand-ins for what is denied";
    case "deny":
      return `denied ${target}${optional}`;
    case "screen":
      return `denied ${target}, except for the grants below it`;
    case "seal":
    case "protect":
      return `write-protected ${target}${optional}`;
    case "loopback":
      return "loopback interface up";
    case "tunable":
      return `${target} = ${step.source}${optional}`;
    case "enterRoot":
      return `enter the new root${(flags & BindFlag.readOnly) === 0 ? "" : ", read-only"}`;
    case "landlockRule":
      return `Landlock: ${ACCESS_WORDS[step.argument ?? 0]} below ${target}`;
    case "limit":
      return `limit: ${LIMIT_WORDS[step.argument ?? 0] ?? step.argument} ${step.extra}`;
    case "seccomp":
      return `seccomp allow-list: ${PROFILE_WORDS[step.argument ?? 0]}`;
    case "workingFolder":
      return `start in ${target}`;
    case "environment":
      return `environment ${JSON.stringify(step.source)}`;
    case "word":
      return `word ${JSON.stringify(step.source)}`;
  }
}

function bytes(count = 0): string {
  return count % (1024 * 1024) === 0 ? `${count / (1024 * 1024)} MiB` : `${count} bytes`;
}
