/** The guests that tests use, and what keeps one from being had here. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { type GuestArch, guestUnavailable } from "../../scripts/guest/guest.ts";
import { repositoryRoot } from "../support/paths.ts";

export const GUEST_MS = 600_000;

export function guestBinary(arch: GuestArch): string {
  return join(repositoryRoot, "dist", `mxc-linux-${arch}`);
}

/** Undefined where everything is there. */
export function whyNot(arch: GuestArch): string | undefined {
  const reason = guestUnavailable(arch);
  if (reason !== undefined) return reason;
  if (existsSync(guestBinary(arch))) return undefined;
  return `dist/mxc-linux-${arch} is not built: npm run build -- mxc-linux-${arch}`;
}

export function named(name: string, reason: string | undefined): string {
  return reason === undefined ? name : `${name} (${reason})`;
}
