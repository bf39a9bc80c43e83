import { expect } from "bun:test";
import { processesWith, within } from "../../support/host.ts";
import type { Sidecar } from "../attacks.ts";

let token = "";

export const sidecar: Sidecar = {
  prepare: () => {
    token = `mxc-daemon-${crypto.randomUUID()}`;
    return { DAEMON_TOKEN: token };
  },
  verify: async () => {
    expect(await within(100, () => processesWith(token).length === 0)).toBe(true);
  },
};
