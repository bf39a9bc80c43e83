/** Every command: its help, its output, and what it says to a slip of the hand. */

import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "../../src/cli/commands.ts";
import { RUN_FLAGS } from "../../src/cli/run-flags.ts";
import { CONTRACT_VERSIONS } from "../../src/contract/request.ts";
import { VERSION } from "../../src/version.ts";
import { scratch } from "../support/scratch.ts";
import { named, needsRoot } from "../support/skip.ts";
import { findTool } from "../support/tools.ts";
import { mxc } from "./mxc.ts";

const folder = scratch();
afterAll(folder.remove);

const ESCAPE = "\u001b";
const names = Object.keys(COMMANDS);

describe("help", () => {
  for (const words of [[], ["--help"], ["-h"], ["help"]]) {
    test(`mxc ${words.join(" ")}`, () => {
      const { exitCode, stdout, stderr } = mxc(words);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      for (const name of names) expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, "m"));
    });
  }

  for (const name of names) {
    test(`mxc ${name} --help`, () => {
      const answer = mxc([name, "--help"]);
      expect(answer).toMatchObject({ exitCode: 0, stderr: "" });
      expect(answer.stdout).toContain(`mxc ${name}`);
      expect(answer.stdout).toStartWith(COMMANDS[name]?.summary as string);
      expect(mxc(["help", name])).toEqual(answer);
      expect(mxc([name, "-h"])).toEqual(answer);
      expect(answer.stdout).not.toContain("undefined");
      expect(answer.stdout).not.toContain(ESCAPE);
    });
  }

  test("help of run names every flag", () => {
    const { stdout } = mxc(["run", "--help"]);
    for (const name of Object.keys(RUN_FLAGS)) expect(stdout).toContain(`--${name}`);
  });

  test("--help behind -- is the command's", () => {
    expect(mxc(["run", "--", "/usr/bin/printf", "%s\\n", "--help"])).toEqual({
      exitCode: 0,
      stdout: "--help\n",
      stderr: "",
    });
  });
});

describe("slips", () => {
  const slips: readonly (readonly [readonly string[], string])[] = [
    [["rum"], "unknown command rum; did you mean run?"],
    [["docter"], "unknown command docter; did you mean doctor?"],
    [["zzzzzzzzzzzz"], "unknown command zzzzzzzzzzzz"],
    [["run", "--alow-read=/etc", "--", "true"], "did you mean --allow-read?"],
    [["run", "--allow-reed", "--", "true"], "did you mean --allow-read?"],
    [["check", "--dney=/x", "--", "true"], "did you mean --deny?"],
    [["plan", "-x", "--", "true"], "unknown flag -x"],
    [["doctor", "--jsno"], "did you mean --json?"],
    [["backends", "--verbose"], "unknown flag --verbose"],
    [["version", "--jso"], "did you mean --json?"],
    [["schema", "1.0.1"], "did you mean 1.0.0?"],
    [["completions", "tcsh"], "name a shell: bash, zsh, fish"],
    [["completions"], "name a shell"],
    [["run"], "nothing to run"],
    [["run", "--"], "there is no command behind '--'"],
    [["run", "--", ""], "there is no command behind '--'"],
    [["run", "--cwd"], "--cwd needs a value"],
    [["run", "--timeout=soon", "--", "true"], "--timeout=soon is not a whole number"],
    [["run", "--timeout=4294967296", "--", "true"], "is not a whole number"],
    [["run", "--timeout=-1", "--", "true"], "is not a whole number"],
    [["run", "--timeout=1", "--timeout=2", "--", "true"], "--timeout is given twice"],
    [["run", "--json=1", "--", "true"], "--json takes no value"],
    [["run", "--allow-read=", "--", "true"], "--allow-read= is empty"],
    [["run", "--env=NOVALUE", "--", "true"], "--env=NOVALUE is not NAME=VALUE"],
    [["run", "--env==x", "--", "true"], "is not NAME=VALUE"],
    [["run", "a.json", "b.json"], "more than one config: a.json b.json"],
    [["run", "true", "x"], "a command and its arguments go behind '--'"],
  ];
  for (const [words, message] of slips) {
    test(`mxc ${words.join(" ")}`, () => {
      const { exitCode, stdout, stderr } = mxc(words);
      expect(stderr).toContain(message);
      expect(stderr).toStartWith("error: ");
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
      const [name = "", ...rest] = words;
      const asJson = mxc([name, "--json", ...rest]);
      expect(asJson).toMatchObject({ exitCode: 2, stdout: "" });
      const { error } = JSON.parse(asJson.stderr);
      expect(error.code).toBe("usage");
      // These two print no JSON, and say so first.
      const known = name !== "schema" && name !== "completions";
      expect(error.message).toContain(known ? message : "unknown flag --json");
      expect(error.details).toEqual([{ field: "", message: error.message }]);
    });
  }

  test("--json behind -- is the command's", () => {
    const { exitCode, stderr } = mxc(["run", "--no-such-flag", "--", "true", "--json"]);
    expect(exitCode).toBe(2);
    expect(stderr).toStartWith("error: ");
  });

  test("what is unknown cannot steer a terminal", () => {
    for (const words of [["\u001b[31mx"], ["run", "--\u001b]0;x\u0007"]]) {
      const { stderr } = mxc(words);
      expect(stderr).not.toContain(ESCAPE);
      expect(stderr).not.toContain("\u0007");
    }
  });
});

describe("version", () => {
  test("as text", () => {
    const answer = mxc(["version"]);
    expect(answer).toMatchObject({ exitCode: 0, stderr: "" });
    expect(answer.stdout).toStartWith(`mxc ${VERSION} (linux-`);
    expect(mxc(["--version"])).toEqual(answer);
    expect(mxc(["-V"])).toEqual(answer);
  });

  test("as JSON", () => {
    expect(JSON.parse(mxc(["version", "--json"]).stdout)).toMatchObject({
      version: VERSION,
      contracts: [...CONTRACT_VERSIONS],
    });
  });
});

describe("doctor and backends", () => {
  test("this host can run sandboxes", () => {
    const { exitCode, stdout } = mxc(["doctor", "--json"]);
    const report = JSON.parse(stdout);
    expect(exitCode).toBe(0);
    expect(report.features.filter((one: { required: boolean }) => one.required)).not.toEqual([]);
    const text = mxc(["doctor"]).stdout;
    for (const { name } of report.features) expect(text).toContain(name);
  });

  const why = needsRoot("making one");
  test.skipIf(why !== undefined)(named("a chroot is named, and what to do instead", why), () => {
    // The first is a mount of its own, the second a plain folder of it; /proc says which.
    const script = `set -e
      mount -t tmpfs none "$1"; mkdir "$1/root"; mount --rbind / "$1/root"
      chroot "$1/root" "$0" doctor || true
      mkdir "$1/plain"; cd "$1/plain"
      for one in bin dev lib lib64 proc usr; do mkdir $one; mount --rbind /$one $one; done
      cp "$0" mxc; chroot . /mxc doctor || true`;
    const { stdout, stderr } = Bun.spawnSync([
      ...["unshare", "--mount", "bash", "-c", script],
      ...[join(import.meta.dir, "../../dist/mxc"), "/mnt"],
    ]);
    expect(stderr.toString()).toBe("");
    expect(stdout.toString().match(/This is a chroot/g)).toHaveLength(2);
    expect(stdout.toString()).not.toContain("AppArmor");
  });

  test("backends: the namespace container, and a reason for each other", () => {
    const list = JSON.parse(mxc(["backends", "--json"]).stdout);
    expect(list[0]).toMatchObject({ name: "bubblewrap", available: true });
    for (const { reason } of list) expect(reason).not.toBe("");
    const text = mxc(["backends"]).stdout;
    for (const { name } of list) expect(text).toContain(name);
  });
});

describe("schema", () => {
  test("lists the versions", () => {
    expect(mxc(["schema"]).stdout).toBe(`${CONTRACT_VERSIONS.join("\n")}\n`);
  });
  for (const version of CONTRACT_VERSIONS) {
    test(version, () => {
      const { exitCode, stdout } = mxc(["schema", version]);
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout)).toHaveProperty("properties.process");
    });
  }
  test("names that every object has are no versions", () => {
    for (const name of ["constructor", "__proto__"]) expect(mxc(["schema", name]).exitCode).toBe(2);
  });
});

describe("completions", () => {
  for (const name of ["bash", "zsh", "fish"] as const) {
    const tool = findTool(name);
    test.if(tool !== undefined)(
      `${name} reads its script${tool === undefined ? ` (skipped: no ${name} here)` : ""}`,
      () => {
        const file = join(folder.path, `completions.${name}`);
        writeFileSync(file, mxc(["completions", name]).stdout);
        const { exitCode, stderr } = Bun.spawnSync([tool?.path as string, "-n", file]);
        expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: "" });
      },
    );
    test(`${name}: every command and flag`, () => {
      const { stdout } = mxc(["completions", name]);
      for (const word of names) expect(stdout).toContain(word);
      for (const flag of Object.keys(RUN_FLAGS)) expect(stdout).toContain(flag);
    });
  }

  test("bash completes", () => {
    const script = `${mxc(["completions", "bash"]).stdout}
      try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _mxc 2>/dev/null; echo "\${COMPREPLY[*]}"; }
      try mxc do; try mxc run --allow-r; try mxc schema 0.6; try mxc completions f; try mxc run -- --d`;
    const { stdout } = Bun.spawnSync(["bash", "-c", script]);
    expect(stdout.toString().split("\n").slice(0, 5)).toEqual([
      "doctor",
      "--allow-read",
      "0.6.0-alpha",
      "fish",
      "",
    ]);
  });
});

describe("plan and check", () => {
  test("plan prints what check accepts; nothing is started", () => {
    const flags = ["--allow-read=/etc/hostname", "--", "/bin/sh", "-c", "echo never"];
    const plan = mxc(["plan", ...flags]);
    expect(plan).toMatchObject({ exitCode: 0, stderr: "" });
    expect(plan.stdout).toContain("/etc/hostname");
    expect(plan.stdout).not.toMatch(/^never$/m);
    expect(mxc(["check", ...flags]).stdout).toStartWith("Valid.");
    expect(JSON.parse(mxc(["check", "--json", ...flags]).stdout)).toMatchObject({ valid: true });
    expect(mxc(["run", "--dry-run", ...flags])).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(mxc(["plan", "--json", ...flags]).stdout).steps.length).toBeGreaterThan(50);
  });

  test("all three refuse alike", () => {
    const flags = ["--allow-read=/nowhere/at/all", "--", "true"];
    const answers = [["check"], ["plan"], ["run"], ["run", "--dry-run"]].map((words) =>
      mxc([...words, ...flags]),
    );
    for (const answer of answers) {
      expect(answer).toEqual(answers[0] as never);
      expect(answer).toMatchObject({ exitCode: 1, stdout: "" });
    }
  });
});

describe("a reader that goes away", () => {
  for (const words of ["version", "plan -- true", "schema 1.0.0", "run --help"]) {
    test(`mxc ${words} | true`, () => {
      const { stderr } = Bun.spawnSync([
        "bash",
        "-c",
        `"$0" ${words} | true; exit \${PIPESTATUS[0]}`,
        join(import.meta.dir, "../../dist/mxc"),
      ]);
      expect(stderr.toString()).toBe("");
    });
  }
});
