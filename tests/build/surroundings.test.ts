/** The executable takes nothing from the folder it is started in or from Bun's own variables. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asUser, binaryFor, callerName, callers } from "../support/paths.ts";
import { type Scratch, scratch } from "../support/scratch.ts";

/** Written by hostile code when it runs in the tool. */
const MARK = "was-here";
const folders = new Map<number, Scratch>();

beforeAll(() => {
  for (const uid of callers) folders.set(uid, hostileFolder(uid));
});

afterAll(() => {
  for (const folder of folders.values()) folder.remove();
});

function hostileFolder(uid: number): Scratch {
  const folder = scratch(uid);
  const file = (name: string, text: string) => {
    const path = join(folder.path, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
  };
  const mark = join(folder.path, MARK);
  const evil = `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "");\n`;
  const module = `${evil}export const runCommand = () => {}; export default {};\n`;
  file("evil.cjs", evil);
  file(".env", "BUN_OPTIONS=--preload=./evil.cjs\nMXC_FROM_DOTENV=1\nPATH=/nowhere\n");
  file(".env.local", "MXC_FROM_DOTENV=1\n");
  file(".env.production", "MXC_FROM_DOTENV=1\n");
  file(
    "bunfig.toml",
    'preload = ["./evil.cjs"]\n[run]\nbun = true\n[define]\n"process.argv" = "[]"\n',
  );
  file(
    "tsconfig.json",
    JSON.stringify({
      compilerOptions: { baseUrl: ".", paths: { "*": ["./evil.cjs"], citty: ["./evil.cjs"] } },
    }),
  );
  file(
    "package.json",
    JSON.stringify({ name: "evil", imports: { "#*": "./evil.cjs" }, main: "./evil.cjs" }),
  );
  for (const name of ["citty", "bun:ffi", "node:fs"]) {
    file(`node_modules/${name}/package.json`, JSON.stringify({ name, main: "index.mjs" }));
    file(`node_modules/${name}/index.mjs`, module);
  }
  file("src/main.ts", evil);
  file("run", evil);
  file("version", evil);
  file(
    "config.json",
    JSON.stringify({
      version: "1.0.0",
      process: { commandLine: "echo inside; env | grep -c FROM_DOTENV", cwd: "/" },
    }),
  );
  symlinkSync(binaryFor(uid), join(folder.path, "lxc-exec"));
  return folder;
}

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function start(
  uid: number,
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
  before: readonly string[] = [],
): Outcome {
  const folder = folders.get(uid) as Scratch;
  const program = words[0] === "lxc-exec" ? join(folder.path, "lxc-exec") : binaryFor(uid);
  const rest = words[0] === "lxc-exec" ? words.slice(1) : words;
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    [...asUser(uid), ...before, program, ...rest],
    { cwd: folder.path, env: { ...environment }, stdin: "ignore" },
  );
  const hit = existsSync(join(folder.path, MARK));
  expect(hit).toBe(false);
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

const COMMANDS: readonly (readonly string[])[] = [
  ["version"],
  ["doctor", "--json"],
  ["check", "config.json"],
  ["plan", "config.json"],
  ["run", "--", "/bin/sh", "-c", "echo inside; env | grep -c FROM_DOTENV"],
  ["run", "config.json"],
  ["lxc-exec", "config.json"],
];

const PATH = "/usr/local/bin:/usr/bin:/bin";
const VARIABLES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  none: {},
  BUN_OPTIONS: { BUN_OPTIONS: "--preload=./evil.cjs" },
  BUN_BE_BUN: { BUN_BE_BUN: "1" },
  BUN_INSPECT: { BUN_INSPECT: "127.0.0.1:1", BUN_INSPECT_PRELOAD: "./evil.cjs" },
  "BUN_CONFIG and BUN_JSC": {
    BUN_CONFIG_VERBOSE_FETCH: "1",
    BUN_JSC_dumpOptions: "3",
    BUN_DEBUG_QUIET_LOGS: "0",
    JSC_dumpOptions: "3",
  },
  NODE_OPTIONS: { NODE_OPTIONS: "--require=./evil.cjs", NODE_PATH: "./node_modules" },
  "XDG_CONFIG_HOME and HOME": { XDG_CONFIG_HOME: ".", HOME: "." },
};

test("the folder and the variables do work on bun itself", () => {
  const folder = hostileFolder(callers[0] ?? 0);
  const mark = join(folder.path, MARK);
  const hits = (variables: Readonly<Record<string, string>>, ...words: string[]) => {
    rmSync(mark, { force: true });
    Bun.spawnSync([process.execPath, ...words], {
      cwd: folder.path,
      env: { PATH, ...variables },
      stdin: "ignore",
    });
    return existsSync(mark);
  };
  expect(hits({}, "run", "version")).toBe(true);
  expect(hits({ ...VARIABLES.BUN_OPTIONS }, "-e", "0")).toBe(true);
  folder.remove();
});

for (const uid of callers) {
  describe(callerName(uid), () => {
    // What each command says in a harmless folder and environment.
    const expected = (words: readonly string[], outcome: Outcome) => {
      if (words[0] === "version") expect(outcome.stdout).toStartWith("mxc ");
      if (words[0] === "doctor") expect(JSON.parse(outcome.stdout)).toHaveProperty("features");
      if (words[0] === "run" || words[0] === "lxc-exec") {
        expect(outcome.stdout).toBe("inside\n0\n");
        // grep's answer for no line.
        expect(outcome.exitCode).toBe(1);
        expect(outcome.stderr).toBe("");
      } else {
        expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
      }
    };

    for (const [name, variables] of Object.entries(VARIABLES)) {
      test(`a hostile folder, and ${name} set`, () => {
        for (const words of COMMANDS) {
          expected(words, start(uid, words, { PATH, HOME: "/nonexistent", ...variables }));
        }
      });
    }

    test("no environment at all", () => {
      for (const words of COMMANDS) expected(words, start(uid, words, {}));
    });

    test("a noexec /tmp and a read-only / are enough, and nothing stays in /tmp", () => {
      const places = "/tmp /var/tmp /dev/shm /run";
      // The executable and the folder may be below these places: they are held by descriptor.
      const script = `
        exec 8< "$1" 9< .
        shift
        mount -o remount,bind,ro / || exit 90
        for place in ${places}; do mount -t tmpfs -o noexec tmpfs $place || exit 91; done
        touch /mark 2>/dev/null && exit 92
        cp /bin/true /tmp/true && /tmp/true 2>/dev/null && exit 93
        rm /tmp/true
        cd /proc/self/fd/9
        /proc/self/fd/8 "$@"
        code=$?
        find ${places} -mindepth 1 >&2
        exit $code`;
      const own = uid === 0 ? ["-m"] : ["-Urm"];
      const folder = folders.get(uid) as Scratch;
      for (const words of [
        ["version"],
        ["doctor", "--json"],
        ["run", "--", "/bin/echo", "inside"],
      ]) {
        const { exitCode, stdout, stderr } = Bun.spawnSync(
          [...asUser(uid), "unshare", ...own, "sh", "-c", script, "sh", binaryFor(uid), ...words],
          { cwd: folder.path, env: { PATH }, stdin: "ignore" },
        );
        expect({ words, exitCode, stderr: stderr.toString() }).toEqual({
          words,
          exitCode: 0,
          stderr: "",
        });
        if (words[0] === "run") expect(stdout.toString()).toBe("inside\n");
      }
    });
  });
}
