/** Contract 1.1.0-alpha: virtual machines and Windows Sandbox become part of it. */

import { published } from "./published.ts";

export const V1_1_0 = published({
  version: "1.1.0-alpha",
  title: "MXC configuration 1.1",
  aliases: false,
  virtualMachines: true,
});
