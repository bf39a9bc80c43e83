/** `mxc schema` */

import { nearest } from "../contract/nearest.ts";
import { CONTRACT_VERSIONS } from "../contract/request.ts";
import { parseFlags, UsageError } from "./flags.ts";
import { write } from "./output.ts";

export async function schema(args: readonly string[]): Promise<void> {
  const { positionals } = parseFlags(args, {});
  const [version] = positionals;
  if (version === undefined) return write(1, `${CONTRACT_VERSIONS.join("\n")}\n`);
  const { SCHEMAS } = await import("./schemas.generated.ts");
  const text = Object.hasOwn(SCHEMAS, version) ? SCHEMAS[version] : undefined;
  if (text === undefined) {
    const near = nearest(version, CONTRACT_VERSIONS);
    throw new UsageError(
      `unknown contract version ${version}${near === undefined ? "" : `; did you mean ${near}?`}`,
    );
  }
  write(1, text);
}
