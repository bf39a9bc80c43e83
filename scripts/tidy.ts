/** `npm run tidy`: formats what can be formatted, then runs the checks of the house's own rules. */

import { join } from "node:path";
import { ROOT, run, ZIG } from "./tools.ts";

run(join(ROOT, "node_modules", ".bin", "biome"), ["check", "--write", "--diagnostic-level=error"]);
run(ZIG, ["fmt", "native", "build.zig"]);
run(process.execPath, ["test", "./tests/tidy"]);
