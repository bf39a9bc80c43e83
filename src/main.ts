/** argv to a front door, loaded only then. Nothing else. */

import { basename } from "node:path";

const [, , command = "", ...rest] = process.argv;

if (basename(process.argv0) === "lxc-exec") {
  const { lxcExec } = await import("./compat/lxc-exec.ts");
  await lxcExec(process.argv.slice(2));
} else if (command === "run") {
  const { run } = await import("./cli/run.ts");
  await run(rest);
} else {
  const { dispatch } = await import("./cli/commands.ts");
  await dispatch(process.argv.slice(2));
}
