/**
 * What a request asks for, with every default made explicit: the same for every backend. Paths are
 * absolute and plain here, and not yet looked up on any host.
 */

import type { Command } from "../contract/request.ts";

export type Access = "denied" | "read" | "write";

/** One path of the policy. `field` says where it came from, for messages. */
export interface Grant {
  readonly path: string;
  readonly access: Access;
  readonly field: string;
}

export type NetworkPolicy = { readonly kind: "none" } | { readonly kind: "host" };

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
}

export interface Policy {
  readonly grants: readonly Grant[];
  readonly network: NetworkPolicy;
  readonly process: ProcessPolicy;
  readonly limits: LimitsPolicy;
}

export const DEFAULT_PIDS = 4096;
export const DEFAULT_DISK_MB = 1024;
