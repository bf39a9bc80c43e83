/**
 * Workloads that use up one thing without end: each meets its limit, the report says which and how
 * far it came, and nothing stays. As root by control groups where this host has them, as an ordinary
 * user by sampling.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compileC } from "../support/compile.ts";
import { processesWith, within } from "../support/host.ts";
import { callerName, callers } from "../support/paths.ts";
import { runSandbox, type SandboxResult, spawnSandbox } from "../support/sandbox.ts";
import { type Scratch, scratch } from "../support/scratch.ts";
import { named } from "../support/skip.ts";
import { groupsHere, ownGroups } from "./groups.ts";

const TEST_MS = 60_000;
/** Most that a bomb may take beyond its limit before it is ended, MB; the other tests run too. */
const SLACK_MB = 1500;

let bomb = "";
let places: Scratch;

beforeAll(async () => {
  places = scratch();
  const built = await compileC(join(import.meta.dir, "bomb.c"));
  Bun.spawnSync(["install", "-m", "755", built, join(places.path, "bomb")]);
  bomb = join(places.path, "bomb");
}, TEST_MS);

afterAll(() => places?.remove());

interface Ended {
  readonly limit: string;
  readonly value: number;
  readonly reached?: number;
  readonly refused?: number;
  readonly ended: boolean;
}

interface Bombed extends SandboxResult {
  readonly milliseconds: number;
  /** Of the envelope, or of a limit that did not end the run. */
  readonly limit: Ended | undefined;
  readonly events: readonly { readonly event: string; readonly details: Ended }[];
}

function availableMb(): number {
  return Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]) / 1024;
}

async function explode(
  uid: number,
  words: readonly string[],
  flags: readonly string[],
): Promise<Bombed> {
  const token = `mxc-bomb-${crypto.randomUUID()}`;
  const folder = scratch(uid);
  const before = availableMb();
  let lowest = before;
  const watch = setInterval(() => {
    lowest = Math.min(lowest, availableMb());
  }, 10);
  const events = join(folder.path, "events");
  const start = performance.now();
  try {
    const result = await runSandbox({
      uid,
      flags: [
        `--allow-read=${places.path}`,
        `--env=TOKEN=${token}`,
        // A network that is looked at, which the landlock tier does not have.
        ...(flags.includes("--tier=landlock") ? [] : [`--events=${events}`]),
        "--json",
        ...flags,
      ],
      argv: [bomb, ...words],
      limitMs: 30_000,
    });
    const milliseconds = performance.now() - start;
    expect(result.signal).toBeNull();
    expect(await within(500, () => processesWith(token).length === 0)).toBe(true);
    expect(await within(500, () => ownGroups().length === 0)).toBe(true);
    expect(before - lowest).toBeLessThan(SLACK_MB);
    const lines = result.stderr.split("\n").filter((line) => line.startsWith("{"));
    const [told] = lines.map((line) => JSON.parse(line));
    return {
      ...result,
      milliseconds,
      limit: told?.error?.details ?? told?.limit,
      events: existsSync(events)
        ? readFileSync(events, "utf8")
            .split("\n")
            .filter((line) => line !== "")
            .map((line) => JSON.parse(line))
        : [],
    };
  } finally {
    clearInterval(watch);
    folder.remove();
  }
}

function expectEnded(run: Bombed, limit: string, value: number): number {
  expect(run.exitCode).toBe(255);
  const { error } = JSON.parse(run.stderr.trim());
  expect(error.code).toBe("limit_reached");
  expect(run.limit).toMatchObject({ limit, value, ended: true });
  for (const event of run.events) {
    expect(event).toMatchObject({ event: "limit", details: { ...run.limit } });
  }
  return run.limit?.reached ?? 0;
}

for (const uid of callers) {
  const groups = groupsHere(uid);
  const means = (controller: string) => (groups.has(controller) ? "control group" : "sampling");

  /** Of the landlock tier, where no pid namespace counts them. */
  const fewProcesses = groups.has("pids") ? ["--pids=300"] : [];

  describe(`bombs, ${callerName(uid)}`, () => {
    for (const what of ["memory", "shared-memory", "tmpfs"]) {
      test(
        `${what}, by ${means("memory")}`,
        async () => {
          const run = await explode(uid, [what], ["--memory-mb=100"]);
          const peak = expectEnded(run, "memoryMb", 100);
          expect(run.events).toHaveLength(1);
          expect(peak).toBeGreaterThan(90);
          if (groups.has("memory")) expect(peak).toBeLessThanOrEqual(100);
          expect(run.milliseconds).toBeLessThan(10_000);
        },
        TEST_MS,
      );
    }

    test(
      `forks, by ${groups.has("pids") ? "control group" : "rlimit"}`,
      async () => {
        // Without a group, root's are counted by the pid namespace, not below 300.
        const count = uid === 0 && !groups.has("pids") ? 320 : 30;
        const run = await explode(uid, ["forks"], [`--pids=${count}`]);
        expect(run.exitCode).toBe(0);
        expect(run.stdout).toMatch(/^\d+ children, then EAGAIN\n$/);
        const children = Number(run.stdout.split(" ")[0]);
        expect(children).toBeLessThan(count);
        expect(children).toBeGreaterThan(count - 4);
        if (!groups.has("pids")) return;
        expect(run.limit).toEqual({ limit: "pids", value: count, refused: 1, ended: false });
        expect(run.events).toHaveLength(1);
      },
      TEST_MS,
    );

    test(
      "a fork bomb, until the wall time is over",
      async () => {
        const run = await explode(uid, ["fork-bomb"], ["--pids=300", "--wall-ms=500"]);
        expectEnded(run, "wallMs", 500);
        expect(run.milliseconds).toBeLessThan(8_000);
      },
      TEST_MS,
    );

    for (const what of ["spin", "spin-in-turns"]) {
      test(
        `${what}, deaf to signals, by ${means("cpuacct")}`,
        async () => {
          const run = await explode(uid, [what], ["--cpu-ms=600"]);
          const used = expectEnded(run, "cpuMs", 600);
          expect(used).toBeGreaterThanOrEqual(600);
          expect(used).toBeLessThan(1000);
        },
        TEST_MS,
      );
    }

    test(
      "a file, by rlimit",
      async () => {
        const run = await explode(uid, ["tmpfs"], ["--file-size-mb=3"]);
        expect(run.stdout).toBe("3 MB, then EFBIG\n");
        expect(run.exitCode).toBe(0);
      },
      TEST_MS,
    );

    test(
      "the private /tmp, by its size",
      async () => {
        const run = await explode(uid, ["tmpfs"], ["--disk-mb=8"]);
        expect(run.stdout).toBe("8 MB, then ENOSPC\n");
        expect(run.exitCode).toBe(0);
        expect(run.limit).toEqual({ limit: "diskMb", value: 8, ended: false });
      },
      TEST_MS,
    );

    test(
      "descriptors, by rlimit",
      async () => {
        const run = await explode(uid, ["descriptors"], ["--open-files=40"]);
        expect(run.stdout).toBe("40 descriptors, then EMFILE\n");
      },
      TEST_MS,
    );

    for (const what of ["output", "errors"] as const) {
      test(
        `a flood of ${what}`,
        async () => {
          const run = await explode(uid, [what], ["--output-mb=2"]);
          const text = what === "output" ? run.stdout : run.stderr;
          expect(run.exitCode).toBe(255);
          expect(text.replaceAll(/[^x]/g, "").length - 2 * 1024 * 1024).toBeLessThan(100);
          expect(run.stderr).toContain("output limit of 2 MB reached");
        },
        TEST_MS,
      );
    }

    test(
      "output below its limit arrives whole, and the command's exit code stays",
      async () => {
        const run = await runSandbox({
          uid,
          flags: ["--output-mb=1"],
          argv: ["/bin/sh", "-c", "head -c 1000000 /dev/zero; echo end >&2; exit 7"],
        });
        expect(run.stdout).toHaveLength(1_000_000);
        expect(run.stderr).toBe("end\n");
        expect(run.exitCode).toBe(7);
      },
      TEST_MS,
    );

    test(
      "limits that are not met change nothing",
      async () => {
        const run = await runSandbox({
          uid,
          flags: ["--memory-mb=200", "--pids=400", "--cpu-ms=20000", "--wall-ms=20000"],
          argv: ["/bin/sh", "-c", "cat /proc/self/cgroup | sort -u; exit 3"],
        });
        expect(run.stderr).toBe("");
        expect(run.exitCode).toBe(3);
        // Its place among the host's groups is not told.
        expect(run.stdout).not.toContain("mxc-");
      },
      TEST_MS,
    );

    test(
      "SIGKILL of mxc in the middle leaves no process and no control group",
      async () => {
        const folder = scratch(uid);
        try {
          for (let round = 0; round < 8; round++) {
            const token = `mxc-killed-${crypto.randomUUID()}`;
            const child = spawnSandbox(
              {
                uid,
                flags: [
                  ...["--memory-mb=200", "--pids=400", "--stats", "--cpu-ms=60000"],
                  `--env=TOKEN=${token}`,
                ],
                argv: ["/bin/sh", "-c", "echo ready; sleep 60"],
              },
              folder,
            );
            if (round % 2 === 0) {
              await (child.stdout as ReadableStream<Uint8Array>).getReader().read();
            } else {
              await Bun.sleep(5 + Math.random() * 40);
            }
            // The supervisor itself, and its whole process group.
            child.kill("SIGKILL");
            await child.exited;
            expect(await within(2_000, () => processesWith(token).length === 0)).toBe(true);
            expect(await within(2_000, () => ownGroups().length === 0)).toBe(true);
          }
        } finally {
          folder.remove();
        }
      },
      TEST_MS,
    );

    if (!groups.has("memory"))
      console.log(`skipped for ${callerName(uid)}: no control group here, so nothing stays`);
    for (const [what, flags, limit] of [
      ["memory", ["--memory-mb=100"], "memoryMb"],
      ["spin", ["--cpu-ms=600"], "cpuMs"],
      ["fork-bomb", ["--wall-ms=500"], "wallMs"],
    ] as const) {
      test(
        `${what}, in the landlock tier`,
        async () => {
          const run = await explode(uid, [what], ["--tier=landlock", ...flags, ...fewProcesses]);
          expectEnded(run, limit, Number(flags[0].split("=")[1]));
        },
        TEST_MS,
      );
    }

    const noGroup = groups.has("memory") ? undefined : "needs a control group for memory";
    test.skipIf(noGroup !== undefined)(
      named("what was left because the keeper was killed too, the next run removes", noGroup),
      async () => {
        const folder = scratch(uid);
        const flags = ["--memory-mb=200"];
        const child = spawnSandbox(
          { uid, flags, argv: ["/bin/sh", "-c", "echo ready; sleep 60"] },
          folder,
        );
        await (child.stdout as ReadableStream<Uint8Array>).getReader().read();
        const keepers = keepersOf(child.pid);
        expect(keepers).toHaveLength(1);
        for (const pid of [...keepers, child.pid]) process.kill(pid, "SIGKILL");
        await child.exited;
        expect(ownGroups().length).toBeGreaterThan(0);
        // The sandbox's processes end by themselves, with their init.
        await Bun.sleep(200);
        expect((await runSandbox({ uid, flags, argv: ["/bin/true"] })).exitCode).toBe(0);
        expect(ownGroups()).toEqual([]);
        folder.remove();
      },
      TEST_MS,
    );
  });
}

function keepersOf(supervisor: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        return new RegExp(`\\(mxc-keeper\\) \\w ${supervisor} `).test(stat);
      } catch {
        return false; // gone since it was listed
      }
    })
    .map(Number);
}
