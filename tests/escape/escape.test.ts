/**
 * Every attack, as root and as an ordinary user: its harmless twin works, the attack is blocked,
 * the secret is in no output, nothing on the host changed and the bystander lives. Every attack is
 * also run without a sandbox, where it has to succeed: a test that cannot fail would prove nothing.
 */

import { beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { compileAll } from "../support/compile.ts";
import { isAlive, kernelSettings, mounts, systemPlaces } from "../support/host.ts";
import { asUser, callerName, callers, isRoot, repositoryRoot } from "../support/paths.ts";
import { runSandbox, type SandboxResult } from "../support/sandbox.ts";
import { type Attack, commonFolder, findAttacks, type Sidecar } from "./attacks.ts";
import { type Fixture, makeFixture } from "./fixture.ts";

const attacks = findAttacks();
const header = join(commonFolder, "attack.h");
const support = join(repositoryRoot, "tests", "support");
const victimSource = join(support, "victim.c");
const COMPILE_MS = 900_000;
const ATTACK_MS = 60_000;

let programs: Map<string, string>;

beforeAll(async () => {
  const sources = attacks.filter((attack) => attack.kind === "c").map((attack) => attack.file);
  programs = await compileAll([...sources, victimSource], [header]);
}, COMPILE_MS);

test("there are at least 60 attacks", () => {
  expect(attacks.length).toBeGreaterThanOrEqual(60);
});

for (const uid of callers) {
  describe(`as ${callerName(uid)}`, () => {
    for (const attack of attacks) {
      if (attack.callers === "root" && uid !== 0) continue;
      if (attack.callers === "user" && uid === 0) continue;
      test(attack.name, () => inFixture(attack, uid, runInside), ATTACK_MS);
    }
  });
}

for (const uid of callers) {
  describe(`in the landlock tier, as ${callerName(uid)}`, () => {
    for (const attack of attacks) {
      if (attack.callers === "root" && uid !== 0) continue;
      if (attack.callers === "user" && uid === 0) continue;
      test(attack.name, () => inFixture(attack, uid, runInLandlock), ATTACK_MS);
    }
  });
}

describe("without a sandbox the attack succeeds:", () => {
  for (const attack of attacks) {
    if (attack.control.kind === "none") continue;
    if (attack.control.kind === "root" && !isRoot()) continue;
    const uid = attack.control.kind === "root" ? 0 : (callers.at(-1) ?? 0);
    test(
      `${attack.name} as ${callerName(uid)}`,
      () => inFixture(attack, uid, runOutside),
      ATTACK_MS,
    );
  }
});

async function inFixture(
  attack: Attack,
  uid: number,
  body: (attack: Attack, fixture: Fixture, words: string[], sidecar: Sidecar) => Promise<void>,
): Promise<void> {
  const fixture = await makeFixture(uid, programs.get(victimSource) as string);
  try {
    const sidecar: Sidecar =
      attack.sidecar === undefined ? {} : (await import(attack.sidecar)).sidecar;
    await body(attack, fixture, place(attack, fixture), sidecar);
  } finally {
    await fixture.end();
  }
}

/** Puts the attack where the sandbox sees it; the words that start it. */
function place(attack: Attack, fixture: Fixture): string[] {
  const name = attack.kind === "c" ? "attack" : `attack-program.${attack.kind}`;
  const program = join(fixture.folder.path, "program", name);
  copyFileSync(attack.kind === "c" ? (programs.get(attack.file) as string) : attack.file, program);
  chmodSync(program, 0o755);
  if (attack.kind === "c") return [program];
  return [attack.kind === "sh" ? "/bin/sh" : "/usr/bin/python3", program];
}

async function runInside(
  attack: Attack,
  fixture: Fixture,
  words: string[],
  sidecar: Sidecar,
): Promise<void> {
  await runWith(fixture.grants, expectBlocked, attack, fixture, words, sidecar);
}

/** No mount, no namespace: errors are others, and what exists can be seen. */
async function runInLandlock(
  attack: Attack,
  fixture: Fixture,
  words: string[],
  sidecar: Sidecar,
): Promise<void> {
  const check = (result: SandboxResult) => expectBlockedByLandlock(attack, result, fixture);
  const grants = ["--tier=landlock", ...fixture.grantsWithoutMounts];
  await runWith(grants, check, attack, fixture, words, sidecar);
}

async function runWith(
  grants: readonly string[],
  check: (result: SandboxResult, fixture: Fixture) => void,
  attack: Attack,
  fixture: Fixture,
  words: string[],
  sidecar: Sidecar,
): Promise<void> {
  const variables = { ...fixture.variables, ...(await sidecar.prepare?.(fixture)) };
  const before = {
    tree: fixture.untouchable(),
    settings: kernelSettings(),
    mounts: mounts(),
    places: systemPlaces(),
  };
  const result = await runSandbox({
    uid: fixture.uid,
    launcher: launcherOf(attack, fixture),
    flags: [
      ...grants,
      ...attack.flags.map((flag) => expand(flag, variables)),
      ...Object.entries(variables).map(([name, value]) => `--env=${name}=${value}`),
    ],
    argv: words,
    env: { MXC_CALLER_SECRET: fixture.secret },
  });
  check(result, fixture);
  expect(fixture.untouchable()).toBe(before.tree);
  expect(kernelSettings()).toBe(before.settings);
  expect(mounts()).toBe(before.mounts);
  expect(systemPlaces()).toBe(before.places);
  expect(isAlive(fixture.victim.pid)).toBe(true);
  await sidecar.verify?.(fixture, result);
}

function expectBlocked(result: SandboxResult, fixture: Fixture): void {
  const shown = `exit ${result.exitCode ?? result.signal}\n${result.stdout}${result.stderr}`;
  const lines = result.stdout.split("\n");
  const says = (text: string) => lines.some((line) => line === text || line.startsWith(`${text} `));
  if (!says("twin: ok")) throw new Error(`the harmless twin did not work:\n${shown}`);
  if (!says("attack: blocked") || says("attack: SUCCEEDED"))
    throw new Error(`not blocked:\n${shown}`);
  expect(shown).not.toContain(fixture.secret);
}

/** An attempt that says with which error it failed has failed, be it another one than by mounts. */
function expectBlockedByLandlock(attack: Attack, result: SandboxResult, fixture: Fixture): void {
  const shown = `exit ${result.exitCode ?? result.signal}\n${result.stdout}${result.stderr}`;
  const lines = result.stdout.split("\n");
  const twin = lines.some((line) => /^twin: ok( |$)/.test(line));
  if (twin === attack.landlock.withoutTwin)
    throw new Error(`the harmless twin ${twin ? "works after all" : "did not work"}:\n${shown}`);
  const worked = lines.filter(
    (line) => /^attack: SUCCEEDED/.test(line) && !/: E[A-Z]+$/.test(line),
  );
  const { shows } = attack.landlock;
  const expected = shows === "always" || shows === (fixture.uid === 0 ? "to root" : "to user");
  if (worked.length > 0 !== expected) throw new Error(`not as expected:\n${shown}`);
  expect(shown).not.toContain(fixture.secret);
}

/**
 * What a root control run may do to the host: nothing. Every mount but the fixture's and /proc
 * becomes read-only in a mount namespace of its own, devices' nodes included, /tmp is private. The
 * attacks' arguments are harmless besides (see attack.h).
 */
const CONTAIN = `
set -e
mount --bind "$1" "$1"
while read -r _ place _; do
  case $place in "$1"|/proc|/proc/*) ;; *) mount -o remount,bind,ro "$place" ;; esac
done < /proc/self/mounts
mount -t tmpfs none /tmp
touch /tmp/private
for place in / /dev /etc; do
  if touch "$place/mxc-control" 2>/tmp/error; then echo "not contained: $place" >&2; exit 125; fi
done
shift
exec "$@"`;

async function runOutside(
  attack: Attack,
  fixture: Fixture,
  words: string[],
  sidecar: Sidecar,
): Promise<void> {
  const variables = { ...fixture.variables, ...(await sidecar.prepare?.(fixture)) };
  const before = { settings: kernelSettings(), mounts: mounts(), places: systemPlaces() };
  const contained = [
    "unshare",
    "--mount",
    "--uts",
    "--propagation",
    "private",
    "--",
    "sh",
    "-c",
    CONTAIN,
    "sh",
    fixture.folder.path,
  ];
  const child = Bun.spawn(
    [
      ...(isRoot() ? contained : []),
      ...asUser(fixture.uid),
      ...launcherOf(attack, fixture),
      ...words,
    ],
    {
      env: {
        PATH: process.env.PATH ?? "/usr/bin:/bin:/usr/sbin:/sbin",
        MXC_CALLER_SECRET: fixture.secret,
        ...variables,
      },
      cwd: "/",
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const limit = setTimeout(() => child.kill("SIGKILL"), ATTACK_MS / 2);
  const [output, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  await child.exited;
  clearTimeout(limit);
  expect({ settings: kernelSettings(), mounts: mounts(), places: systemPlaces() }).toEqual(before);
  if (!output.includes("attack: SUCCEEDED")) {
    throw new Error(`nothing stopped it, and yet:\n${output}${errors}`);
  }
}

/** `--deny=NAME` with the value of the variable NAME, where there is one. */
function expand(flag: string, variables: Readonly<Record<string, string>>): string {
  return flag.replace(/[A-Z][A-Z_]+/g, (name) => variables[name] ?? name);
}

function launcherOf(attack: Attack, fixture: Fixture): string[] {
  switch (attack.launcher) {
    case "terminal": {
      // In the fixture: the checkout may be below /tmp, which a control run hides.
      const helper = join(fixture.folder.path, "terminal.py");
      copyFileSync(join(support, "terminal.py"), helper);
      chmodSync(helper, 0o644);
      return ["/usr/bin/python3", helper];
    }
    case "descriptors": {
      const token = join(fixture.folder.path, "secret", "token.txt");
      return ["bash", "-c", `exec 7<"${token}" 200<>"${token}" 1000<"${token}"; exec "$@"`, "sh"];
    }
    default:
      return [];
  }
}
