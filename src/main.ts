/** argv to a front door, loaded only then. Nothing else. */

const [, , command = "", ...rest] = process.argv;

const name = process.argv0.slice(process.argv0.lastIndexOf("/") + 1);

if (name === "lxc-exec") {
  const { lxcExec } = await import("./compat/lxc-exec.ts");
  await lxcExec(process.argv.slice(2));
} else if (command === "run") {
  const { run } = await import("./cli/run.ts");
  await run(rest);
} else {
  const { dispatch } = await import("./cli/commands.ts");
  await dispatch(process.argv.slice(2));
}

export {};
