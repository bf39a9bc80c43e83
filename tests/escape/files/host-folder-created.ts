import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Sidecar } from "../attacks.ts";

export const sidecar: Sidecar = {
  prepare: (fixture) => ({
    DENIED_OUTSIDE: join(fixture.folder.path, "secret", "missing", "deep"),
  }),
  verify: (fixture) => {
    expect(existsSync(join(fixture.folder.path, "secret", "missing"))).toBe(false);
  },
};
