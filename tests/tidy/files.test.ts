/** What every tracked file has to keep to. */

import { expect, test } from "bun:test";
import { basename } from "node:path";
import { sourceFiles, textOf } from "./sources.ts";

const files = sourceFiles();
const code = files.filter((file) => /\.(ts|mjs|zig|c|h|py|sh|S)$/.test(file));
const generated = (file: string) => /\.generated\.ts$/.test(file);

const MAX_LINES = 700;

test(`no file of code has more than ${MAX_LINES} lines`, () => {
  const long = code
    .filter((file) => !generated(file))
    .map((file) => [file, textOf(file).split("\n").length - 1] as const)
    .filter(([, lines]) => lines > MAX_LINES);
  expect(long).toEqual([]);
});

// In parts, so that this file keeps to its own rule.
const FORBIDDEN: readonly (readonly [string, RegExp])[] = [
  ["a path of one machine", new RegExp(`(?<![\\w.])/${"work"}/(main|shared|\\.)`)],
  ["a path of one machine", new RegExp(`/${"tmp"}/w/`)],
  ["a person's home", /\/home\/(?!user\b|me\b|you\b|name\b)[a-z]+\/\w/],
  ["a registry's host", new RegExp(`registry\\.${"npmjs"}|${"npmjs"}\\.(org|com)`)],
  ["a registry's host", new RegExp(`${"pypi"}\\.org|${"pythonhosted"}\\.org`)],
  ["a registry's host", new RegExp(`${"deb"}\\.debian\\.org|${"crates"}\\.io`)],
  ["unfinished work", new RegExp(`\\b(${"TO"}DO|${"FIX"}ME|${"XX"}X)\\b`)],
];

test("no file names a machine, a registry's host or unfinished work", () => {
  const found: string[] = [];
  for (const file of files) {
    const text = textOf(file);
    for (const [what, pattern] of FORBIDDEN) {
      const hit = pattern.exec(text);
      if (hit !== null) found.push(`${file}: ${what}: ${hit[0]}`);
    }
  }
  expect(found).toEqual([]);
});

test("that check finds what it looks for", () => {
  const bad = [
    `/${"work"}/main/src`,
    `/${"tmp"}/w/x`,
    `/${"home"}/somebody/src`,
    `https://registry.${"npmjs"}.org/x`,
    `https://${"pypi"}.org/simple`,
    `http://${"deb"}.debian.org/debian`,
    `// ${"TO"}DO later`,
  ];
  for (const text of bad) {
    expect(FORBIDDEN.filter(([, pattern]) => pattern.test(text)).length).toBeGreaterThan(0);
  }
});

test("packages are locked by checksum, without the place they came from", () => {
  const { packages } = JSON.parse(textOf("package-lock.json")) as {
    packages: Record<string, { integrity?: string; resolved?: string; version?: string }>;
  };
  const entries = Object.entries(packages).filter(([name]) => name !== "");
  expect(entries.length).toBeGreaterThan(10);
  for (const [name, entry] of entries) {
    expect([name, entry.integrity?.slice(0, 7)]).toEqual([name, "sha512-"]);
    expect([name, entry.resolved]).toEqual([name, undefined]);
  }
});

test("packages are pinned to one version", () => {
  const { devDependencies, dependencies } = JSON.parse(textOf("package.json")) as {
    devDependencies: Record<string, string>;
    dependencies?: Record<string, string>;
  };
  expect(dependencies).toBeUndefined();
  for (const version of Object.values(devDependencies)) {
    expect(version).toMatch(/^(npm:@?[\w/-]+@)?\d+\.\d+\.\d+$/);
  }
});

test("the version is the same everywhere", async () => {
  const { VERSION } = await import("../../src/version.ts");
  expect(JSON.parse(textOf("package.json")).version).toBe(VERSION);
});

test("TypeScript files are named in kebab case", () => {
  const odd = files.filter(
    (file) =>
      file.endsWith(".ts") &&
      !/^[a-z0-9]+([-_][a-z0-9]+)*(\.(test|generated|d))?\.ts$/.test(basename(file)),
  );
  expect(odd).toEqual([]);
});

test("every file of code says at its start what it is for", () => {
  // An attack's set-up is named in the attack's own file beside it.
  const twins = (file: string) => /^tests\/escape\/\w+\/.*\.ts$/.test(file);
  const silent = code.filter((file) => {
    if (twins(file)) return false;
    const text = textOf(file).replace(/^#!.*\n/, "");
    return !/^(\/\*|\/\/|#|"""|'''|\s*\/\*\*)/.test(text);
  });
  expect(silent).toEqual([]);
});
