/**
 * Writes what is made from the contract's schemas: validators as plain code, so that a launch
 * compiles nothing, and the JSON Schema files. `--check` says which are not current.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { OptionalKind, Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { CONTRACT_VERSIONS } from "../src/contract/request.ts";
import { SCHEMAS } from "../src/contract/schemas.ts";
import { ROOT, say } from "./tools.ts";

const check = process.argv.includes("--check");
let stale = 0;

const names = CONTRACT_VERSIONS.map(
  (version) => [version, `v${version.replace("-alpha", "").replaceAll(".", "_")}`] as const,
);

for (const version of CONTRACT_VERSIONS) {
  const schema = { $schema: "https://json-schema.org/draft/2020-12/schema", ...SCHEMAS[version] };
  emit(`schemas/mxc-config.${version}.schema.json`, `${JSON.stringify(schema, undefined, 2)}\n`);
}

const parts = names.map(([version, name]) => {
  const code = TypeCompiler.Code(plain(SCHEMAS[version]), { language: "javascript" });
  return `/** ${version} */\nconst ${name} = (() => {\n${code}\n})();\n`;
});
emit(
  "src/contract/validators.generated.ts",
  `// Written by \`npm run generate\` from src/contract/v*.ts.
// @ts-nocheck

${parts.map((part) => part.replace("= (() => {", "= lazily(() => {").replace(/\}\)\(\);\n$/, "});\n")).join("\n")}
/** A version's validator is made when it is first used: a run needs one of them. */
function lazily(make: () => (value: unknown) => boolean): (value: unknown) => boolean {
  let made: ((value: unknown) => boolean) | undefined;
  return (value) => {
    made ??= make();
    return made(value);
  };
}

export const VALIDATORS: Readonly<Record<string, (value: unknown) => boolean>> = {
${names.map(([version, name]) => `  ${JSON.stringify(version)}: ${name},`).join("\n")}
};
`,
);

emit(
  "src/cli/schemas.generated.ts",
  `// Written by \`npm run generate\`: the files of schemas/, embedded.

${names.map(([version, name]) => `import ${name} from "../../schemas/mxc-config.${version}.schema.json" with { type: "text" };`).join("\n")}

export const SCHEMAS: Readonly<Record<string, string>> = {
${names.map(([version, name]) => `  ${JSON.stringify(version)}: ${name} as unknown as string,`).join("\n")}
};
`,
);
process.exit(stale === 0 ? 0 : 1);

/** String enums as unions of literals, which the compiler knows. */
function plain(schema: unknown): never {
  const copy = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(copy);
    if (typeof value !== "object" || value === null) return value;
    const source = value as Record<PropertyKey, unknown>;
    if (Array.isArray(source.enum)) {
      const union = Type.Union(source.enum.map((item) => Type.Literal(item as string)));
      return source[OptionalKind] === undefined ? union : Type.Optional(union);
    }
    const out: Record<PropertyKey, unknown> = {};
    for (const key of Reflect.ownKeys(source)) out[key] = copy(source[key]);
    return out;
  };
  return copy(schema) as never;
}

function emit(path: string, text: string): void {
  const file = join(ROOT, path);
  if (!check) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return say(path);
  }
  let current = "";
  try {
    current = readFileSync(file, "utf8");
  } catch {
    // Missing is as stale as it gets.
  }
  if (current === text) return;
  say(`${path} is not current: npm run generate`);
  stale += 1;
}
