/**
 * Symlinks that change their target while mxc starts: between the look at a path and its use lies
 * the classic race. Whatever a launch resolves, it either runs with what the policy means, or is
 * refused; what is denied never shows.
 */

import { beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileC } from "../support/compile.ts";
import { asUser, callerName, callers, repositoryRoot } from "../support/paths.ts";
import { runSandbox, type SandboxResult, type SandboxRun } from "../support/sandbox.ts";
import { giveTo, scratch } from "../support/scratch.ts";

const LAUNCHES = Number(process.env.MXC_SWAP_LAUNCHES ?? 100);
const TEST_MS = 300_000;

let swapper: string;

beforeAll(async () => {
  swapper = await compileC(join(repositoryRoot, "tests", "support", "swapper.c"));
}, TEST_MS);

interface Place {
  readonly folder: string;
  readonly link: string;
  readonly harmless: string;
  readonly secret: string;
  readonly token: string;
}

/** Launches again and again while `link` swaps between the two targets. */
async function launchWhileSwapping(
  uid: number,
  targets: (place: Place) => readonly [string, string],
  run: (place: Place) => SandboxRun,
): Promise<{ results: SandboxResult[]; swaps: number; token: string }> {
  const area = scratch(uid);
  try {
    const token = `mxc-secret-${crypto.randomUUID()}`;
    const place: Place = {
      folder: area.path,
      link: join(area.path, "current"),
      harmless: join(area.path, "harmless"),
      secret: join(area.path, "secret"),
      token,
    };
    mkdirSync(join(place.harmless, "inner"), { recursive: true });
    mkdirSync(join(place.secret, "inner"), { recursive: true });
    for (const [folder, text] of [
      [place.harmless, "harmless"],
      [place.secret, token],
    ] as const) {
      writeFileSync(join(folder, "data.txt"), text);
      writeFileSync(join(folder, "inner", "data.txt"), text);
    }
    const program = join(area.path, "swapper");
    copyFileSync(swapper, program);
    Bun.spawnSync(["chmod", "755", program]);
    const [one, other] = targets(place);
    symlinkSync(one, place.link);
    const launch = run(place);
    giveTo(uid, area.path);
    const swapping = Bun.spawn([...asUser(uid), program, place.link, one, other], {
      stdin: "pipe",
      stdout: "pipe",
    });
    const results: SandboxResult[] = [];
    for (let i = 0; i < LAUNCHES; i++) results.push(await runSandbox({ ...launch, uid }));
    swapping.stdin.end();
    const output = await new Response(swapping.stdout).text();
    expect(await swapping.exited).toBe(0);
    return { results, swaps: Number(output.trim().split("\n").at(-1)), token };
  } finally {
    area.remove();
  }
}

function expectSafe(
  { results, swaps, token }: Awaited<ReturnType<typeof launchWhileSwapping>>,
  works: (result: SandboxResult) => boolean,
): void {
  expect(swaps).toBeGreaterThan(5_000);
  let worked = 0;
  for (const result of results) {
    const shown = `exit ${result.exitCode ?? result.signal}\n${result.stdout}${result.stderr}`;
    expect(shown).not.toContain(token);
    if (works(result)) worked += 1;
    // A refusal: by mxc, or by what stands in for a denied object.
    else if (result.exitCode === 0 || result.stderr === "")
      throw new Error(`neither works nor refuses:\n${shown}`);
  }
  // Both outcomes, or the race was none.
  expect(worked).toBeGreaterThan(0);
  expect(worked).toBeLessThan(results.length);
}

describe.each([...callers])("swapped symlinks as %d", (uid) => {
  const both = (place: Place) => [place.harmless, place.secret] as const;
  const showsHarmless = (result: SandboxResult) =>
    result.exitCode === 0 && result.stdout === "harmless";

  test(
    `a granted folder, ${callerName(uid)}`,
    async () => {
      expectSafe(
        await launchWhileSwapping(uid, both, (place) => ({
          flags: [`--allow-read=${place.link}`, `--deny=${place.secret}`],
          argv: ["/bin/cat", join(place.link, "data.txt")],
        })),
        showsHarmless,
      );
    },
    TEST_MS,
  );

  test(
    `a granted file below a swapped folder, ${callerName(uid)}`,
    async () => {
      expectSafe(
        await launchWhileSwapping(uid, both, (place) => ({
          flags: [
            `--allow-write=${join(place.link, "inner", "data.txt")}`,
            `--deny=${join(place.secret, "inner", "data.txt")}`,
          ],
          argv: ["/bin/cat", join(place.link, "inner", "data.txt")],
        })),
        showsHarmless,
      );
    },
    TEST_MS,
  );

  test(
    `the working folder, ${callerName(uid)}`,
    async () => {
      expectSafe(
        await launchWhileSwapping(uid, both, (place) => ({
          flags: [`--allow-read=${place.harmless}`, `--cwd=${place.link}`],
          argv: ["/bin/cat", "data.txt"],
        })),
        showsHarmless,
      );
    },
    TEST_MS,
  );

  test(
    `the config itself, ${callerName(uid)}`,
    async () => {
      // One grants the secret and only greets; the other looks at both and is granted neither. A
      // mixture of the two would show the secret.
      const config = (commandLine: string, readonlyPaths: string[]) =>
        JSON.stringify({
          version: "1.0.0",
          process: { commandLine },
          filesystem: { readonlyPaths },
        });
      const { results, swaps, token } = await launchWhileSwapping(
        uid,
        (place) => {
          writeFileSync(join(place.folder, "greets.json"), config("echo hello", [place.secret]));
          writeFileSync(
            join(place.folder, "looks.json"),
            config(`cat ${place.secret}/data.txt; echo looked`, [place.harmless]),
          );
          return [join(place.folder, "greets.json"), join(place.folder, "looks.json")];
        },
        (place) => ({ flags: ["--config", place.link] }),
      );
      expect(swaps).toBeGreaterThan(5_000);
      const said = new Set(results.map((result) => result.stdout));
      expect([...said].sort()).toEqual(["hello\n", "looked\n"]);
      for (const result of results) {
        expect(result.exitCode).toBe(0);
        expect(result.stdout + result.stderr).not.toContain(token);
      }
    },
    TEST_MS,
  );
});
