/** Policy and host facts to the steps of the namespace container. Pure. */

import type { Refusal } from "../errors.ts";
import type { HostFacts } from "../host/facts.ts";
import {
  Access,
  BASELINE_PATHS,
  BindFlag,
  openingSteps,
  SeccompProfile,
} from "../native/abi.generated.ts";
import { isWithin } from "../policy/paths.ts";
import { DEFAULT_DISK_MB, type NetworkPolicy, type Policy } from "../policy/policy.ts";
import { bindStep, type FileLayout, layOutFiles, type Region } from "./files.ts";
import { planLimits } from "./limits.ts";
import { networkSteps, resolverSteps } from "./network.ts";
import type { PlanResult, Step } from "./plan.ts";

const MIB = 1024 * 1024;

/** linux/sched.h */
const CLONE_NEWNET = 0x4000_0000;

const PROFILES: Readonly<Record<NetworkPolicy["kind"], number>> = {
  none: SeccompProfile.networkNone,
  host: SeccompProfile.networkHost,
  brokered: SeccompProfile.networkBrokered,
};

export function planLinux(policy: Policy, facts: HostFacts): PlanResult {
  const files = layOutFiles(policy.grants, facts);
  if (!files.ok) return files;
  const { layout } = files;
  const limits = planLimits(policy, facts, layout);
  if (!limits.ok) return limits;
  const folder = workingFolder(policy, facts, layout);
  if (typeof folder !== "string") return { ok: false, refusals: [folder] };

  const { network } = policy;
  const seesFile = (path: string) => isShown(path, layout);
  const { command } = policy.process;
  const words = command.kind === "shell" ? ["sh", "-c", command.commandLine] : command.argv;
  const steps: Step[] = [
    ...limits.sandbox,
    ...(network.kind === "brokered" ? networkSteps(network) : []),
    ...layout.steps,
    ...(network.kind === "brokered" ? resolverSteps(network, facts.resolver, seesFile) : []),
    {
      kind: "enterRoot",
      flags: layout.root?.access === "write" ? 0 : BindFlag.readOnly,
    },
    ...landlockSteps(layout),
    ...limits.processes,
    { kind: "seccomp", argument: PROFILES[network.kind] },
    { kind: "workingFolder", target: folder },
    ...environmentSteps(policy, folder),
    ...words.map((word): Step => ({ kind: "word", source: word })),
  ];
  return {
    ok: true,
    plan: {
      backend: "bubblewrap",
      tier: "namespace",
      opening:
        limits.ownOpening || needsOwnOpening(policy, layout)
          ? ownOpening(policy, layout, limits.pidMax)
          : "constant",
      steps,
      timeoutMs: limits.timeoutMs,
      shell: command.kind === "shell",
    },
  };
}

/** The constant opening is under way before the plan is known; a policy that needs another one pays
 *  for a second start. */
function needsOwnOpening(policy: Policy, layout: FileLayout): boolean {
  return (
    policy.network.kind === "host" ||
    layout.root !== undefined ||
    policy.limits.diskMb !== DEFAULT_DISK_MB
  );
}

function ownOpening(policy: Policy, layout: FileLayout, pidMax: number): readonly Step[] {
  const { limits } = policy;
  const { root } = layout;
  return openingSteps().flatMap((step: Step): readonly Step[] => {
    if (step.kind === "namespaces" && policy.network.kind === "host") {
      return [{ ...step, flags: (step.flags ?? 0) & ~CLONE_NEWNET }];
    }
    if (step.kind === "loopback" && policy.network.kind === "host") return [];
    if (step.kind === "tunable" && step.target === "/proc/sys/kernel/pid_max") {
      return [{ ...step, source: String(pidMax) }];
    }
    if (step.kind === "tmpfs" && step.target === "/tmp") {
      return root === undefined ? [{ ...step, argument: limits.diskMb * MIB }] : [];
    }
    return root === undefined ? [step] : overHostRoot(step, root);
  });
}

/** The host's own root: what the sandbox has for itself is mounted over the host's folders. */
function overHostRoot(step: Step, root: Region): readonly Step[] {
  switch (step.kind) {
    case "root":
      return [bindStep(root, 0)];
    case "standIns":
      return [{ ...step, target: "/proc", flags: BindFlag.optional }];
    case "directory":
      if (step.target === "/dev") {
        return [{ kind: "tmpfs", target: "/dev", argument: MIB, extra: 64 }];
      }
      return step.target?.startsWith("/dev/") ? [step] : [];
    case "symlink":
      return step.target?.startsWith("/dev/") ? [step] : [];
    case "mirror":
    case "kernelMounts":
      return [];
    case "deny":
      return step.target?.startsWith("/proc/") ? [step] : [];
    default:
      return [step];
  }
}

function landlockSteps(layout: FileLayout): readonly Step[] {
  const steps: Step[] = [];
  const rule = (target: string, argument: number) =>
    steps.push({ kind: "landlockRule", target, argument });
  if (layout.root === undefined) {
    rule("/", Access.list);
    rule("/tmp", Access.write);
    for (const folder of ["/usr", "/etc", "/run"]) rule(folder, Access.read);
    for (const folder of ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/mnt"]) {
      steps.push({
        kind: "landlockRule",
        target: folder,
        argument: Access.read,
        flags: BindFlag.optional,
      });
    }
  }
  rule("/proc", Access.use);
  rule("/dev", Access.use);
  rule("/dev/shm", Access.write);
  steps.push({
    kind: "landlockRule",
    target: "/dev/mqueue",
    argument: Access.write,
    flags: BindFlag.optional,
  });
  for (const region of layout.regions) {
    if (region.baseline) continue;
    rule(region.place, region.access === "write" ? Access.write : Access.read);
  }
  return steps;
}

/** The request's folder, else the caller's, HOME or the root, whichever the sandbox has first. */
export function workingFolder(
  policy: Policy,
  facts: HostFacts,
  layout: FileLayout,
): string | Refusal {
  const asked = policy.process.cwd;
  if (asked === undefined) {
    const home = policy.process.env.find(([name]) => name === "HOME")?.[1];
    const options = [facts.cwd, ...(home?.startsWith("/") && !home.includes("..") ? [home] : [])];
    return options.find((folder) => isVisible(folder, layout)) ?? "/";
  }
  const path = asked.includes("/..") ? (facts.paths.get(asked)?.canonical ?? asked) : asked;
  const target = isVisible(path, layout) ? path : (facts.paths.get(asked)?.canonical ?? path);
  if (isVisible(target, layout)) return target;
  return {
    code: "path_unavailable",
    field: "process.cwd",
    message: `'${asked}' does not exist in the sandbox`,
    remedy: "Grant the folder, or one above it.",
  };
}

function isVisible(folder: string, layout: FileLayout): boolean {
  if (folder === "/") return true;
  const hidden = isHidden(folder, layout);
  if (layout.regions.some((region) => isWithin(folder, region.place))) return !hidden;
  if (layout.regions.some((region) => isWithin(region.place, folder))) return true;
  return (
    ["/tmp", "/dev", "/dev/shm", "/dev/pts", "/proc", "/run", "/var", "/usr"].includes(folder) &&
    !hidden
  );
}

/** A host file, by its canonical path: in the baseline or a grant, and not denied. */
function isShown(path: string, layout: FileLayout): boolean {
  const shown =
    BASELINE_PATHS.some((part) => isWithin(path, part)) ||
    layout.regions.some((region) => isWithin(path, region.place));
  return shown && !isHidden(path, layout);
}

/** The deepest mount decides: a grant below a denied folder is seen. */
function isHidden(folder: string, layout: FileLayout): boolean {
  let deepest: Step | undefined;
  for (const step of layout.steps) {
    if (step.kind !== "bind" && step.kind !== "deny" && step.kind !== "screen") continue;
    const target = step.target as string;
    if (isWithin(folder, target) && target.length >= (deepest?.target?.length ?? 0)) deepest = step;
  }
  return deepest !== undefined && deepest.kind !== "bind";
}

export function environmentSteps(policy: Policy, folder: string): readonly Step[] {
  const variables = policy.process.env.filter(([name]) => name !== "PWD");
  return [...variables, ["PWD", folder] as const].map(
    ([name, value]): Step => ({ kind: "environment", source: `${name}=${value}` }),
  );
}
