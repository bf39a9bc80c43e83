/** Real clients, unmodified, on a brokered network: curl to Java, large transfers, many at once. */

import { afterAll, beforeAll, describe, test } from "bun:test";
import { chmodSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { compileC } from "../support/compile.ts";
import { callerName, callers } from "../support/paths.ts";
import type { Scratch } from "../support/scratch.ts";
import { named, needsRoot } from "../support/skip.ts";
import { expectOutcome, jobName, jobOf } from "./jobs.ts";
import { isMissing, preparePrograms, programs } from "./programs.ts";
import { services } from "./services.ts";
import { type Result, runInWorld, worldFolder } from "./world.ts";

const all = [...programs, ...services];

const why = needsRoot("making the world");

describe.skipIf(why !== undefined)(named("clients of a brokered network", why), () => {
  let results: ReadonlyMap<string, Result>;
  let folder: Scratch;

  beforeAll(async () => {
    folder = worldFolder();
    preparePrograms(folder);
    // Linked with musl, statically: another resolver than the host's.
    const resolver = await compileC(join(import.meta.dir, "support", "resolve.c"));
    copyFileSync(resolver, join(folder.path, "granted", "resolve"));
    chmodSync(join(folder.path, "granted", "resolve"), 0o755);
    const found = all.filter((one) => !isMissing(one));
    const jobs = callers.flatMap((uid) => found.map((one) => jobOf(folder, uid, one)));
    results = await runInWorld(folder, jobs, { services: true });
  }, 900_000);

  afterAll(() => folder.remove());

  for (const uid of callers) {
    describe(callerName(uid), () => {
      for (const one of all) {
        const wanted = [...(one.needs ?? []), ...(one.modules ?? [])].join(", ");
        const name = named(one.name, isMissing(one) ? `needs ${wanted}` : undefined);
        test.skipIf(isMissing(one))(name, () => {
          expectOutcome(one, results.get(jobName(uid, one)));
        });
      }
    });
  }
});
