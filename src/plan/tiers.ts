/**
 * What each tier enforces: the planner refuses by this table, and docs/tiers.md prints it
 * (`npm run generate`). Pure.
 */

import type { Refusal } from "../errors.ts";
import type { Tier } from "../policy/policy.ts";

export interface Feature {
  /** As a user would say it. */
  readonly name: string;
  /** How each tier does it; absent: it cannot, and refuses a policy that asks for it. */
  readonly by: Readonly<Partial<Record<Tier, string>>>;
  /** Of the refusal. */
  readonly cannot?: string;
}

const NOBODY = "no process outside can be signalled, traced or read";

export const FEATURES = {
  readGrant: {
    name: "Read-only paths",
    by: { namespace: "read-only mounts, and Landlock", landlock: "Landlock" },
  },
  writeGrant: {
    name: "Read-write paths",
    by: {
      namespace: "mounts, and Landlock",
      landlock: "Landlock; modes, owners and times by the guard; no extended attributes",
    },
  },
  deniedInRead: {
    name: "A denial inside a read-only path",
    by: {
      namespace: "a stand-in that keeps its place",
      landlock:
        "grants of everything beside it: what is made there later is not granted, and a folder with a denied folder in it cannot be listed",
    },
  },
  strictInWrite: {
    name: "A denial or read-only part inside a read-write path",
    by: { namespace: "a stand-in, or a read-only mount" },
    cannot: "",
  },
  hidden: {
    name: "Everything else of the host's files",
    by: {
      namespace: "not there",
      landlock:
        "cannot be opened, listed or changed; that it exists, and its size and mode, can be seen",
    },
  },
  temporary: {
    name: "Temporary files",
    by: {
      namespace: "a private /tmp and /dev/shm, of limited size",
      landlock:
        "a new folder, named by TMPDIR, TMP and TEMP and removed afterwards; /tmp and /dev/shm are refused",
    },
  },
  diskMb: {
    name: "`extensions.limits.diskMb`",
    by: { namespace: "the size of /tmp" },
    cannot: "the size of the folder for temporary files cannot be limited",
  },
  noNetwork: {
    name: "No network",
    by: {
      namespace: "a network namespace with a loopback interface",
      landlock: "no sockets but connected pairs",
    },
  },
  hostNetwork: {
    name: "The host's network (`--allow-net`)",
    by: { namespace: "the host's", landlock: "the host's, without Unix sockets and netlink" },
  },
  networkRules: {
    name: "Network rules by address, port and host name",
    by: {
      namespace: "the broker: TCP, UDP, ICMP; a resolver of the sandbox's own",
      landlock:
        "the broker, in the guard: TCP. UDP and ICMP are refused; names are looked up over TCP, as glibc does with `RES_OPTIONS=use-vc`, which is set",
    },
  },
  datagrams: {
    name: "A rule for UDP or ICMP alone",
    by: { namespace: "the broker" },
    cannot: "UDP and ICMP cannot be granted",
  },
  listening: {
    name: "Published ports, ingress, the host's loopback in both directions",
    by: { namespace: "the broker" },
    cannot: "the workload cannot listen",
  },
  proxy: {
    name: "The built-in proxy",
    by: { namespace: "the broker" },
    cannot: "the built-in proxy cannot be had",
  },
  processes: {
    name: "Other processes",
    by: {
      namespace: `a pid namespace: ${NOBODY}, or seen`,
      landlock: `Landlock's scopes, before ABI 6 the guard: ${NOBODY}; questions by number (getpgid and the like) are answered`,
    },
  },
  end: {
    name: "The end of all that it started",
    by: {
      namespace: "the end of PID 1, by the kernel",
      landlock:
        "the guard's doing, or the supervisor's where the guard was killed; killing both at once leaves it running",
    },
  },
  pids: {
    name: "Processes at one time, by default 4,096",
    by: {
      namespace: "of the pid namespace (for root from Linux 6.14)",
      landlock: "counted on top of what the uid has already; not for root",
    },
  },
  pidsExact: {
    name: "`extensions.limits.pids`, without a control group",
    by: { namespace: "as above" },
    cannot: "the workload's processes cannot be counted apart from the caller's others",
  },
  outputMb: {
    name: "`extensions.limits.outputMb`",
    by: { namespace: "a relay" },
    cannot: "what is printed cannot be counted",
  },
  sandboxLimits: {
    name: "`extensions.limits.memoryMb`, `cpus`, `cpuMs`, `wallMs`, and `pids` with a control group",
    by: { namespace: "as [limits](limits.md) says", landlock: "the same" },
  },
  openFiles: {
    name: "`extensions.limits.openFiles`, `fileSizeMb`",
    by: { namespace: "setrlimit(2)", landlock: "setrlimit(2)" },
  },
  ipc: {
    name: "System V IPC, POSIX message queues",
    by: { namespace: "an IPC namespace", landlock: "refused as a whole" },
  },
  seccomp: {
    name: "System calls",
    by: { namespace: "allow-list", landlock: "a shorter allow-list" },
  },
} as const satisfies Record<string, Feature>;

/** The refusal of a feature that a tier lacks; `what`: in place of the table's words. */
export function lacks(tier: Tier, feature: Feature, field: string, what?: string): Refusal {
  if (feature.by[tier] !== undefined) throw new Error(`${feature.name}: ${tier} has it`);
  return {
    code: "not_enforceable",
    field,
    message: `${what ?? feature.cannot} in the ${tier} tier`,
    remedy: "The namespace tier can: 'mxc doctor' says what it misses on this host.",
  };
}

/** The table in Markdown. */
export function tierTable(): string {
  const rows = Object.values(FEATURES as Readonly<Record<string, Feature>>).map(({ name, by }) =>
    [name, by.namespace ?? "refused", by.landlock ?? "**refused**"].join(" | "),
  );
  return [
    "| | namespace | landlock |",
    "| --- | --- | --- |",
    ...rows.map((row) => `| ${row} |`),
  ].join("\n");
}
