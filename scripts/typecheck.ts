/** `npm run typecheck` */

import { join } from "node:path";
import { ROOT, run } from "./tools.ts";

run(join(ROOT, "node_modules", ".bin", "tsc"), ["--noEmit"]);
