/**
 * What stays of a sandbox when it ends, in whatever way: nothing. `MXC_LIFECYCLE_RUNS` sets the
 * number of runs (1000 for a release).
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { isAlive, mounts, processesWith, within } from "../support/host.ts";
import { callerName, callers } from "../support/paths.ts";
import { runSandbox, spawnSandbox } from "../support/sandbox.ts";
import { scratch, type Scratch } from "../support/scratch.ts";

const RUNS = Number(process.env["MXC_LIFECYCLE_RUNS"] ?? 240);
const TEST_MS = 600_000;

/** All that a run might leave outside of its own folders. */
interface Leavings {
  readonly mounts: string;
  readonly cgroups: readonly string[];
  readonly files: readonly string[];
}

function leavings(): Leavings {
  return { mounts: mounts(), cgroups: cgroups("/sys/fs/cgroup", 3), files: sharedFiles() };
}

function cgroups(folder: string, depth: number): string[] {
  if (depth === 0) return [];
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap(({ name }) => [`${folder}/${name}`, ...cgroups(`${folder}/${name}`, depth - 1)]);
  } catch {
    return [];
  }
}

/** Other programs use these folders too: only names that could be ours count. */
function sharedFiles(): string[] {
  return ["/tmp", "/var/tmp", "/dev/shm", "/run"].flatMap((folder) =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => /mxc|\.so$|\.node$|^bun|stand-ins/i.test(name) && !/^mxc-(test|binary)-/.test(name))
          .map((name) => `${folder}/${name}`)
      : [],
  );
}

describe.each([...callers])("as %d", (uid) => {
  let folder: Scratch;
  let before: Leavings;

  beforeAll(() => {
    folder = scratch(uid);
    before = leavings();
  });

  afterAll(() => folder.remove());

  function expectNothingLeft(): void {
    expect(readdirSync(folder.path).filter((name) => !name.startsWith("config-"))).toEqual([]);
    expect(leavings()).toEqual(before);
  }

  test(`${RUNS} runs, half of them killed at a random moment, leave nothing, ${callerName(uid)}`, async () => {
    const token = `mxc-run-${crypto.randomUUID()}`;
    let killedEarly = 0;
    let killedLate = 0;
    const one = async (index: number) => {
      const kill = index % 2 === 0;
      const script = kill ? `echo started; (setsid sleep 600 &) ; sleep 600` : `echo done; (setsid sleep 600 &) `;
      const child = spawnSandbox({ uid, flags: [`--env=TOKEN=${token}`], argv: ["/bin/sh", "-c", script] }, folder);
      if (kill) {
        await Bun.sleep(Math.random() * 60);
        child.kill("SIGKILL");
      }
      const output = await new Response(child.stdout as ReadableStream).text();
      await child.exited;
      if (kill) {
        if (output === "") killedEarly += 1;
        else killedLate += 1;
      } else {
        expect(output).toBe("done\n");
        expect(child.exitCode).toBe(0);
      }
    };
    for (let index = 0; index < RUNS; index += 2) await Promise.all([one(index), one(index + 1)]);
    // Moments before and after the workload's start were both met.
    expect(killedEarly).toBeGreaterThan(0);
    expect(killedLate).toBeGreaterThan(0);
    expect(await within(100, () => processesWith(token).length === 0)).toBe(true);
    expectNothingLeft();
  }, TEST_MS);

  test(`SIGKILL of mxc ends all that the workload started within 100 ms, ${callerName(uid)}`, async () => {
    const token = `mxc-kill-${crypto.randomUUID()}`;
    const script = [
      "sleep 600 &",
      "(setsid sleep 600 &)",
      "(trap '' HUP INT TERM QUIT; sleep 600) &",
      "sh -c 'kill -STOP $$; sleep 600' &",
      "for i in 1 2 3 4 5 6 7 8; do (while :; do :; done) & done",
      "sleep 0.1; echo ready; sleep 600",
    ].join("\n");
    for (let round = 0; round < 5; round++) {
      const child = spawnSandbox({ uid, flags: [`--env=TOKEN=${token}`], argv: ["/bin/sh", "-c", script] }, folder);
      const reader = (child.stdout as ReadableStream<Uint8Array>).getReader();
      expect(new TextDecoder().decode((await reader.read()).value)).toBe("ready\n");
      const pids = processesWith(token);
      expect(pids.length).toBeGreaterThan(10);
      child.kill("SIGKILL");
      const gone = await within(100, () => !pids.some(isAlive));
      if (!gone) throw new Error(`alive after 100 ms: ${pids.filter(isAlive)}`);
      await child.exited;
      expect(processesWith(token)).toEqual([]);
    }
    expectNothingLeft();
  }, TEST_MS);

  test(`the workload's end is the end of all that it started, ${callerName(uid)}`, async () => {
    const token = `mxc-end-${crypto.randomUUID()}`;
    const script = "sleep 600 & (setsid sleep 600 &) ; (setsid sh -c 'kill -STOP $$' &) ; sleep 0.05; exit 7";
    const result = await runSandbox({ uid, flags: [`--env=TOKEN=${token}`], argv: ["/bin/sh", "-c", script] });
    expect(result.exitCode).toBe(7);
    expect(await within(100, () => processesWith(token).length === 0)).toBe(true);
  }, TEST_MS);

  test(`a timeout ends the whole tree, ${callerName(uid)}`, async () => {
    const token = `mxc-timeout-${crypto.randomUUID()}`;
    const script = "trap '' TERM INT HUP; sleep 600 & (setsid sleep 600 &) ; echo so far; sleep 600";
    const start = performance.now();
    const result = await runSandbox({
      uid,
      flags: [`--env=TOKEN=${token}`, "--timeout=400", "--json"],
      argv: ["/bin/sh", "-c", script],
    });
    expect(result).toEqual({
      exitCode: 255,
      signal: null,
      stdout: "so far\n",
      stderr: '{"error":{"code":"backend_error","message":"script timed out after 400ms"}}\n',
    });
    expect(performance.now() - start).toBeLessThan(3_000);
    expect(await within(100, () => processesWith(token).length === 0)).toBe(true);
  }, TEST_MS);

  test(`refused and failed launches leave nothing, ${callerName(uid)}`, async () => {
    const refusals = [
      { flags: ["--allow-read=/mxc-is-not-there"], argv: ["/bin/true"] },
      { flags: ["--cwd=/mxc-is-not-there"], argv: ["/bin/true"] },
      { flags: ["--no-such-flag"], argv: ["/bin/true"] },
      { flags: ["--config=/mxc-is-not-there.json"] },
      { config: { version: "1.0.0", process: { commandLine: "true" }, nonsense: 1 } },
      { argv: ["/mxc-is-not-there"] },
    ];
    for (const refusal of refusals) {
      const result = await runSandbox({ uid, ...refusal });
      expect(result.exitCode).not.toBe(0);
      expect(result.stderr).not.toBe("");
      expect(result.stdout).toBe("");
    }
    expectNothingLeft();
  }, TEST_MS);
});
