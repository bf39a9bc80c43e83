import { mkdtempSync, rmSync } from "node:fs";
import type { Sidecar } from "../attacks.ts";

let folder = "";

export const sidecar: Sidecar = {
  prepare: () => {
    // Something to be seen, were it the host's.
    folder = mkdtempSync("/tmp/mxc-test-");
    return {};
  },
  verify: () => rmSync(folder, { recursive: true }),
};
