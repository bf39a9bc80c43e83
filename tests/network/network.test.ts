/** The brokered network, against servers of the test's own: rules, real clients, and refusals. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryFor, callerName, callers, isRoot } from "../support/paths.ts";
import type { Scratch } from "../support/scratch.ts";
import { all, type Case, clients, refusals, rules } from "./cases.ts";
import { type Result, runInWorld, worldFolder } from "./world.ts";

let results: ReadonlyMap<string, Result>;
let queries: readonly string[] = [];
let folder: Scratch;

function words(uid: number, { flags, config, argv, launcher }: Case): string[] {
  const id = String(uid);
  const granted = join(folder.path, "granted");
  const out = [
    "setpriv",
    "--reuid",
    id,
    "--regid",
    id,
    "--clear-groups",
    "--",
    ...(launcher ?? []),
    binaryFor(uid),
    "run",
  ];
  const inside = (word: string) =>
    word.replaceAll("FOLDER", granted).replaceAll("PROBE", join(granted, "probe.py"));
  if (config !== undefined) {
    const file = join(folder.path, `config-${crypto.randomUUID()}.json`);
    writeFileSync(
      file,
      JSON.stringify({ ...config, process: { commandLine: "true" }, containment: "bubblewrap" }),
      { mode: 0o644 },
    );
    out.push("--config", file);
  }
  if (!(flags ?? []).some((flag) => flag.startsWith("--allow-read"))) {
    out.push(`--allow-read=${granted}`);
  }
  out.push(...(flags ?? []).map(inside), "--", ...argv.map(inside));
  return out;
}

/** Making the world takes root; on it, both kinds of caller are tried. */
describe.skipIf(!isRoot())("a brokered network", () => {
  beforeAll(async () => {
    folder = worldFolder();
    const cases = callers.flatMap((uid) =>
      all
        .filter((one) => one.callers !== "root" || uid === 0)
        .map((one) => ({ name: `${callerName(uid)}: ${one.name}`, words: words(uid, one) })),
    );
    results = await runInWorld(folder, cases);
    queries = (await Bun.file(join(folder.path, "dns.log")).text()).split("\n");
  }, 600_000);

  afterAll(() => folder.remove());

  for (const uid of callers) {
    for (const [title, cases] of Object.entries({ rules, clients, refusals })) {
      describe(`${callerName(uid)}, ${title}`, () => {
        for (const one of cases) test(one.name, () => check(one, callerName(uid)));
      });
    }
  }

  test("no server was asked for a name that nothing grants", () => {
    expect(queries.filter((line) => line.startsWith("other.test"))).toEqual([]);
    expect(queries.some((line) => line.startsWith("four.test"))).toBe(true);
  });

  test("below a wildcard, few new names a minute", () => {
    const asked = new Set(queries.filter((line) => /^\d+\.wild\.test /.test(line)));
    expect(asked.size).toBeGreaterThan(0);
    // Both families of at most 60 names a minute, two minutes at most, each caller.
    expect(asked.size).toBeLessThanOrEqual(240);
  });
});

function check(one: Case, caller: string): void {
  const result = results.get(`${caller}: ${one.name}`) as Result;
  if (typeof one.stdout === "string") {
    expect({ stdout: result.stdout, stderr: result.stderr }).toEqual({
      stdout: one.stdout,
      stderr: expect.any(String),
    });
  } else if (one.stdout !== undefined) expect(result.stdout).toMatch(one.stdout);
  if (one.stderr !== undefined) expect(result.stderr).toMatch(one.stderr);
  if (one.code !== undefined || typeof one.stdout === "string") {
    expect([result.code, result.stderr]).toEqual([one.code ?? 0, expect.any(String)]);
  }
}
