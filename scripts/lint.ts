/** `npm run lint`: changes nothing; `npm run tidy` formats. */

import { join } from "node:path";
import { ROOT, run, ZIG } from "./tools.ts";

run(join(ROOT, "node_modules", ".bin", "biome"), ["check", "--diagnostic-level=error"]);
run(ZIG, ["fmt", "--check", "native", "build.zig"]);
