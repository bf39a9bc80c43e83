/** Contract 0.7.0-alpha. */

import { rolling } from "./rolling.ts";

export const V0_7_0 = rolling("0.7.0-alpha", "MXC configuration 0.7");
