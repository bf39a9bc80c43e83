/** What is told of the network's decisions: `--events`, and `--debug`'s lines. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asUser, binaryFor, callerName, callers } from "../support/paths.ts";
import { runSandbox } from "../support/sandbox.ts";
import { giveTo, type Scratch, scratch } from "../support/scratch.ts";
import { named, needsRoot } from "../support/skip.ts";
import type { Case } from "./cases.ts";
import { jobName, jobOf } from "./jobs.ts";
import { runInWorld, worldFolder } from "./world.ts";

type Line = Readonly<Record<string, string | number>>;

/** Every line is JSON, or this throws. */
function linesOf(text: string): readonly Line[] {
  expect(text.endsWith("\n")).toBe(true);
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

/** What each line says, but for the time, which is now. */
function withoutTime(lines: readonly Line[]): readonly Line[] {
  return lines.map(({ time, ...rest }) => {
    expect(Math.abs(Date.now() - (time as number))).toBeLessThan(600_000);
    return rest;
  });
}

const one = (operation: string, verdict: string, more: object) => ({
  event: "network",
  operation,
  verdict,
  protocol: "tcp",
  ...more,
});

const EVERYTHING = `
import socket
def tcp(host, port, say=b""):
    try:
        s = socket.create_connection((host, port), 5)
        if say: s.send(say); s.recv(99)
    except OSError: pass
def udp(host):
    s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(1)
    try: s.connect((host, 7)); s.send(b"x"); s.recv(9)
    except OSError: pass
tcp("10.9.0.10", 80)
tcp("9.9.9.10", 8080)
tcp("10.9.0.11", 80)
tcp("four.test", 80, b"GET / HTTP/1.1\\r\\nHost: other.test\\r\\n\\r\\n")
tcp("other.test", 80)
udp("10.9.0.10")
udp("9.9.9.11")
socket.create_server(("0.0.0.0", 18778))
`;

const everything: Case = {
  name: "every kind of decision",
  launcher: [
    "sh",
    "-c",
    'd=$(mktemp -d) && cd "$d" && umask 0 && "$@" && stat -c %a events >&2 && cat events; rm -r "$d"',
    "sh",
  ],
  flags: [
    "--events=events",
    "--allow-net=four.test:80,10.9.0.0/24:80,10.9.0.10:7/udp",
    "--deny-net=10.9.0.11",
    "--allow-listen",
  ],
  argv: ["python3", "-c", EVERYTHING],
};

const why = needsRoot("making the world");

describe.skipIf(why !== undefined)(named("in a world with servers", why), () => {
  let folder: Scratch;
  let results: Awaited<ReturnType<typeof runInWorld>>;

  beforeAll(async () => {
    folder = worldFolder();
    results = await runInWorld(
      folder,
      callers.map((uid) => jobOf(folder, uid, everything)),
    );
  }, 600_000);
  afterAll(() => folder.remove());

  for (const uid of callers) {
    test(`${callerName(uid)}: every kind of decision is a line, allowed or denied, with its rule`, () => {
      const { stdout, stderr } = results.get(jobName(uid, everything)) ?? {
        stdout: "",
        stderr: "",
      };
      expect(stderr).toEndWith("600\n");
      const lines = withoutTime(linesOf(stdout));
      const by = (rule: string) => ({ reason: "rule", rule });
      const http = { address: "9.9.9.10", port: 80 };
      for (const line of [
        one("connect", "allowed", {
          address: "10.9.0.10",
          port: 80,
          ...by("--allow-net=10.9.0.0/24:80"),
        }),
        one("connect", "denied", { address: "9.9.9.10", port: 8080, reason: "default" }),
        one("connect", "denied", {
          address: "10.9.0.11",
          port: 80,
          reason: "rule",
          rule: "--deny-net=10.9.0.11",
        }),
        one("lookup", "allowed", {
          protocol: "udp",
          name: "four.test",
          ...by("--allow-net=four.test:80"),
        }),
        one("lookup", "denied", { protocol: "udp", name: "other.test", reason: "default" }),
        one("connect", "allowed", {
          ...http,
          name: "four.test",
          ...by("--allow-net=four.test:80"),
        }),
        one("head", "denied", { ...http, reason: "rule" }),
        one("datagram", "allowed", {
          protocol: "udp",
          address: "10.9.0.10",
          port: 7,
          ...by("--allow-net=10.9.0.10:7/udp"),
        }),
        one("datagram", "denied", { protocol: "udp", address: "9.9.9.11", port: 7 }),
        one("listen", "allowed", { address: "127.0.0.1", port: 18778, ...by("--allow-listen") }),
      ]) {
        expect(lines).toContainEqual(expect.objectContaining(line));
      }
    });
  }
});

/** Denied connects, each a decision. */
const attempts = (count: number) =>
  `import socket\nfor _ in range(${count}): socket.socket().connect_ex(('192.0.2.7', 9))\nprint('done')`;

const FLAGS = ["--allow-net=192.0.2.1:9"];

describe.each([...callers])("as %d", (uid) => {
  let folder: Scratch;
  beforeAll(() => {
    folder = scratch(uid);
  });
  afterAll(() => folder.remove());

  const run = (count: number, events: string, more: object = {}) =>
    runSandbox({
      uid,
      flags: [...FLAGS, `--events=${events}`],
      argv: ["python3", "-c", attempts(count)],
      ...more,
    });
  const fill = (name: string, text: string, mode: number) => {
    const file = join(folder.path, name);
    writeFileSync(file, text, { mode });
    giveTo(uid, file);
    return file;
  };

  test(`${callerName(uid)}: a new file is the caller's alone; one that is there is appended to`, async () => {
    const fresh = join(folder.path, "fresh");
    expect(await run(1, fresh)).toMatchObject({ exitCode: 0, stdout: "done\n" });
    expect(statSync(fresh)).toMatchObject({ uid });
    expect(statSync(fresh).mode & 0o777).toBe(0o600);
    const known = fill("known", '{"kept":1}\n', 0o640);
    await run(1, known);
    await run(1, known);
    const lines = linesOf(readFileSync(known, "utf8"));
    expect(lines[0]).toEqual({ kept: 1 });
    const denied = one("connect", "denied", { address: "192.0.2.7", port: 9, reason: "default" });
    expect(withoutTime(lines.slice(1))).toEqual([denied, denied]);
    expect(statSync(known).mode & 0o777).toBe(0o640);
  });

  test(`${callerName(uid)}: what a flood left out is counted, and nothing is lost from the count`, async () => {
    const file = join(folder.path, "flood");
    expect(await run(5000, file)).toMatchObject({ exitCode: 0, stdout: "done\n" });
    const lines = linesOf(readFileSync(file, "utf8"));
    const shown = lines.filter(({ event }) => event === "network").length;
    const left = lines
      .filter(({ event }) => event === "suppressed")
      .reduce((sum, { count }) => sum + (count as number), 0);
    expect(shown + left).toBe(5000);
    expect(shown).toBeGreaterThanOrEqual(1000);
    expect(left).toBeGreaterThan(0);
  });

  test(`${callerName(uid)}: a full disk ends no run`, async () => {
    const file = join(folder.path, "full");
    symlinkSync("/dev/full", file);
    expect(await run(20, file)).toMatchObject({ exitCode: 0, stdout: "done\n" });
  });

  test(`${callerName(uid)}: nor does the caller's limit of file sizes`, async () => {
    // Room for two lines and a part of the third; mxc's own memory files are below the limit too.
    const limit = 1 << 20;
    const file = fill("limited", `${" ".repeat(limit - 301)}\n`, 0o600);
    const launcher = ["prlimit", `--fsize=${limit}`, "--"];
    expect(await run(20, file, { launcher })).toMatchObject({ exitCode: 0, stdout: "done\n" });
    expect(statSync(file).size).toBe(limit);
    const [, first] = readFileSync(file, "utf8").split("\n");
    expect(JSON.parse(first as string)).toMatchObject({ operation: "connect" });
  });

  test(`${callerName(uid)}: a file that cannot be opened is said before anything runs`, async () => {
    const file = join(folder.path, "none", "events");
    const result = await run(1, file);
    expect(result.exitCode).not.toBe(0);
    expect(result.stdout).toBe("");
    expect(result.stderr).toContain("the events file cannot be opened");
    expect(existsSync(file)).toBe(false);
  });

  test(`${callerName(uid)}: --debug prints each decision on stderr, where its plan is`, async () => {
    const argv = ["python3", "-c", attempts(2)];
    const loud = await runSandbox({ uid, flags: [...FLAGS, "--debug"], argv });
    expect(loud).toMatchObject({ exitCode: 0, stdout: "done\n" });
    expect(loud.stderr.match(/^Network: connect 192\.0\.2\.7:9 denied: default$/gm)).toHaveLength(
      2,
    );
    expect(loud.stderr).toContain("decisions on stderr");
    const quiet = await runSandbox({ uid, flags: FLAGS, argv });
    expect(quiet.stderr).not.toContain("Network: ");
    const flood = ["python3", "-c", attempts(3000)];
    const told = await runSandbox({ uid, flags: [...FLAGS, "--debug"], argv: flood });
    expect(told.stderr).toMatch(/^Network: \d+ decisions not shown$/m);
  });

  test(`${callerName(uid)}: lxc-exec --debug prints them on stdout, as MXC its lines`, () => {
    const lxc = join(folder.path, "lxc-exec");
    if (!existsSync(lxc)) symlinkSync(binaryFor(uid), lxc);
    const config = {
      version: "1.0.0",
      process: {
        commandLine: `python3 -c "${attempts(1).replaceAll("\n", ";").replace(";for _ in range(1):", ";")}"`,
      },
      network: { egress: { default: "deny", allow: [{ to: [{ cidr: "192.0.2.1" }] }] } },
    };
    const file = fill("config.json", JSON.stringify(config), 0o644);
    const { stdout, stderr } = Bun.spawnSync([...asUser(uid), lxc, "--debug", file], { cwd: "/" });
    expect(stdout.toString()).toMatch(/^Network: connect 192\.0\.2\.7:9 denied: default$/m);
    expect(stderr.toString()).not.toContain("Network: ");
  });
});
