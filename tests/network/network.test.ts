/** The brokered network, against servers of the test's own: rules, real clients, and refusals. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { callerName, callers } from "../support/paths.ts";
import type { Scratch } from "../support/scratch.ts";
import { named, needsRoot } from "../support/skip.ts";
import { all, clients, ingress, landlock, refusals, rules } from "./cases.ts";
import { expectOutcome, jobName, jobOf } from "./jobs.ts";
import { type Result, runInWorld, worldFolder } from "./world.ts";

let results: ReadonlyMap<string, Result>;
let queries: readonly string[] = [];
let folder: Scratch;

/** On it, both kinds of caller are tried. */
const why = needsRoot("making the world");

describe.skipIf(why !== undefined)(named("a brokered network", why), () => {
  beforeAll(async () => {
    folder = worldFolder();
    const cases = callers.flatMap((uid) =>
      all
        .filter((one) => one.callers !== "root" || uid === 0)
        .map((one) => jobOf(folder, uid, one)),
    );
    results = await runInWorld(folder, cases);
    queries = (await Bun.file(join(folder.path, "dns.log")).text()).split("\n");
  }, 600_000);

  afterAll(() => folder.remove());

  for (const uid of callers) {
    for (const [title, cases] of Object.entries({ rules, ingress, clients, refusals, landlock })) {
      describe(`${callerName(uid)}, ${title}`, () => {
        for (const one of cases) {
          test(one.name, () => expectOutcome(one, results.get(jobName(uid, one))));
        }
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
