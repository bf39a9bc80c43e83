/** Every version's schema by its name. */

import type { TSchema } from "@sinclair/typebox";
import type { ContractVersion } from "./request.ts";
import { V0_6_0 } from "./v0_6_0.ts";
import { V0_7_0 } from "./v0_7_0.ts";
import { V0_8_0 } from "./v0_8_0.ts";
import { V0_9_0 } from "./v0_9_0.ts";
import { V1_0_0 } from "./v1_0_0.ts";
import { V1_1_0 } from "./v1_1_0.ts";

export const SCHEMAS: Readonly<Record<ContractVersion, TSchema>> = {
  "0.6.0-alpha": V0_6_0,
  "0.7.0-alpha": V0_7_0,
  "0.8.0-alpha": V0_8_0,
  "0.9.0-alpha": V0_9_0,
  "1.0.0": V1_0_0,
  "1.1.0-alpha": V1_1_0,
};
