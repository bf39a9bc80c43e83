/** Contract 1.0.0. */

import { published } from "./published.ts";

export const V1_0_0 = published({
  version: "1.0.0",
  title: "MXC configuration 1.0",
  aliases: false,
  virtualMachines: false,
});
