/**
 * Every way in which mxc itself can fail: a closed set of codes, each with the exit code of the
 * contract. A workload's own exit code never comes through here.
 */

export const EXIT_CODES = {
  /** Wrong flags or arguments. */
  usage: 2,
  /** The config is not what its contract asks for. */
  malformed_request: 1,
  /** The config cannot be read. */
  config_unreadable: 1,
  /** The containment is unknown here, or several are configured. */
  unsupported_containment: 1,
  /** The containment exists, and this host or this build lacks what it needs. */
  backend_unavailable: 1,
  /** A path of the policy, or the working folder, is not there to be granted. */
  path_unavailable: 1,
  /** The policy asks for something that cannot be enforced in full. */
  not_enforceable: 255,
  /** The sandbox could not be made. */
  launch_failed: 255,
} as const;

export type ErrorCode = keyof typeof EXIT_CODES;

/** What cannot be done, where it was asked for, why not here, and what would help. */
export interface Refusal {
  readonly code: ErrorCode;
  /** The field that asks for it, as a JSON path; empty where no single one does. */
  readonly field: string;
  readonly message: string;
  readonly remedy?: string;
}

export class MxcError extends Error {
  readonly code: ErrorCode;
  readonly refusals: readonly Refusal[];

  constructor(...refusals: readonly [Refusal, ...Refusal[]]) {
    super(refusals[0].message);
    this.code = refusals[0].code;
    this.refusals = refusals;
  }

  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}
