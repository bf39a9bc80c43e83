/** Contract 0.8.0-alpha. */

import { rolling } from "./rolling.ts";

export const V0_8_0 = rolling("0.8.0-alpha", "MXC configuration 0.8");
