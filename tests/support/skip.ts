/** Why a test is skipped, in its name: what a run leaves out says what it would need. */

import { isRoot } from "./paths.ts";

/** The name as it is where there is no reason. */
export function named(name: string, reason: string | undefined): string {
  return reason === undefined ? name : `${name} (skipped: ${reason})`;
}

/** Undefined for root. */
export function needsRoot(what: string): string | undefined {
  return isRoot() ? undefined : `${what} takes root`;
}
