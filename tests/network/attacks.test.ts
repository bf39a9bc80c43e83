/**
 * Every attack on the brokered network, as root and as an ordinary user: its harmless twin works,
 * the attack is blocked, and nobody but the permitted servers was reached. Every attack is also run
 * without a sandbox, where it has to succeed: a test that cannot fail would prove nothing.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { compileAll } from "../support/compile.ts";
import {
  asUser,
  binaryFor,
  callerName,
  callers,
  ORDINARY_UID,
  repositoryRoot,
} from "../support/paths.ts";
import type { Scratch } from "../support/scratch.ts";
import { named, needsRoot } from "../support/skip.ts";
import { type Attack, attacksFolder, findAttacks } from "./attacks.ts";
import { type Job, type Result, runInWorld, worldFolder } from "./world.ts";

/** A pattern: these attacks alone. */
const only = new RegExp(process.env.MXC_ATTACK ?? "");
const attacks = findAttacks().filter(({ name }) => only.test(name));
const common = join(repositoryRoot, "tests", "escape", "common");
const PERMITTED = /^(9\.9\.9\.10|2600::10) /;

let folder: Scratch;
let results: ReadonlyMap<string, Result>;

const granted = () => join(folder.path, "granted");

/** Where every sandbox sees them. */
async function placePrograms(): Promise<void> {
  const sources = attacks.filter(({ kind }) => kind === "c").map(({ file }) => file);
  const headers = [join(common, "attack.h"), join(attacksFolder, "net.h")];
  const programs = await compileAll(sources, headers);
  copyFileSync(join(common, "attack.py"), join(granted(), "attack.py"));
  mkdirSync(join(granted(), "attacks"));
  for (const { file } of attacks) {
    const place = join(granted(), "attacks", basename(file, ".c"));
    copyFileSync(programs.get(file) ?? file, place);
    chmodSync(place, 0o755);
  }
}

function commandOf({ file, kind }: Attack): string[] {
  const place = join(granted(), "attacks", basename(file, ".c"));
  const path = `PYTHONPATH=${granted()}`;
  const outside = `MXC_OUTSIDE=${join(folder.path, "outside")}`;
  return ["env", path, outside, ...(kind === "py" ? ["/usr/bin/python3"] : []), place];
}

function launcherOf({ asksHost }: Attack): string[] {
  return asksHost ? ["/usr/bin/python3", join(granted(), "host.py")] : [];
}

function inside(attack: Attack, uid: number): Job {
  const words = [
    ...["setpriv", "--reuid", `${uid}`, "--regid", `${uid}`, "--clear-groups", "--"],
    ...launcherOf(attack),
    ...[binaryFor(uid), "run", `--allow-read=${granted()}`, ...attack.flags],
    ...["--", ...commandOf(attack)],
  ];
  return { name: `${callerName(uid)}: ${attack.name}`, words, settles: true };
}

function outside(attack: Attack): Job {
  const words = [
    ...asUser(attack.control === "root" ? 0 : ORDINARY_UID),
    ...launcherOf(attack),
    ...commandOf(attack),
  ];
  return { name: `control: ${attack.name}`, words, settles: true };
}

const isTriedBy = ({ callers }: Attack, uid: number) =>
  callers === "all" || (callers === "root") === (uid === 0);

test("there are at least 40 attacks on the network", () => {
  expect(findAttacks().length).toBeGreaterThanOrEqual(40);
});

const why = needsRoot("making the world");

describe.skipIf(why !== undefined)(named("attacks on a brokered network", why), () => {
  beforeAll(async () => {
    folder = worldFolder();
    await placePrograms();
    results = await runInWorld(folder, [
      ...callers.flatMap((uid) =>
        attacks.filter((one) => isTriedBy(one, uid)).map((one) => inside(one, uid)),
      ),
      ...attacks.filter(({ control }) => control !== "none").map(outside),
    ]);
    if (process.env.MXC_TIMES !== undefined) {
      for (const { seconds, name } of results.values()) console.error(seconds.toFixed(1), name);
    }
  }, 600_000);

  afterAll(() => folder.remove());

  for (const uid of callers) {
    describe(`as ${callerName(uid)}`, () => {
      for (const attack of attacks.filter((one) => isTriedBy(one, uid))) {
        const check = attack.fails ? expectKnownHole : expectBlocked;
        test(attack.name, () => check(results.get(`${callerName(uid)}: ${attack.name}`)));
      }
    });
  }

  const some = process.env.MXC_ATTACK === undefined ? undefined : "MXC_ATTACK leaves some out";
  test.skipIf(some !== undefined)(named("who is contacted is written down", some), () => {
    const contacts = new Set(
      [...results].flatMap(([name, { contacts }]) =>
        name.startsWith("control: ") ? (contacts ?? []) : [],
      ),
    );
    for (const place of [
      ...["9.9.9.11 666", "9.9.9.11 7/udp", "169.254.169.254 80", "64:ff9b::909:90b 666"],
      ...["host 18099", "host 18099/udp", "host agent.sock", "host abstract"],
    ]) {
      expect([...contacts]).toContain(place);
    }
  });

  describe("without a sandbox the attack succeeds:", () => {
    for (const attack of attacks.filter(({ control }) => control !== "none")) {
      test(attack.name, () => {
        const result = results.get(`control: ${attack.name}`);
        expect(`${result?.stdout}${result?.stderr}`).toContain("attack: SUCCEEDED");
      });
    }
  });
});

/** Fails as soon as the attack is blocked, so that its `@fails` is taken away. */
function expectKnownHole(result: Result | undefined): void {
  expect(result?.stdout).toContain("attack: SUCCEEDED");
  expect(result?.stdout).toContain("twin: ok");
}

function expectBlocked(result: Result | undefined): void {
  if (result === undefined) throw new Error("it was not run");
  const shown = `exit ${result.code}\n${result.stdout}${result.stderr}`;
  const lines = result.stdout.split("\n");
  const says = (text: string) => lines.some((line) => line === text || line.startsWith(`${text} `));
  if (!says("twin: ok")) throw new Error(`the harmless twin did not work:\n${shown}`);
  if (!says("attack: blocked") || says("attack: SUCCEEDED")) {
    throw new Error(`not blocked:\n${shown}`);
  }
  expect(result.contacts?.filter((one) => !PERMITTED.test(one))).toEqual([]);
}
