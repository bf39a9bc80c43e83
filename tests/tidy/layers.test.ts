/** Imports point one way: front doors, contract, policy, plan, backends, native. */

import { describe, expect, test } from "bun:test";
import { importsOf, sourceFiles, textOf } from "./sources.ts";

const typescript = sourceFiles().filter((file) => /^src\/.*\.ts$/.test(file));
const product = typescript.filter((file) => !file.endsWith(".test.ts"));

/** Neither files nor processes: values in, values out. */
const PURE = ["src/contract/", "src/policy/", "src/plan/"];

/** What of a folder's imports from other folders of src/ is right. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  contract: ["contract"],
  policy: ["policy", "contract"],
  plan: ["plan", "policy", "contract", "host", "native"],
  host: ["host", "policy", "plan", "native"],
  backends: ["backends", "plan", "native"],
  native: ["native", "plan"],
  compat: ["compat", "cli", "backends", "host", "plan", "policy", "contract", "native"],
  cli: ["cli", "backends", "host", "plan", "policy", "contract", "native"],
};

/** Of layers that have effects, a pure module may take these: types and constants only. */
const PURE_PARTS = [
  "src/host/facts.ts",
  "src/native/abi.generated.ts",
  "src/errors.ts",
  "src/version.ts",
];

function impurities(text: string, file: string): string[] {
  const bad = importsOf(file, text).filter(
    (name) =>
      (/^(node|bun):/.test(name) && name !== "node:path") ||
      (name.startsWith("src/") &&
        !PURE.some((folder) => name.startsWith(folder)) &&
        !PURE_PARTS.includes(name)),
  );
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
  for (const [name] of code.matchAll(
    /(?<![\w."'`/-])(process\.\w+|Bun\.\w+|globalThis\.\w+|Date\.now|Math\.random|fetch\()/g,
  )) {
    // A request has a part of that name: where a variable of one's own is called so, it is meant.
    if (
      name.startsWith("process.") &&
      /\bprocess(\?)?\s*:|[{,]\s*process\s*[,}]|\b(const|let) process\b/.test(code)
    )
      continue;
    bad.push(name);
  }
  return bad;
}

describe("contract, policy and plan have no effects", () => {
  for (const folder of PURE) {
    test(folder, () => {
      const files = product.filter((file) => file.startsWith(folder));
      expect(files.length).toBeGreaterThan(0);
      const found = files.flatMap((file) =>
        impurities(textOf(file), file).map((what) => `${file}: ${what}`),
      );
      expect(found).toEqual([]);
    });
  }

  test("the check notices each kind", () => {
    const file = "src/plan/example.ts";
    for (const text of [
      'import { readFileSync } from "node:fs";',
      'import { dlopen } from "bun:ffi";',
      'const a = await import("node:child_process");',
      'import { probe } from "../host/probe.ts";',
      "const a = process.env;",
      "const now = Date.now();",
      "Bun.spawn([]);",
    ]) {
      expect(impurities(text, file)).toHaveLength(1);
    }
    for (const text of [
      'import { join } from "node:path";',
      'import type { HostFacts } from "../host/facts.ts";',
      "// process.env is not for us",
      "const a = request.process.env;",
      "function f(process: Request): string { return process.env; }",
    ]) {
      expect(impurities(text, file)).toEqual([]);
    }
  });
});

test("no layer imports one above it", () => {
  const found: string[] = [];
  for (const file of product) {
    const layer = file.split("/")[1] as string;
    const allowed = MAY_IMPORT[layer];
    if (allowed === undefined) {
      if (!/^src\/[\w.]+\.ts$/.test(file)) found.push(`${file}: a layer without a rule`);
      continue;
    }
    for (const name of importsOf(file)) {
      const other = /^src\/([\w-]+)\//.exec(name)?.[1];
      if (other !== undefined && !allowed.includes(other)) found.push(`${file}: ${name}`);
    }
  }
  expect(found).toEqual([]);
});

test("every file of the product is reached from main.ts", () => {
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file) || !product.includes(file)) return;
    reached.add(file);
    for (const name of importsOf(file)) visit(name);
  };
  visit("src/main.ts");
  const generator = importsOf("scripts/generate-contract.ts");
  const ours = (file: string) => !file.endsWith(".d.ts");
  // The schemas are compiled away: only the generator and its own imports read them.
  for (const name of generator) visit(name);
  expect(product.filter((file) => ours(file) && !reached.has(file))).toEqual([]);
});

test("main.ts loads what a command needs, and only then", () => {
  const eager = importsOf("src/main.ts", textOf("src/main.ts").replaceAll(/import\(/g, "later("));
  expect(eager).toEqual([]);
});
