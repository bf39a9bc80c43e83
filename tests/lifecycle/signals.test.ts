/** Signals that reach mxc reach the workload; what the workload dies of is mxc's exit code. */

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { processesWith, within } from "../support/host.ts";
import { callers } from "../support/paths.ts";
import { runSandbox, type SandboxRun, spawnSandbox } from "../support/sandbox.ts";
import { scratch } from "../support/scratch.ts";

setDefaultTimeout(60_000);

const NUMBERS = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGTERM: 15,
  SIGWINCH: 28,
} as const;

type Sent = keyof typeof NUMBERS;

/** Sends the signal once the script has said `ready`; all that came out. */
async function signalled(run: SandboxRun, signal: Sent | "SIGKILL", times = 1) {
  const folder = scratch(run.uid);
  try {
    const child = spawnSandbox(run, folder);
    const reader = (child.stdout as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    let output = "";
    while (!output.includes("ready\n")) {
      const { value, done } = await reader.read();
      if (done) break;
      output += decoder.decode(value);
    }
    for (let i = 0; i < times; i++) {
      child.kill(signal);
      await Bun.sleep(20);
    }
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      output += decoder.decode(value);
    }
    await child.exited;
    return { output, exitCode: child.exitCode, signal: child.signalCode };
  } finally {
    folder.remove();
  }
}

const sh = (script: string) => ["/bin/bash", "-c", script];

describe.each([...callers])("as %d", (uid) => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    test(`${signal} kills a workload that does not handle it`, async () => {
      // Not a shell's child: the signal has to be at its default in the workload itself.
      const result = await signalled(
        {
          uid,
          argv: [
            "/usr/bin/python3",
            "-c",
            "import signal,time; signal.signal(signal.SIGINT, signal.SIG_DFL); print('ready', flush=True); time.sleep(60)",
          ],
        },
        signal,
      );
      expect(result).toEqual({ output: "ready\n", exitCode: 128 + NUMBERS[signal], signal: null });
    });
  }

  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT"] as const) {
    test(`${signal} reaches a workload that handles it`, async () => {
      const name = signal.slice(3);
      const result = await signalled(
        {
          uid,
          argv: sh(
            `trap 'echo got ${name}; exit 9' ${name}; echo ready; while :; do sleep 0.01; done`,
          ),
        },
        signal,
      );
      expect(result).toEqual({ output: `ready\ngot ${name}\n`, exitCode: 9, signal: null });
    });
  }

  test("SIGWINCH reaches the workload and ends nothing", async () => {
    const result = await signalled(
      {
        uid,
        argv: sh("trap 'echo resized; exit 0' WINCH; echo ready; while :; do sleep 0.01; done"),
      },
      "SIGWINCH",
    );
    expect(result).toEqual({ output: "ready\nresized\n", exitCode: 0, signal: null });
  });

  test("a handled signal may come several times", async () => {
    const result = await signalled(
      {
        uid,
        argv: sh(
          "n=0; trap 'n=$((n+1)); echo $n; [ $n = 3 ] && exit 4' TERM; echo ready; while :; do sleep 0.005; done",
        ),
      },
      "SIGTERM",
      3,
    );
    expect(result).toEqual({ output: "ready\n1\n2\n3\n", exitCode: 4, signal: null });
  });

  test("a signal ends a launch that is under way", async () => {
    const token = `mxc-early-${crypto.randomUUID()}`;
    const folder = scratch(uid);
    for (let delay = 0; delay < 30; delay += 3) {
      const child = spawnSandbox(
        { uid, flags: [`--env=TOKEN=${token}`], argv: ["/bin/sleep", "600"] },
        folder,
      );
      await Bun.sleep(delay);
      child.kill("SIGTERM");
      await child.exited;
      // Before mxc has run at all, the signal kills it as any program.
      expect([143, "SIGTERM"] as unknown[]).toContain(child.exitCode ?? child.signalCode);
    }
    expect(await within(100, () => processesWith(token).length === 0)).toBe(true);
    folder.remove();
  });

  test("a workload that dies of a signal gives 128 + its number", async () => {
    for (const [name, number] of [
      ["KILL", 9],
      ["SEGV", 11],
      ["ABRT", 6],
      ["TERM", 15],
      ["PIPE", 13],
      ["ALRM", 14],
      ["USR1", 10],
      ["BUS", 7],
      ["FPE", 8],
      ["XCPU", 24],
      ["RTMIN", 34],
    ] as const) {
      const result = await runSandbox({ uid, argv: sh(`kill -${name} $$; sleep 5`) });
      expect(`${name} ${result.exitCode}`).toBe(`${name} ${128 + number}`);
      expect(result.stderr).toBe("");
    }
  });

  test("signals start at their defaults, whatever the caller ignores or blocks", async () => {
    const blocking = [
      "/usr/bin/python3",
      "-c",
      "import os,signal,sys\nfor n in (1,2,3,10,12,13,15): signal.signal(n, signal.SIG_IGN)\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1,32))\nos.execv(sys.argv[1], sys.argv[1:])",
    ];
    const result = await runSandbox({
      uid,
      launcher: blocking,
      argv: ["/bin/grep", "-E", "^Sig(Blk|Ign|Pnd)", "/proc/self/status"],
    });
    const masks = [...result.stdout.matchAll(/^Sig(\w+):\s+([0-9a-f]+)/gm)].map(
      (match) => `${match[1]} ${match[2]}`,
    );
    expect(masks).toEqual(["Pnd 0000000000000000", "Blk 0000000000000000", "Ign 0000000000000000"]);
  });

  test("a caller that ignores SIGCHLD still learns the exit code", async () => {
    const ignoring = [
      "/usr/bin/python3",
      "-c",
      "import os,signal,sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])",
    ];
    const result = await runSandbox({
      uid,
      launcher: ignoring,
      argv: sh("/bin/true; exit 6"),
      limitMs: 10_000,
    });
    expect(result.exitCode).toBe(6);
  });

  test("job control: a stopped mxc stops and goes on with its workload", async () => {
    const folder = scratch(uid);
    const child = spawnSandbox({ uid, argv: sh("echo ready; sleep 0.3; echo done") }, folder);
    child.kill("SIGTSTP");
    await Bun.sleep(50);
    child.kill("SIGCONT");
    expect(await new Response(child.stdout as ReadableStream).text()).toBe("ready\ndone\n");
    expect(await child.exited).toBe(0);
    folder.remove();
  });
});
