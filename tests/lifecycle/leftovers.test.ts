/**
 * What stays of a sandbox when it ends, in whatever way: nothing. `MXC_LIFECYCLE_RUNS` sets the
 * number of runs (1000 for a release).
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import {
  descendants,
  isAlive,
  mounts,
  namespacePid,
  orphanedInits,
  parentOf,
  processesWith,
  within,
} from "../support/host.ts";
import { callerName, callers } from "../support/paths.ts";
import { commandOf, runSandbox, spawnSandbox } from "../support/sandbox.ts";
import { type Scratch, scratch } from "../support/scratch.ts";
import { named } from "../support/skip.ts";

const RUNS = Number(process.env.MXC_LIFECYCLE_RUNS ?? 240);
const TEST_MS = 600_000;

/** All that a run might leave outside of its own folders. */
interface Leavings {
  readonly mounts: string;
  readonly cgroups: readonly string[];
  readonly files: readonly string[];
  readonly orphans: readonly number[];
}

function leavings(): Leavings {
  return { mounts: mounts(), cgroups: cgroups(), files: sharedFiles(), orphans: orphanedInits() };
}

/** Other programs have cgroups come and go: only those below our own, or with our name, count. */
function cgroups(): string[] {
  const own = readFileSync("/proc/self/cgroup", "utf8")
    .split("\n")
    .map((line) => line.split(":")[2] ?? "/")
    .filter((path) => path !== "/" && path !== "");
  const walk = (folder: string, depth: number): string[] => {
    if (depth === 0) return [];
    try {
      return readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .flatMap(({ name }) => [`${folder}/${name}`, ...walk(`${folder}/${name}`, depth - 1)]);
    } catch {
      return [];
    }
  };
  return walk("/sys/fs/cgroup", 6)
    .filter((path) => /mxc/i.test(path) || own.some((mine) => path.includes(`${mine}/`)))
    .sort();
}

/** Other programs use these folders too: only names that could be ours count. */
function sharedFiles(): string[] {
  return ["/tmp", "/var/tmp", "/dev/shm", "/run"].flatMap((folder) =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter(
            (name) =>
              /mxc|\.so$|\.node$|^bun|stand-ins/i.test(name) && !/^mxc-(test|binary)-/.test(name),
          )
          .map((name) => `${folder}/${name}`)
      : [],
  );
}

/** Each of ten forks for ever, in a session of its own, and exits at once: only its child goes on. */
const RUNAWAYS = `import os, time
for _ in range(10):
    if os.fork() == 0:
        os.setsid()
        while True:
            if os.fork(): os._exit(0)
print("ready", flush=True)
time.sleep(600)`;

/** Empty for one that has gone. */
function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}

const TIERS = ["namespace", "landlock"] as const;

describe.each(TIERS.flatMap((tier) => callers.map((uid) => [tier, uid] as const)))(
  "%s, as %d",
  (tier, uid) => {
    const inTier = `--tier=${tier}`;
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

    test(
      `${RUNS} runs, half of them killed at a random moment, leave nothing, ${callerName(uid)}`,
      async () => {
        const token = `mxc-run-${crypto.randomUUID()}`;
        let killedEarly = 0;
        let killedLate = 0;
        const one = async (index: number) => {
          const kill = index % 2 === 0;
          const script = kill
            ? `echo started; (setsid sleep 600 &) ; sleep 600`
            : `echo done; (setsid sleep 600 &) `;
          const child = spawnSandbox(
            { uid, flags: [inTier, `--env=TOKEN=${token}`], argv: ["/bin/sh", "-c", script] },
            folder,
          );
          if (kill) {
            await Bun.sleep(Math.random() * 60);
            child.kill("SIGKILL");
          }
          const reading = new Response(child.stdout as ReadableStream).text();
          await child.exited;
          // Whatever lives on in the sandbox would hold its end open.
          const output = await Promise.race([reading, Bun.sleep(5_000)]);
          if (output === undefined) {
            throw new Error(
              `run ${index} goes on without mxc: ${[...orphanedInits(), ...processesWith(token)]}`,
            );
          }
          if (kill) {
            if (output === "") killedEarly += 1;
            else killedLate += 1;
          } else {
            expect(output).toBe("done\n");
            expect(child.exitCode).toBe(0);
          }
        };
        for (let index = 0; index < RUNS; index += 2)
          await Promise.all([one(index), one(index + 1)]);
        // Moments before and after the workload's start were both met.
        expect(killedEarly).toBeGreaterThan(0);
        expect(killedLate).toBeGreaterThan(0);
        expect(await within(100, () => processesWith(token).length === 0)).toBe(true);
        // A guard cleans up after its supervisor.
        await within(100, () => orphanedInits().length <= before.orphans.length);
        expectNothingLeft();
      },
      TEST_MS,
    );

    test(
      `SIGKILL of mxc ends all that the workload started within 100 ms, ${callerName(uid)}`,
      async () => {
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
          const child = spawnSandbox(
            { uid, flags: [inTier, `--env=TOKEN=${token}`], argv: ["/bin/sh", "-c", script] },
            folder,
          );
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
        await within(100, () => orphanedInits().length <= before.orphans.length);
        expectNothingLeft();
      },
      TEST_MS,
    );

    test(
      `the workload's end is the end of all that it started, ${callerName(uid)}`,
      async () => {
        const token = `mxc-end-${crypto.randomUUID()}`;
        const script =
          "sleep 600 & (setsid sleep 600 &) ; (setsid sh -c 'kill -STOP $$' &) ; sleep 0.05; exit 7";
        const result = await runSandbox({
          uid,
          flags: [inTier, `--env=TOKEN=${token}`],
          argv: ["/bin/sh", "-c", script],
        });
        expect(result.exitCode).toBe(7);
        expect(await within(100, () => processesWith(token).length === 0)).toBe(true);
      },
      TEST_MS,
    );

    if (tier === "landlock")
      test.each([
        ["", ["/bin/sh", "-c", "sleep 600 & (setsid sleep 600 &) ; echo ready; sleep 600"]],
        [", while it forks and its parents exit", ["python3", "-c", RUNAWAYS]],
      ])(
        `SIGKILL of the guard ends all that the workload started%s, ${callerName(uid)}`,
        async (_, argv) => {
          const token = `mxc-guard-${crypto.randomUUID()}`;
          const child = spawnSandbox(
            {
              uid,
              flags: [inTier, `--env=TOKEN=${token}`],
              argv: argv as string[],
            },
            folder,
          );
          const reader = (child.stdout as ReadableStream<Uint8Array>).getReader();
          expect(new TextDecoder().decode((await reader.read()).value)).toBe("ready\n");
          const pids = processesWith(token);
          for (const pid of descendants(child.pid))
            if (nameOf(pid) === "mxc-init") process.kill(pid, "SIGKILL");
          expect(await child.exited).toBe(255);
          expect(await within(100, () => !pids.some(isAlive))).toBe(true);
          expect(processesWith(token)).toEqual([]);
          expect(await new Response(child.stderr as ReadableStream).text()).toContain(
            "killed by signal 9",
          );
          expectNothingLeft();
        },
        TEST_MS,
      );

    test(
      `a timeout ends the whole tree, ${callerName(uid)}`,
      async () => {
        const token = `mxc-timeout-${crypto.randomUUID()}`;
        const script =
          "trap '' TERM INT HUP; sleep 600 & (setsid sleep 600 &) ; echo so far; sleep 600";
        const start = performance.now();
        const result = await runSandbox({
          uid,
          flags: [inTier, `--env=TOKEN=${token}`, "--timeout=400", "--json"],
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
      },
      TEST_MS,
    );

    test(
      `refused and failed launches leave nothing, ${callerName(uid)}`,
      async () => {
        const refusals = [
          { flags: [inTier, "--allow-read=/mxc-is-not-there"], argv: ["/bin/true"] },
          { flags: [inTier, "--cwd=/mxc-is-not-there"], argv: ["/bin/true"] },
          { flags: ["--no-such-flag"], argv: ["/bin/true"] },
          { flags: ["--config=/mxc-is-not-there.json"] },
          { config: { version: "1.0.0", process: { commandLine: "true" }, nonsense: 1 } },
          { flags: [inTier], argv: ["/mxc-is-not-there"] },
        ];
        for (const refusal of refusals) {
          const result = await runSandbox({ uid, ...refusal });
          expect(result.exitCode).not.toBe(0);
          expect(result.stderr).not.toBe("");
          expect(result.stdout).toBe("");
        }
        expectNothingLeft();
      },
      TEST_MS,
    );
  },
);

describe("the moment between an init's birth and its wish to die with its parent", () => {
  const strace = Bun.which("strace");
  test.skipIf(strace === null)(
    named(
      "a supervisor killed in it leaves no init",
      strace === null ? "needs strace, which makes the moment long" : undefined,
    ),
    async () => {
      const folder = scratch();
      const before = orphanedInits();
      // Each prctl(2) is delayed: PR_SET_PDEATHSIG is the first thing that the init calls.
      const child = Bun.spawn(
        [
          ...["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=prctl"],
          ...["-e", "inject=prctl:delay_enter=300000"],
          ...commandOf({ argv: ["/bin/sleep", "600"] }, folder),
        ],
        { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
      );
      const inits = () =>
        descendants(child.pid).filter((pid) => namespacePid(pid) === 1 && isAlive(pid));
      expect(await within(10_000, () => inits().length === 1)).toBe(true);
      const [init] = inits() as [number];
      process.kill(parentOf(init), "SIGKILL");
      // The delay, and the time to notice.
      const gone = await within(2_000, () => !isAlive(init));
      if (!gone) process.kill(init, "SIGKILL");
      child.kill("SIGKILL");
      await child.exited;
      folder.remove();
      expect({ gone, orphans: orphanedInits() }).toEqual({ gone: true, orphans: before });
    },
    TEST_MS,
  );
});
