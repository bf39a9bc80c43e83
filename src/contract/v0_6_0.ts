/** Contract 0.6.0-alpha. */

import { rolling } from "./rolling.ts";

export const V0_6_0 = rolling("0.6.0-alpha", "MXC configuration 0.6");
