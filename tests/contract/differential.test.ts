/**
 * The verdicts of MXC's own executors and ours on one corpus. Every difference is one that
 * docs/differences.md lists, and every one listed there occurs.
 */

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { type CorpusEntry, corpus } from "./corpus.ts";
import { DIFFERENCES } from "./differences.ts";
import { type Outcome, outcomeOf, REFERENCES, ROOT } from "./outcome.ts";

const OURS = join(ROOT, "dist", "lxc-exec");
const folder = mkdtempSync(join(tmpdir(), "mxc-contract-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const occurred = new Set<string>();
let files = 0;

async function compare(entry: CorpusEntry): Promise<string | undefined> {
  files += 1;
  const file = join(folder, `${files}.json`);
  writeFileSync(file, entry.text);
  const [theirs, ours] = await Promise.all([
    outcomeOf(REFERENCES[entry.reference], file),
    outcomeOf(OURS, file),
  ]);
  rmSync(file);
  if (theirs === ours) return undefined;
  const listed = DIFFERENCES.find(({ explains }) => explains(parsed(entry.text), theirs, ours));
  if (listed !== undefined) {
    occurred.add(listed.id);
    return undefined;
  }
  return `${entry.name}: MXC says '${theirs}', mxc says '${ours}': ${entry.text.slice(0, 300)}`;
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

describe("verdicts", () => {
  const entries = corpus();

  test(`the corpus has at least 300 configs (${entries.length})`, () => {
    expect(new Set(entries.map(({ text }) => text)).size).toBeGreaterThanOrEqual(300);
  });

  for (const reference of ["0.8", "1.0"] as const) {
    test(`agree with MXC ${reference}'s executor on the corpus`, async () => {
      const wrong: string[] = [];
      const own = entries.filter((entry) => entry.reference === reference);
      for (let at = 0; at < own.length; at += 4) {
        const found = await Promise.all(own.slice(at, at + 4).map(compare));
        wrong.push(...found.filter((line) => line !== undefined));
      }
      expect(wrong).toEqual([]);
    }, 300_000);
  }

  test("agree on generated configs", async () => {
    const text = fc.constantFrom(
      "",
      "x",
      "/tmp",
      "deny",
      "allow",
      "process",
      "10.0.0.0/8",
      "http://localhost:8080",
    );
    const leaf = fc.oneof(
      text,
      fc.boolean(),
      fc.integer({ min: -1, max: 70_000 }),
      fc.constant(null),
    );
    const list = fc.array(fc.oneof(text, leaf), { maxLength: 2 });
    const fields = <T extends string>(...names: T[]) =>
      fc.record(Object.fromEntries(names.map((name) => [name, fc.oneof(leaf, list)])), {
        requiredKeys: [],
      });
    const document = fc.record(
      {
        version: fc.constantFrom("0.9.0-alpha", "1.0.0", "1.1.0-alpha"),
        process: fc.record(
          { commandLine: fc.constantFrom("true", "x"), env: list, timeout: leaf, cwd: leaf },
          { requiredKeys: ["commandLine"] },
        ),
        filesystem: fc.oneof(leaf, fields("readonlyPaths", "readwritePaths", "deniedPaths")),
        ui: fields("disable", "clipboard", "injection"),
        lifecycle: fields("destroyOnExit", "preservePolicy"),
        lxc: fields("distribution", "release"),
        containment: fc.constantFrom("process", "bubblewrap", "lxc", "x"),
        network: fc.record(
          { egress: fields("default"), ingress: fields("default", "hostLoopback") },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: ["version", "process"] },
    );
    const wrong: string[] = [];
    for (const [index, value] of fc.sample(document, { numRuns: 150, seed: 42 }).entries()) {
      const line = await compare({
        name: `generated ${index}`,
        reference: "1.0",
        text: JSON.stringify(value),
      });
      if (line !== undefined) wrong.push(line);
    }
    expect(wrong).toEqual([]);
  }, 300_000);

  test("every listed difference occurs, and every one that is explained is listed", () => {
    const text = readFileSync(join(ROOT, "docs", "differences.md"), "utf8");
    const listed = [...text.matchAll(/^\| `([a-z-]+)` \| dry run \|/gm)].map(
      ([, id]) => id as string,
    );
    expect(listed.toSorted()).toEqual(DIFFERENCES.map(({ id }) => id).toSorted());
    expect([...occurred].toSorted()).toEqual(DIFFERENCES.map(({ id }) => id).toSorted());
  });
});

export type { Outcome };
