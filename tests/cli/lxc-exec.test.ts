/** MXC's own front door: its flags, streams, messages and exit codes. */

import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratch } from "../support/scratch.ts";
import { base64, lxcExec, shell } from "./mxc.ts";

const folder = scratch();
afterAll(folder.remove);
const run = lxcExec(folder);

function file(name: string, content: unknown): string {
  const path = join(folder.path, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const one = file("one.json", shell("echo one"));
const two = file("two.json", shell("echo two"));
const three = base64(shell("echo three"));

describe("where the config comes from", () => {
  test("a path", () => {
    expect(run([one])).toEqual({ exitCode: 0, stdout: "one\n", stderr: "" });
  });
  test("base64 before --config before the path", () => {
    expect(run([one, "--config", two]).stdout).toBe("two\n");
    expect(run([`--config=${two}`, one]).stdout).toBe("two\n");
    expect(run([one, "--config", two, "--config-base64", three]).stdout).toBe("three\n");
    expect(run([one, "--config-base64", three]).stdout).toBe("three\n");
  });
  test("'-' is a file's name", () => {
    const { exitCode, stderr } = run(["-"], { stdin: JSON.stringify(shell("echo stdin")) });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: "Request error\nConfiguration parse error: Configuration file not found: -\n",
    });
    file("-", shell("echo dash"));
    expect(run(["-"], { cwd: folder.path }).stdout).toBe("dash\n");
  });
  test("none", () => {
    const { exitCode, stderr } = run([]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("No config provided");
  });
});

describe("wrong flags end with 2", () => {
  for (const words of [
    ["--unknown"],
    [one, two],
    [one, "--debugg"],
    ["-x", one],
    ["--config"],
    ["--config-base64"],
  ]) {
    test(words.map((word) => word.slice(word.lastIndexOf("/") + 1)).join(" "), () => {
      const { exitCode, stdout, stderr } = run(words);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
      expect(stderr).toStartWith("error: ");
      expect(stderr).toContain("Usage: lxc-exec");
    });
  }
  // A switch is not unset by a value, so one that has a value is a mistake.
  for (const word of ["--dry-run=false", "--experimental=false", "--debug=0"]) {
    test(word, () => expect(run([word, one]).exitCode).toBe(2));
  }
  test("one flag twice", () => {
    expect(run(["--config", one, "--config", two]).exitCode).toBe(2);
  });
});

describe("a config that is refused", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["not JSON", "{"],
    ["an unknown field", '{"version":"1.0.0","process":{"commandLine":"true"},"nope":1}'],
    ["no command", '{"process":{}}'],
    ["a lifecycle request", '{"version":"1.0.0","phase":"start","sandboxId":"x"}'],
  ];
  for (const [name, text] of cases) {
    test(name, () => {
      const path = file("refused.json", text);
      const { exitCode, stdout, stderr } = run([path]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
      expect(stderr).toMatch(/^Request error\nConfiguration parse error: .+\n$/);
      // With --debug, MXC's log goes to stdout.
      const debug = run(["--debug", path]);
      expect(debug).toEqual({
        exitCode: 1,
        stdout: stderr.slice("Request error\n".length),
        stderr: "Request error\n",
      });
    });
  }

  test("base64 that is none", () => {
    expect(run(["--config-base64", "%%%"])).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "Request error\nConfiguration parse error: Invalid base64 configuration\n",
    });
  });
  test("not UTF-8", () => {
    expect(run(["--config-base64", "/w=="]).stderr).toContain("Invalid UTF-8");
  });
});

describe("failures carry the error envelope", () => {
  const envelope = (stderr: string) => JSON.parse(stderr.slice(stderr.indexOf('{"error"')));

  test("the time limit", () => {
    const { version, process } = shell("sleep 20") as { version: string; process: object };
    const path = file("slow.json", { version, process: { ...process, timeout: 200 } });
    const { exitCode, stdout, stderr } = run([path]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 255, stdout: "" });
    expect(envelope(stderr).error).toMatchObject({ code: "backend_error" });
    expect(envelope(stderr).error.message).toContain("timed out after 200ms");
  });

  test("what cannot be enforced", () => {
    const path = file("proc.json", shell("true", { filesystem: { readonlyPaths: ["/proc"] } }));
    const { exitCode, stdout, stderr } = run([path]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 255, stdout: "" });
    expect(envelope(stderr).error).toMatchObject({ code: "backend_error" });
    expect(envelope(stderr).error.message).toContain("/proc");
  });

  test("a missing path is 1", () => {
    const path = file("gone.json", shell("true", { filesystem: { readonlyPaths: ["/nowhere"] } }));
    const { exitCode, stdout, stderr } = run([path]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain("'/nowhere' does not exist");
  });

  test("another containment is 1", () => {
    const { exitCode, stderr } = run([file("lxc.json", shell("true", { containment: "lxc" }))]);
    expect(exitCode).toBe(1);
    expect(stderr).toStartWith("error: ");
  });
});

describe("the other flags", () => {
  test("--available-backends", () => {
    const { exitCode, stdout } = run(["--available-backends"]);
    expect(exitCode).toBe(0);
    const text = JSON.stringify(
      [{ backend: "bubblewrap", capabilities: ["proxyEnforcement"] }],
      undefined,
      2,
    );
    expect(stdout).toBe(`${text}\n`);
  });

  test("--available-backends: without namespaces, the landlock tier, and no proxy enforced", () => {
    // In one more user namespace, whose own limit can be set to none.
    const script = `echo 0 > /proc/sys/user/max_user_namespaces && exec -a lxc-exec "$0" --available-backends`;
    const { exitCode, stdout, stderr } = Bun.spawnSync([
      ...["unshare", "--user", "--map-root-user", "bash", "-c", script],
      join(import.meta.dir, "../../dist/mxc"),
    ]);
    expect({ exitCode, stdout: stdout.toString(), stderr: stderr.toString() }).toEqual({
      exitCode: 0,
      stdout: '[\n  {\n    "backend": "bubblewrap"\n  }\n]\n',
      stderr: "",
    });
  });

  test("--debug: the log on stdout, around the workload's own", () => {
    const { exitCode, stdout } = run(["--debug", one]);
    expect(exitCode).toBe(0);
    expect(stdout).toStartWith("Script code length: 8\nWorking directory: /\nScript timeout: 0\n");
    expect(stdout).toContain("\none\n");
  });

  test("--log-file: appended, with seconds", () => {
    const log = join(folder.path, "log.txt");
    for (let times = 1; times <= 2; times += 1) {
      expect(run(["--log-file", log, one])).toEqual({ exitCode: 0, stdout: "one\n", stderr: "" });
      const lines = readFileSync(log, "utf8").trimEnd().split("\n");
      expect(lines).toHaveLength(4 * times);
      for (const line of lines) expect(line).toMatch(/^\[\d{10}\] \S/);
    }
  });

  test("a log that cannot be written stops nothing", () => {
    const { exitCode, stdout, stderr } = run(["--log-file", "/nowhere/log", one]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "one\n" });
    expect(stderr).toContain("/nowhere/log");
  });

  test("--dry-run runs nothing", () => {
    const mark = join(folder.path, "mark");
    const path = file(
      "dry.json",
      shell(`touch ${mark}`, { filesystem: { readwritePaths: [folder.path] } }),
    );
    const { exitCode, stdout } = run(["--dry-run", path]);
    expect(exitCode).toBe(0);
    expect(stdout).toEndWith("Dry run completed. Result: validation passed\n");
    expect(existsSync(mark)).toBe(false);
    expect(run([path]).exitCode).toBe(0);
    expect(existsSync(mark)).toBe(true);
  });

  test("--delete", () => {
    expect(run(["--delete"])).toMatchObject({ exitCode: 1 });
    expect(run(["--delete", "--containername", "x"]).stdout).toContain("'x' does not exist");
  });

  test("--help", () => {
    expect(run(["--help"]).stdout).toContain("--config-base64");
    expect(run(["-h"])).toEqual(run(["--help"]));
  });
});
