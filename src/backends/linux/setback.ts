/** The supervisor's answer to a plan: namespaces cannot be had, and what failed. */

import { readSync } from "node:fs";
import { Setback as Layout, PLAN_FD } from "../../native/abi.generated.ts";

export interface Setback {
  /** Making the namespaces, or a private file system in them. */
  readonly stage: "namespaces" | "opening";
  readonly errno: number;
  /** 0: none. */
  readonly landlockAbi: number;
}

/** Waits for it; undefined where the supervisor has gone. The channel does not block. */
export function readSetback(sleep: (milliseconds: number) => void): Setback | undefined {
  const bytes = Buffer.alloc(Layout.sizeOf);
  for (let length = 0; length === 0; sleep(1)) {
    try {
      length = readSync(PLAN_FD, bytes);
      if (length !== bytes.length) return undefined;
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
  }
  return {
    stage: bytes.readUInt32LE(Layout.stage) === 1 ? "namespaces" : "opening",
    errno: bytes.readUInt32LE(Layout.errno),
    landlockAbi: bytes.readUInt32LE(Layout.landlockAbi),
  };
}
