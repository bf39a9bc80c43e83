import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { giveTo } from "../../support/scratch.ts";
import type { Sidecar } from "../attacks.ts";

export const sidecar: Sidecar = {
  prepare: (fixture) => {
    const folder = join(fixture.folder.path, "rw", "deep");
    const denied = join(folder, "middle", "denied");
    mkdirSync(denied, { recursive: true });
    writeFileSync(join(denied, "token.txt"), fixture.secret);
    giveTo(fixture.uid, folder);
    return { DENIED_DEEP: denied };
  },
};
