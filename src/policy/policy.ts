/**
 * What a request asks for, with every default made explicit: the same for every backend. Paths are
 * absolute and plain here, and not yet looked up on any host.
 */

import type { Block } from "../contract/blocks.ts";
import type { Command, LimitName, Statistics } from "../contract/request.ts";

export type Access = "denied" | "read" | "write";

/** One path of the policy. `field` says where it came from, for messages. */
export interface Grant {
  readonly path: string;
  readonly access: Access;
  readonly field: string;
}

/** Bits of `NetworkRule.protocols`. */
export const PROTOCOLS = { tcp: 1, udp: 2, icmp: 4 } as const;
export const ALL_PROTOCOLS = 7;

/** Lower case, ASCII, without the dot at the end. */
export interface HostName {
  readonly kind: "name";
  readonly name: string;
  /** Every name below it, not itself. */
  readonly subdomains: boolean;
}

/** What it allows or denies; a denial goes before every other rule, in whatever order. */
export interface NetworkRule {
  /** Where it was written, for reports. */
  readonly field: string;
  readonly deny: boolean;
  readonly peer: Block | HostName;
  /** Parts of a block that the rule does not speak of. */
  readonly except: readonly Block[];
  readonly protocols: number;
  /** Inclusive; of no matter for ICMP. */
  readonly firstPort: number;
  readonly lastPort: number;
  /** A connection that is granted by name need not name it in its first bytes (SNI, Host). */
  readonly anyHead: boolean;
  /** It may open services of the host itself. */
  readonly hostLoopback: boolean;
}

/** What clients are pointed at by the usual variables. */
export interface ProxyPolicy {
  readonly url: string;
  /** The value of NO_PROXY; absent: it is taken away. */
  readonly direct?: string;
  /** The built-in proxy's, on the sandbox's loopback; absent: the proxy is another program. */
  readonly port?: number;
}

/** MXC prints its debug lines on stdout, `mxc run` its own on stderr. */
export type DebugStream = "none" | "stdout" | "stderr";

/** What is told of the network's decisions. */
export interface ReportsPolicy {
  /** A file on the host, absolute, that gets a line of JSON for each. */
  readonly events?: string;
  /** That it cannot be written does not stop the run. */
  readonly optional: boolean;
  /** What was denied, on stderr, at the end. */
  readonly summary: boolean;
  /** Where each is printed. */
  readonly debug: DebugStream;
}

/** A network of the sandbox's own, whose every way out and in is decided by rules. */
export interface BrokeredNetwork {
  readonly kind: "brokered";
  readonly rules: readonly NetworkRule[];
  /** What no rule speaks of, but the host itself. */
  readonly defaultAllow: boolean;
  /** Clients of other machines may connect to what the workload listens on. */
  readonly ingress: boolean;
  /** Clients of this host may. */
  readonly listen: boolean;
  /** The services of the host may be reached, and its clients may connect. */
  readonly hostLoopback: boolean;
  /** Names are looked up. */
  readonly resolver: boolean;
  /** UDP or ICMP may be allowed. */
  readonly datagrams: boolean;
  readonly proxy?: ProxyPolicy;
  readonly reports: ReportsPolicy;
}

export type NetworkPolicy = { readonly kind: "none" } | { readonly kind: "host" } | BrokeredNetwork;

export interface ProcessPolicy {
  readonly command: Command;
  /** Absolute; absent means the caller's own folder where the sandbox has it. */
  readonly cwd?: string;
  /** Complete, in order, names unique; `PWD` is added by the plan. */
  readonly env: readonly (readonly [name: string, value: string])[];
  readonly timeoutMs: number;
}

export interface LimitsPolicy {
  /** Processes and threads at one time. */
  readonly pids: number;
  readonly openFiles?: number;
  readonly fileSizeMb?: number;
  /** Of the private /tmp. */
  readonly diskMb: number;
  readonly memoryMb?: number;
  /** Processors' worth of time. */
  readonly cpus?: number;
  readonly cpuMs?: number;
  readonly wallMs?: number;
  readonly outputMb?: number;
  /** Limits that must not be kept by sampling alone. */
  readonly required?: readonly LimitName[];
}

/** What holds the workload: a new root in namespaces of its own, or Landlock among the host's. */
export type Tier = "namespace" | "landlock";

export interface Policy {
  /** Insisted on; absent: the strongest that enforces all of it. */
  readonly tier?: Tier;
  readonly grants: readonly Grant[];
  readonly network: NetworkPolicy;
  readonly process: ProcessPolicy;
  readonly limits: LimitsPolicy;
  readonly statistics?: Statistics;
  /** A file on the host that gets a line of JSON for each limit that is reached. */
  readonly events?: string;
}

/** Something of the limits depends on the host. */
export function needsLimitFacts({ limits, statistics }: Policy): boolean {
  return (
    statistics !== undefined ||
    limits.outputMb !== undefined ||
    limits.memoryMb !== undefined ||
    limits.cpus !== undefined ||
    limits.cpuMs !== undefined ||
    limits.pids !== DEFAULT_PIDS
  );
}

export const DEFAULT_PIDS = 4096;
export const DEFAULT_DISK_MB = 1024;
