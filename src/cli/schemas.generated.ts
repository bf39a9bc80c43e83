// Written by `npm run generate`: the files of schemas/, embedded.

import v0_6_0 from "../../schemas/mxc-config.0.6.0-alpha.schema.json" with { type: "text" };
import v0_7_0 from "../../schemas/mxc-config.0.7.0-alpha.schema.json" with { type: "text" };
import v0_8_0 from "../../schemas/mxc-config.0.8.0-alpha.schema.json" with { type: "text" };
import v0_9_0 from "../../schemas/mxc-config.0.9.0-alpha.schema.json" with { type: "text" };
import v1_0_0 from "../../schemas/mxc-config.1.0.0.schema.json" with { type: "text" };
import v1_1_0 from "../../schemas/mxc-config.1.1.0-alpha.schema.json" with { type: "text" };

export const SCHEMAS: Readonly<Record<string, string>> = {
  "0.6.0-alpha": v0_6_0 as unknown as string,
  "0.7.0-alpha": v0_7_0 as unknown as string,
  "0.8.0-alpha": v0_8_0 as unknown as string,
  "0.9.0-alpha": v0_9_0 as unknown as string,
  "1.0.0": v1_0_0 as unknown as string,
  "1.1.0-alpha": v1_1_0 as unknown as string,
};
