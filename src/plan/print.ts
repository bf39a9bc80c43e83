/** A plan as text for people and as JSON for programs. Pure. */

import {
  Access,
  BindFlag,
  ControlFlag,
  MeansFlag,
  NetworkFlag,
  openingSteps,
  RuleFlag,
  SandboxLimit,
  SeccompProfile,
  StatisticsFlag,
} from "../native/abi.generated.ts";
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
  0: "processor time of each process, s",
  1: "file size, bytes",
  4: "core file, bytes",
  6: "processes",
  7: "open files",
};

const PROFILE_WORDS: Readonly<Record<number, string>> = {
  [SeccompProfile.networkNone]: "no network",
  [SeccompProfile.networkHost]:
    "the host's network; Unix sockets only where Landlock keeps the host's abstract ones out",
  [SeccompProfile.networkBrokered]: "connecting, binding and listening are the broker's to do",
  [SeccompProfile.landlockNone]: "no network; modes and times of files are the guard's to set",
  [SeccompProfile.landlockBrokered]:
    "TCP, connected by the guard; modes and times of files are its to set",
  [SeccompProfile.landlockHost]:
    "the host's network, without Unix sockets; modes and times of files are the guard's to set",
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
      return `Landlock: ${ACCESS_WORDS[step.argument ?? 0]} below ${target}${optional}`;
    case "landlockTier":
      return "no namespaces: Landlock, seccomp and a guard among the host's processes";
    case "kernelMounts":
      return "denied what of the kernel's file systems is mounted in these";
    case "scratch":
      return `new folder ${target}, removed afterwards`;
    case "limit":
      return `limit: ${LIMIT_WORDS[step.argument ?? 0] ?? step.argument} ${step.extra}`;
    case "controlGroup":
      return `control group ${describeControl(flags)} in ${step.source}`;
    case "sandboxLimit":
      return `limit: ${describeSandboxLimit(step.argument ?? 0, step.extra ?? 0)}, ${describeMeans(flags)}`;
    case "statistics":
      return `statistics at the end${(flags & StatisticsFlag.json) === 0 ? "" : ", as JSON"}`;
    case "seccomp":
      return `seccomp allow-list: ${PROFILE_WORDS[step.argument ?? 0]}`;
    case "workingFolder":
      return `start in ${target}`;
    case "environment":
      return `environment ${JSON.stringify(step.source)}`;
    case "word":
      return `word ${JSON.stringify(step.source)}`;
    case "content":
      return `file ${target}: ${JSON.stringify(step.source)}`;
    case "network":
      return `network: ${describeNetwork(flags, step.argument ?? 0)}`;
    case "networkRule":
      return describeRule(step);
    case "events":
      return `records of what is decided to ${step.source}${flags === 0 ? "" : ", if it can be written"}`;
  }
}

const CONTROL_WORDS: readonly (readonly [number, string])[] = [
  [ControlFlag.memory, "memory"],
  [ControlFlag.cpu, "cpu"],
  [ControlFlag.accounting, "cpuacct"],
  [ControlFlag.pids, "pids"],
];

function describeControl(flags: number): string {
  const words = CONTROL_WORDS.filter(([bit]) => (flags & bit) !== 0).map(([, word]) => word);
  return `(version ${(flags & ControlFlag.unified) === 0 ? 1 : 2}) for ${words.join(", ")}`;
}

function describeSandboxLimit(name: number, value: number): string {
  switch (name) {
    case SandboxLimit.memory:
      return `memory ${bytes(value)}`;
    case SandboxLimit.cpus:
      return `processors ${value / 100_000}`;
    case SandboxLimit.pids:
      return `processes ${value}`;
    case SandboxLimit.cpuTime:
      return `processor time ${value / 1000} ms`;
    case SandboxLimit.output:
      return `output ${bytes(value)}`;
    default:
      return `wall time ${value} ms`;
  }
}

function describeMeans(flags: number): string {
  if ((flags & MeansFlag.controlGroup) !== 0) return "by control group";
  return (flags & MeansFlag.sampling) !== 0 ? "by sampling" : "by the supervisor";
}

const NETWORK_WORDS: readonly (readonly [number, string])[] = [
  [NetworkFlag.ingress, "clients may connect"],
  [NetworkFlag.listen, "clients of this host may connect"],
  [NetworkFlag.hostLoopback, "the host's loopback, both ways"],
  [NetworkFlag.datagrams, "UDP and ICMP"],
  [NetworkFlag.resolver, "names"],
  [NetworkFlag.summary, "a summary of denials"],
  [NetworkFlag.debug, "decisions on stdout"],
  [NetworkFlag.trace, "decisions on stderr"],
];

function describeNetwork(flags: number, port: number): string {
  return [
    (flags & NetworkFlag.defaultAllow) === 0 ? "denied by default" : "allowed by default",
    ...NETWORK_WORDS.filter(([bit]) => (flags & bit) !== 0).map(([, word]) => word),
    ...(port === 0 ? [] : [`a proxy on port ${port}`]),
  ].join(", ");
}

const PROTOCOL_WORDS: readonly (readonly [number, string])[] = [
  [RuleFlag.tcp, "tcp"],
  [RuleFlag.udp, "udp"],
  [RuleFlag.icmp, "icmp"],
];

function describeRule(step: Step): string {
  const flags = step.flags ?? 0;
  const argument = step.argument ?? 0;
  const has = (bit: number) => (flags & bit) !== 0;
  const peer =
    (step.target ?? "") === ""
      ? describeBlock(step.device ?? 0n, step.inode ?? 0n, argument % 2 ** 16)
      : `${has(RuleFlag.subdomains) ? "*." : ""}${step.target}`;
  if (has(RuleFlag.except)) return `  except ${peer}`;
  const first = Math.floor(argument / 2 ** 16) % 2 ** 16;
  const last = Math.floor(argument / 2 ** 32);
  const ports =
    first === 0 && last === 65_535
      ? ""
      : first === last
        ? ` port ${first}`
        : ` ports ${first}-${last}`;
  const protocols = PROTOCOL_WORDS.filter(([bit]) => has(bit)).map(([, word]) => word);
  return [
    `${has(RuleFlag.deny) ? "deny" : "allow"} ${peer}${ports}`,
    protocols.join(" "),
    ...(has(RuleFlag.hostLoopback) ? ["on this host too"] : []),
    ...(has(RuleFlag.anyHead) ? ["whatever name it gives"] : []),
    `by ${step.source}`,
  ].join(", ");
}

/** IPv4 as such, IPv6 in full groups. */
function describeBlock(high: bigint, low: bigint, bits: number): string {
  if (bits === 0) return "every address";
  if (bits >= 96 && high === 0n && low >> 32n === 0xffffn) {
    const address = Number(low & 0xffff_ffffn);
    const text = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
    return bits === 128 ? text : `${text}/${bits - 96}`;
  }
  const groups = [high, low].flatMap((half) =>
    [48n, 32n, 16n, 0n].map((shift) => ((half >> shift) & 0xffffn).toString(16)),
  );
  return `${groups.join(":").replace(/(?:^|:)0(?::0)+(?::|$)/, "::")}${bits === 128 ? "" : `/${bits}`}`;
}

function bytes(count = 0): string {
  return count % (1024 * 1024) === 0 ? `${count / (1024 * 1024)} MiB` : `${count} bytes`;
}
