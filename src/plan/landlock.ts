/**
 * Policy and host facts to the steps of the landlock tier: no new root, so that every rule is of a
 * host path, and what Landlock cannot say is refused. Landlock adds up what a path and those above it
 * are granted; a denial inside a grant is thus a grant of everything beside it. Pure.
 */

import type { Refusal } from "../errors.ts";
import type { HostFacts, HostObject, LandlockFacts } from "../host/facts.ts";
import { Access, BindFlag, SeccompProfile } from "../native/abi.generated.ts";
import { isWithin, join } from "../policy/paths.ts";
import {
  DEFAULT_DISK_MB,
  DEFAULT_PIDS,
  type NetworkPolicy,
  type Policy,
  PROTOCOLS,
} from "../policy/policy.ts";
import { type DeniedPath, type FileLayout, layOutFiles, type Region } from "./files.ts";
import { planLimits } from "./limits.ts";
import { environmentSteps, workingFolder } from "./linux.ts";
import { networkSteps } from "./network.ts";
import type { PlanResult, Step } from "./plan.ts";
import { FEATURES, lacks } from "./tiers.ts";

/**
 * Rules of one plan: ten thousand granted paths, and as much again for entries beside denials. Each
 * is a system call and a piece of kernel memory, some 50 microseconds in all.
 */
const RULES_MAX = 20_000;

/** Read and written, never made: what the namespace tier binds into its own /dev. */
const DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];

/** Of the host's /proc what libraries read, and tells of no process. */
const PROC_FILES = [
  "/proc/cpuinfo",
  "/proc/devices",
  "/proc/filesystems",
  "/proc/loadavg",
  "/proc/meminfo",
  "/proc/stat",
  "/proc/uptime",
  "/proc/version",
  "/proc/sys/fs/file-max",
  "/proc/sys/fs/nr_open",
  "/proc/sys/fs/pipe-max-size",
  "/proc/sys/kernel/cap_last_cap",
  "/proc/sys/kernel/ngroups_max",
  "/proc/sys/kernel/osrelease",
  "/proc/sys/kernel/ostype",
  "/proc/sys/kernel/pid_max",
  "/proc/sys/kernel/random/uuid",
  "/proc/sys/kernel/threads-max",
  "/proc/sys/kernel/version",
  "/proc/sys/net/core/somaxconn",
  "/proc/sys/vm/max_map_count",
  "/proc/sys/vm/overcommit_memory",
];

/** Where programs look for a place for temporary files. */
const TEMPORARY_VARIABLES = ["TMPDIR", "TMP", "TEMP"];

export function planLandlock(policy: Policy, facts: HostFacts, own: LandlockFacts): PlanResult {
  const files = layOutFiles(policy.grants, facts);
  if (!files.ok) return files;
  const { layout } = files;
  const limits = planLimits(policy, facts, layout, own.processes);
  const refusals = [
    ...refuseNetwork(policy),
    ...refuseLimits(policy, facts),
    ...(limits.ok ? [] : limits.refusals),
  ];
  const rules = new Rules(facts, own, layout, refusals);
  rules.add();
  const folder = workingFolder(policy, facts, layout);
  if (typeof folder !== "string") refusals.push(folder);
  const [first, ...rest] = refusals;
  if (first !== undefined || typeof folder !== "string" || !limits.ok) {
    return { ok: false, refusals: [first as Refusal, ...rest] };
  }
  const { network } = policy;
  const { command } = policy.process;
  const words = command.kind === "shell" ? ["sh", "-c", command.commandLine] : command.argv;
  const steps: Step[] = [
    ...limits.sandbox,
    { kind: "landlockTier" },
    // No datagram is ever let out.
    ...(network.kind === "brokered" ? networkSteps({ ...network, datagrams: false }) : []),
    { kind: "scratch", target: own.scratch },
    ...rules.steps,
    ...limits.processes,
    { kind: "seccomp", argument: PROFILES[network.kind] },
    { kind: "workingFolder", target: folder },
    ...environmentSteps(withTemporary(policy, own.scratch), folder),
    ...words.map((word): Step => ({ kind: "word", source: word })),
  ];
  return {
    ok: true,
    plan: {
      backend: "bubblewrap",
      tier: "landlock",
      opening: [],
      steps,
      timeoutMs: limits.timeoutMs,
      shell: command.kind === "shell",
    },
  };
}

function refuseNetwork({ network }: Policy): readonly Refusal[] {
  if (network.kind !== "brokered") return [];
  const out: Refusal[] = [];
  if (network.ingress || network.listen || network.hostLoopback) {
    out.push(lacks("landlock", FEATURES.listening, "network.ingress"));
  }
  if (network.proxy?.port !== undefined) out.push(lacks("landlock", FEATURES.proxy, "network"));
  const datagrams = network.rules.find(
    ({ deny, protocols }) => !deny && (protocols & PROTOCOLS.tcp) === 0,
  );
  if (datagrams !== undefined) {
    out.push(lacks("landlock", FEATURES.datagrams, datagrams.field));
  }
  return out;
}

const PROFILES: Readonly<Record<NetworkPolicy["kind"], number>> = {
  none: SeccompProfile.landlockNone,
  host: SeccompProfile.landlockHost,
  brokered: SeccompProfile.landlockBrokered,
};

/** resolv.conf(5): glibc asks over TCP, which the broker takes to a resolver of its own. */
const OVER_TCP = "use-vc";

function refuseLimits({ limits }: Policy, { accounting }: HostFacts): readonly Refusal[] {
  const out: Refusal[] = [];
  const counted = accounting?.groups.some(({ controllers }) => controllers.includes("pids"));
  if (limits.pids !== DEFAULT_PIDS && counted !== true) {
    out.push(lacks("landlock", FEATURES.pidsExact, "extensions.limits.pids"));
  }
  if (limits.diskMb !== DEFAULT_DISK_MB) {
    out.push(lacks("landlock", FEATURES.diskMb, "extensions.limits.diskMb"));
  }
  if (limits.outputMb !== undefined) {
    out.push(lacks("landlock", FEATURES.outputMb, "extensions.limits.outputMb"));
  }
  return out;
}

function isResolved({ network }: Policy): boolean {
  return network.kind === "brokered" && network.resolver;
}

function resolverOptions({ process: { env } }: Policy): string {
  const own = env.find(([name]) => name === "RES_OPTIONS")?.[1];
  return own === undefined ? OVER_TCP : `${own} ${OVER_TCP}`;
}

/** Unless the policy says where. */
function withTemporary(policy: Policy, scratch: string): Policy {
  const { env } = policy.process;
  const set = new Set(env.map(([name]) => name));
  const missing = set.has("TMPDIR") ? [] : TEMPORARY_VARIABLES.filter((name) => !set.has(name));
  return {
    ...policy,
    process: {
      ...policy.process,
      env: [
        ...env.filter(([name]) => name !== "RES_OPTIONS" || !isResolved(policy)),
        ...missing.map((name) => [name, scratch] as const),
        ...(isResolved(policy) ? [["RES_OPTIONS", resolverOptions(policy)] as const] : []),
      ],
    },
  };
}

class Rules {
  readonly steps: Step[] = [];
  readonly #facts: HostFacts;
  readonly #own: LandlockFacts;
  readonly #layout: FileLayout;
  readonly #refusals: Refusal[];

  constructor(facts: HostFacts, own: LandlockFacts, layout: FileLayout, refusals: Refusal[]) {
    this.#facts = facts;
    this.#own = own;
    this.#layout = layout;
    this.#refusals = refusals;
  }

  add(): void {
    this.#rule(this.#own.scratch, Access.write);
    for (const path of DEVICES) this.#rule(path, Access.use, BindFlag.optional);
    for (const path of PROC_FILES) this.#rule(path, Access.read, BindFlag.optional);
    const granted = this.#layout.regions.filter((region) => !region.baseline);
    const denied = [...this.#layout.denied, ...this.#hidden(granted)];
    for (const region of granted) this.#grant(region, granted, denied);
    const secrets = this.#own.secrets.filter(
      ({ canonical }) => !granted.some((region) => isWithin(canonical, region.canonical)),
    );
    for (const folder of this.#own.baseline) {
      if (granted.some((region) => isWithin(folder, region.canonical))) continue;
      this.#share(folder, undefined, [...denied, ...secrets]);
    }
    if (this.steps.length > RULES_MAX) {
      this.#refusals.push({
        code: "not_enforceable",
        field: "filesystem",
        message: `the paths take more than ${RULES_MAX} rules in the landlock tier`,
        remedy: "Grant folders rather than what is in them.",
      });
    }
  }

  #rule(target: string, argument: number, flags = 0, object?: HostObject): void {
    this.steps.push({
      kind: "landlockRule",
      target,
      argument,
      ...(flags === 0 ? {} : { flags }),
      ...(object === undefined ? {} : { device: object.device, inode: object.inode }),
    });
  }

  /** The kernel's file systems, processes and devices of the host, in a grant of what is around them. */
  #hidden(granted: readonly Region[]): readonly DeniedPath[] {
    const mounts = (this.#facts.kernelMounts ?? []).filter(
      ({ point, type }) =>
        type === "proc" || !granted.some((region) => isWithin(region.canonical, point)),
    );
    const own = [
      "/proc",
      ...(granted.some(({ canonical }) => isWithin(canonical, "/dev")) ? [] : ["/dev"]),
    ];
    const points = [...mounts.map(({ point }) => point), ...own];
    return points.map((canonical) => ({
      canonical,
      isFolder: true,
      field: "filesystem",
      path: canonical,
    }));
  }

  #grant(region: Region, granted: readonly Region[], denied: readonly DeniedPath[]): void {
    const inside = denied.filter(({ canonical }) => isWithin(canonical, region.canonical));
    if (region.access === "read") {
      this.#share(region.canonical, region.object, inside);
      return;
    }
    const [stricter] = inside;
    if (stricter !== undefined) {
      const message = `'${stricter.path}' cannot be denied inside '${region.canonical}', which may be written to,`;
      this.#refusals.push(lacks("landlock", FEATURES.strictInWrite, stricter.field, message));
    }
    const part = granted.find(
      ({ access, canonical }) =>
        access === "read" &&
        canonical !== region.canonical &&
        isWithin(canonical, region.canonical),
    );
    if (part !== undefined) {
      const message = `'${part.canonical}' cannot be read-only inside '${region.canonical}', which may be written to,`;
      this.#refusals.push(
        lacks("landlock", FEATURES.strictInWrite, "filesystem.readonlyPaths", message),
      );
    }
    this.#rule(region.canonical, Access.write, 0, region.object);
  }

  /**
   * To read, all but what is denied: where there is such, each entry beside it. New entries of a
   * folder that is shared out like this are not granted; it can be listed unless a folder that may
   * not be is in it.
   */
  #share(
    path: string,
    object: HostObject | undefined,
    denied: readonly Pick<DeniedPath, "canonical" | "isFolder">[],
  ): void {
    if (denied.some(({ canonical }) => isWithin(path, canonical))) return;
    const inside = denied.filter(({ canonical }) => isWithin(canonical, path));
    if (inside.length === 0) {
      this.#rule(path, Access.read, object === undefined ? BindFlag.optional : 0, object);
      return;
    }
    if (!inside.some(({ isFolder }) => isFolder)) this.#rule(path, Access.list, 0, object);
    for (const entry of this.#own.entriesOf(path)) {
      if (this.steps.length > RULES_MAX) return;
      this.#share(join(path, entry.name), entry.object, inside);
    }
  }
}
