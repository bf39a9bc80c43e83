/** Contract 0.9.0-alpha: the last one with the old names of two backends. */

import { published } from "./published.ts";

export const V0_9_0 = published({
  version: "0.9.0-alpha",
  title: "MXC configuration 0.9",
  aliases: true,
  virtualMachines: false,
});
