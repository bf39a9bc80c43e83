import { chmodSync, chownSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { isRoot } from "../../support/paths.ts";
import type { Sidecar } from "../attacks.ts";

export const sidecar: Sidecar = {
  prepare: (fixture) => {
    const program = join(fixture.folder.path, "program", "attack");
    const setuid = join(fixture.folder.path, "program", "setuid");
    copyFileSync(program, setuid);
    if (isRoot()) chownSync(setuid, 0, 0);
    chmodSync(setuid, 0o4755);
    return { SETUID_PROGRAM: setuid };
  },
};
