/** Configs as they come: files, stdin, base64, broken ones, huge ones; and flags on top of them. */

import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ORDINARY_UID } from "../support/paths.ts";
import { scratch } from "../support/scratch.ts";
import { named, needsRoot } from "../support/skip.ts";
import { base64, mxc, shell } from "./mxc.ts";

const folder = scratch();
afterAll(folder.remove);

let files = 0;
function file(content: unknown): string {
  files += 1;
  const path = join(folder.path, `config-${files}.json`);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const hello = shell("echo hello");

describe("a config comes from", () => {
  const good = { exitCode: 0, stdout: "hello\n", stderr: "" };

  test("a file", () => expect(mxc(["run", file(hello)])).toEqual(good));
  test("--config", () => expect(mxc(["run", "--config", file(hello)])).toEqual(good));
  test("--config=", () => expect(mxc(["run", `--config=${file(hello)}`])).toEqual(good));
  test("stdin", () => {
    const stdin = JSON.stringify(hello);
    expect(mxc(["run", "-"], { stdin })).toEqual(good);
    expect(mxc(["run", "--config=-"], { stdin })).toEqual(good);
    expect(mxc(["check", "-"], { stdin })).toMatchObject({ exitCode: 0 });
  });
  test("--config-base64", () => {
    expect(mxc(["run", "--config-base64", base64(hello)])).toEqual(good);
    // Padding of one, of two, and none.
    for (const text of ["a", "ab", "abc"]) {
      const { stdout } = mxc(["run", `--config-base64=${base64(shell(`echo ${text}`))}`]);
      expect(stdout).toBe(`${text}\n`);
    }
  });
  test("a named pipe", () => {
    const { stdout } = Bun.spawnSync(
      ["bash", "-c", `"$0" run <(cat "$1")`, join(import.meta.dir, "../../dist/mxc"), file(hello)],
      { stdin: "ignore" },
    );
    expect(stdout.toString()).toBe("hello\n");
  });
});

describe("a config that cannot be read", () => {
  const refused = (words: readonly string[], exitCode: number, message: string) => {
    const answer = mxc(words);
    expect(answer.stderr).toContain(message);
    expect(answer).toMatchObject({ exitCode, stdout: "" });
  };
  test("missing", () =>
    refused(["run", "/nowhere.json"], 1, "Configuration file not found: /nowhere.json"));
  test("a folder", () => refused(["run", folder.path], 1, "EISDIR"));
  test("base64 that is none", () => {
    for (const text of ["", "a", "ab", "e30", "e30=\n", "e3 0=", "e30-", "é", "e30=e30="]) {
      const { exitCode, stdout } = mxc(["run", `--config-base64=${text}`]);
      expect([text, exitCode, stdout]).toEqual([text, 1, ""]);
    }
  });
  test("not UTF-8", () => refused(["run", "--config-base64=/w=="], 1, "not UTF-8"));
  test("an empty stdin", () => {
    expect(mxc(["run", "-"], { stdin: "" })).toMatchObject({ exitCode: 1, stdout: "" });
  });
  const why = needsRoot("being another user");
  test.skipIf(why !== undefined)(named("another user's", why), () => {
    const path = file(hello);
    chmodSync(path, 0o600);
    expect(mxc(["run", path], { uid: ORDINARY_UID })).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringContaining("EACCES"),
    });
  });
});

describe("a config that is wrong is named", () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    [
      "an unknown field",
      '{"version": "1.0.0",\n  "process": {"commandLine": "true", "tiemout": 1}}',
      ["process.tiemout", "line 2, column", "Did you mean 'timeout'?"],
    ],
    [
      "a wrong type",
      '{"version": "1.0.0",\n "process": {"commandLine": "true",\n  "timeout": "5"}}',
      ["process.timeout", "expected", '"5"', "line 3, column 14"],
    ],
    [
      "a fraction",
      '{"version":"1.0.0","process":{"commandLine":"true","timeout":1.0}}',
      ["process.timeout", "a whole number", "1.0", "line 1, column 62"],
    ],
    [
      "a word that is not one of several",
      '{"version":"1.0.0","containment":"proces","process":{"commandLine":"true"}}',
      ["containment", '"proces"', "Did you mean 'process'?"],
    ],
    ["an unknown version", '{"version":"2.0.0"}', ["version", '"2.0.0"', "1.0.0"]],
    ["no version that can be read", '{"version":5}', ["version", "a string", "found 5"]],
    [
      "a field twice",
      '{"version":"1.0.0",\n"process":{"commandLine":"a",\n"commandLine":"b"}}',
      ["'commandLine' stands twice", "line 3, column 1"],
    ],
    [
      "a field twice in two spellings",
      '{"version":"1.0.0","process":{"commandLine":"a","command\\u004cine":"b"}}',
      ["'commandLine' stands twice"],
    ],
    ["an array", "[]", ["expected an object"]],
    ["a comma too many", '{"version":"1.0.0",\n}', ["not JSON", "line 2, column 1"]],
    ["text behind the end", '{"version":"1.0.0"} x', ["not JSON", "line 1, column 21"]],
    ["the end missing", '{"version":"1.0.0"', ["not JSON", "end of text", "line 1, column 19"]],
    ["nothing", "", ["not JSON", "end of text", "line 1, column 1"]],
    ["a byte order mark", "\ufeff{}", ["not JSON", "byte order mark"]],
    ["a comment", '{"version":"1.0.0" /* */}', ["not JSON", "line 1, column 20"]],
    ["quotes of one kind", "{'version':1}", ["not JSON", "line 1, column 2"]],
    ["a NUL in the command", String.raw`{"process":{"commandLine":"a\u0000b"}}`, ["NUL"]],
    ["no command", '{"version":"1.0.0","process":{}}', ["process.commandLine"]],
    [
      "a relative path",
      '{"process":{"commandLine":"a"},"filesystem":{"readonlyPaths":["x"]}}',
      ["filesystem.readonlyPaths[0]", "'x'"],
    ],
  ];
  for (const [name, text, parts] of cases) {
    test(name, () => {
      const { exitCode, stdout, stderr } = mxc(["run", file(text)]);
      for (const part of parts) expect(stderr).toContain(part);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
      expect(stderr).not.toContain("undefined");
    });
  }

  test("several things at once", () => {
    const { stderr } = mxc(["check", file({ version: "1.0.0", proces: {}, filesytem: {} })]);
    expect(stderr).toContain("Did you mean 'process'?");
    expect(stderr).toContain("Did you mean 'filesystem'?");
  });

  test("as JSON: one line, closed codes", () => {
    const { exitCode, stdout, stderr } = mxc(["run", "--json", file({ version: "1.0.0", x: 1 })]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    const { error } = JSON.parse(stderr);
    expect(error.code).toBe("malformed_request");
    expect(error.details.map(({ field }: { field: string }) => field)).toContain("x");
  });

  test("it cannot steer a terminal", () => {
    const name = "\u001b]0;title\u0007";
    const { stderr } = mxc(["run", file({ version: "1.0.0", [name]: "\u001b[2J" })]);
    expect(stderr).not.toContain("\u001b");
    expect(stderr).not.toContain("\u0007");
  });
});

describe("size and depth", () => {
  const KIB = 1024;

  /** Of the refusal alone. Processor time: the time of day would be the host's load as well. */
  function measured(words: readonly string[], stdin: number | "ignore" = "ignore") {
    const child = Bun.spawnSync([join(import.meta.dir, "../../dist/mxc"), ...words], {
      stdin,
      timeout: 60_000,
    });
    const { maxRSS, cpuTime } = child.resourceUsage as NonNullable<typeof child.resourceUsage>;
    return {
      exitCode: child.exitCode,
      stderr: child.stderr.toString(),
      milliseconds: Number(cpuTime.total) / 1000,
      /** At least what this process had when it started the other (getrusage(2)). */
      peak: maxRSS,
    };
  }

  const SOON = 2000;

  test("100 MB are refused at once, and not read", () => {
    const path = join(folder.path, "large.json");
    writeFileSync(path, Buffer.alloc(100 * KIB * KIB, " "));
    for (const command of ["run", "check"]) {
      const { exitCode, stderr, milliseconds, peak } = measured([command, path]);
      expect(exitCode).toBe(1);
      expect(stderr).toContain("larger than");
      expect(milliseconds).toBeLessThan(SOON);
      expect(peak).toBeLessThan(300 * KIB * KIB);
    }
    // As standard input the file's position is this process's too, and tells how far it went.
    for (const command of ["run", "check"]) {
      const fd = openSync(path, "r");
      try {
        expect(measured([command, "-"], fd)).toMatchObject({ exitCode: 1 });
        const position = /^pos:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"));
        expect(Number(position?.[1])).toBeGreaterThan(KIB * KIB);
        expect(Number(position?.[1])).toBeLessThanOrEqual((KIB + 64) * KIB);
      } finally {
        closeSync(fd);
      }
    }
  });

  test("an endless stdin is refused too", () => {
    const { exitCode, stderr, milliseconds } = measured(["run", "/dev/zero"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("larger than");
    expect(milliseconds).toBeLessThan(SOON);
  });

  test("100,000 levels are refused", () => {
    for (const text of ["[".repeat(100_000), '{"a":'.repeat(100_000)]) {
      const { exitCode, stderr, milliseconds } = measured(["run", file(text)]);
      expect(exitCode).toBe(1);
      expect(stderr).toContain("deeper than 64 levels");
      expect(milliseconds).toBeLessThan(SOON);
    }
  });

  test("just under a MiB is read", () => {
    const config = shell("echo hello", { _comment: "x".repeat(1000 * 1000) });
    const old = { ...config, version: "0.8.0" };
    expect(mxc(["run", file(old)])).toMatchObject({ exitCode: 0, stdout: "hello\n" });
  });
});

describe("flags on top of a config", () => {
  const script = "cat in.txt; echo $A $B; pwd";

  test("add paths, variables and a folder", () => {
    const place = join(folder.path, "merge");
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, "in.txt"), "inside\n");
    const config = file({
      version: "1.0.0",
      process: { commandLine: script, env: ["PATH=/usr/bin:/bin", "A=1", "B=1"] },
    });
    const { exitCode, stdout } = mxc(["run", config, "--allow-read=.", "--cwd=.", "--env=B=2"], {
      cwd: place,
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `inside\n1 2\n${place}\n` });
  });

  test("a command behind -- takes the place of the config's", () => {
    expect(mxc(["run", file(hello), "--", "/bin/echo", "other"]).stdout).toBe("other\n");
  });

  test("a denial on top of a grant holds", () => {
    const secret = join(folder.path, "secret");
    writeFileSync(secret, "secret");
    const config = file(shell(`cat ${secret}`, { filesystem: { readonlyPaths: [secret] } }));
    expect(mxc(["run", config]).stdout).toBe("secret");
    expect(mxc(["run", config, `--deny=${secret}`])).toMatchObject({ exitCode: 1, stdout: "" });
  });

  test("everything to write but /sys", () => {
    const script =
      "ls /sys/kernel; for one in /sys $(ls -d /sys/*/); do test -w $one && echo $one; done";
    const { stdout } = mxc(["run", "--allow-write", "--deny-write=/sys", "--", "sh", "-c", script]);
    expect(stdout).toBe(Bun.spawnSync(["ls", "/sys/kernel"]).stdout.toString());
    expect(stdout).not.toBe("");
  });

  test("a time limit on top of none", () => {
    const { exitCode, stderr } = mxc(["run", file(shell("sleep 20")), "--timeout=200"]);
    expect(exitCode).toBe(255);
    expect(stderr).toContain("timed out after 200ms");
  });
});

describe("exit codes", () => {
  const codes: readonly (readonly [string, readonly string[], number])[] = [
    ["the workload's own", ["run", "--", "/bin/sh", "-c", "exit 42"], 42],
    ["a path that is missing", ["run", "--allow-read=/nowhere", "--", "true"], 1],
    ["a folder that is missing", ["run", "--cwd=/nowhere", "--", "true"], 1],
    ["what cannot be enforced", ["run", "--allow-read=/proc", "--", "true"], 255],
    ["a command that is not there", ["run", "--", "/nowhere"], 127],
    ["a command that is no program", ["run", "--", "/etc/passwd"], 126],
    ["a time limit", ["run", "--timeout=100", "--", "sleep", "20"], 255],
  ];
  for (const [name, words, code] of codes) {
    test(name, () => {
      const { exitCode, stdout, stderr } = mxc(words);
      expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: "" });
      expect(stderr === "").toBe(code === 42);
      const asJson = mxc(["run", "--json", ...words.slice(1)]);
      expect(asJson.exitCode).toBe(code);
      if (code !== 42) expect(JSON.parse(asJson.stderr).error.message).not.toBe("");
    });
  }
  test("another containment", () => {
    for (const containment of ["lxc", "microvm", "hyperlight"]) {
      const config = file(shell("echo never", { containment }));
      expect(mxc(["run", config])).toMatchObject({ exitCode: 1, stdout: "" });
    }
  });
  test("a network that cannot be enforced", () => {
    const proxy = { runtimeConfig: { networkProxy: "http://user:secret@localhost:8080" } };
    const answer = mxc(["run", file(shell("echo never", proxy))]);
    expect(answer).toMatchObject({ exitCode: 255, stdout: "" });
    expect(answer.stderr).toContain("runtimeConfig.networkProxy");
    expect(answer.stderr).not.toContain("secret");
  });
});

describe("an empty word in a list of paths", () => {
  for (const flag of ["--allow-read", "--allow-write", "--deny", "--deny-write"]) {
    test(`${flag}=PATH, does not mean the caller's folder`, () => {
      for (const list of [`${folder.path},`, `,${folder.path}`, ","]) {
        expect(mxc(["run", `${flag}=${list}`, "--", "true"])).toMatchObject({ exitCode: 2 });
      }
    });
  }
});
