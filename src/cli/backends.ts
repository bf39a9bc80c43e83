/** `mxc backends` */

import { examineHost } from "../host/doctor.ts";
import { type FlagDefs, parseFlags } from "./flags.ts";
import { write } from "./output.ts";

const BACKENDS_FLAGS: FlagDefs = { json: { type: "boolean", description: "Print as JSON" } };

export async function backends(args: readonly string[]): Promise<void> {
  const flags = parseFlags(args, BACKENDS_FLAGS);
  const { backends: list } = await examineHost();
  if (flags.switches.has("json")) return write(1, `${JSON.stringify(list, undefined, 2)}\n`);
  const width = Math.max(...list.map(({ name }) => name.length));
  const lines = list.map(
    ({ name, available, reason }) =>
      `${name.padEnd(width)}  ${available ? "yes" : "no "}  ${reason}`,
  );
  write(1, `${lines.join("\n")}\n`);
}
