/** `mxc version` */

import { CONTRACT_VERSIONS } from "../contract/request.ts";
import { VERSION } from "../version.ts";
import { type FlagDefs, parseFlags } from "./flags.ts";
import { write } from "./output.ts";

export const VERSION_FLAGS: FlagDefs = {
  json: { type: "boolean", description: "Print as JSON" },
};

export function version(args: readonly string[]): void {
  const flags = parseFlags(args, VERSION_FLAGS);
  const target = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  if (flags.switches.has("json")) {
    write(
      1,
      `${JSON.stringify({ version: VERSION, target, contracts: CONTRACT_VERSIONS, bun: Bun.version })}\n`,
    );
  } else {
    write(
      1,
      `mxc ${VERSION} (${target})\ncontracts ${CONTRACT_VERSIONS.join(" ")}\nbun ${Bun.version}\n`,
    );
  }
}
