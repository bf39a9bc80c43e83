/** Names of errors, as errno(3) lists them. */

import { constants } from "node:os";

export function errnoName(errno: number): string {
  const found = Object.entries(constants.errno).find(([, value]) => value === errno);
  return found?.[0] ?? `errno ${errno}`;
}
