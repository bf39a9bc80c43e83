// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the shell's

/** stdin, stdout and stderr are the workload's own, byte for byte; so are its arguments. */

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asUser, binaryFor, callers } from "../support/paths.ts";
import { runSandbox, runSandboxBytes } from "../support/sandbox.ts";
import { giveTo, scratch } from "../support/scratch.ts";

setDefaultTimeout(120_000);

describe.each([...callers])("as %d", (uid) => {
  test("exit codes pass through", async () => {
    for (const code of [0, 1, 2, 3, 42, 63, 64, 100, 125, 126, 127, 128, 129, 137, 200, 254, 255]) {
      const result = await runSandbox({ uid, argv: ["/bin/sh", "-c", `exit ${code}`] });
      expect(result).toEqual({ exitCode: code, signal: null, stdout: "", stderr: "" });
    }
  });

  test("a command of a config runs in a shell, one behind -- in none", async () => {
    const shell = await runSandbox({
      uid,
      config: { version: "1.0.0", process: { commandLine: "echo $((6 * 7)); exit 3" } },
    });
    expect(shell).toEqual({ exitCode: 3, signal: null, stdout: "42\n", stderr: "" });
    const plain = await runSandbox({
      uid,
      argv: ["/bin/echo", "$((6 * 7))", "a  b", "*", "'", ""],
    });
    expect(plain.stdout).toBe("$((6 * 7)) a  b * ' \n");
  });

  test("a command that is not there is the shell's 127", async () => {
    const result = await runSandbox({
      uid,
      config: { version: "1.0.0", process: { commandLine: "no-such-program-at-all" } },
    });
    expect(result.exitCode).toBe(127);
    expect(result.stderr).toContain("not found");
  });

  test("stdout and stderr stay apart", async () => {
    const result = await runSandbox({
      uid,
      argv: ["/bin/sh", "-c", "echo out; echo err >&2; printf x; printf y >&2"],
    });
    expect(result).toEqual({ exitCode: 0, signal: null, stdout: "out\nx", stderr: "err\ny" });
  });

  test("every byte passes through stdin and stdout", async () => {
    const bytes = new Uint8Array(256 * 1024);
    for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 7 + (at >> 8)) & 255;
    const result = await runSandboxBytes({ uid, argv: ["/bin/cat"], stdin: new Blob([bytes]) });
    expect(Buffer.from(result.stdout).equals(Buffer.from(bytes))).toBe(true);
    expect(result.stderr).toBe("");
  });

  test("an empty stdin is an end of file", async () => {
    expect((await runSandbox({ uid, argv: ["/usr/bin/wc", "-c"], stdin: "" })).stdout.trim()).toBe(
      "0",
    );
  });

  test("1 GB through a pipe in and out, with its checksum", async () => {
    const megabytes = 1024;
    const folder = scratch(uid);
    // The same megabytes on both sides; the pipeline is the host's, mxc in its middle.
    const words = [...asUser(uid), binaryFor(uid), "run", "--", "/bin/cat"]
      .map((word) => `'${word}'`)
      .join(" ");
    const source = `head -c ${megabytes * 1024 * 1024} /dev/zero | tr '\\0' 'm'`;
    const run = (script: string) => {
      const child = Bun.spawnSync(["bash", "-o", "pipefail", "-c", script], {
        cwd: "/",
        env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", TMPDIR: folder.path },
      });
      return {
        code: child.exitCode,
        text: child.stdout.toString().trim(),
        errors: child.stderr.toString(),
      };
    };
    const through = run(`${source} | ${words} | cksum`);
    expect(through).toEqual({ ...run(`${source} | cksum`), errors: "" });
    expect(through.text.split(" ")[1]).toBe(String(megabytes * 1024 * 1024));
    folder.remove();
  });

  test("a reader that closes early ends the workload with SIGPIPE", async () => {
    const words = [...asUser(uid), binaryFor(uid), "run", "--", "/usr/bin/yes"]
      .map((word) => `'${word}'`)
      .join(" ");
    const child = Bun.spawn(["bash", "-c", `${words} | head -n 2; echo "\${PIPESTATUS[0]}"`], {
      cwd: "/",
      stdout: "pipe",
      stderr: "pipe",
      env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin" },
    });
    expect(await new Response(child.stdout).text()).toBe("y\ny\n141\n");
    expect(await new Response(child.stderr).text()).toBe("");
  });

  test("closed standard streams are no one else's files", async () => {
    const folder = scratch(uid);
    const file = join(folder.path, "out");
    writeFileSync(file, "");
    giveTo(uid, file);
    const binary = binaryFor(uid);
    for (const [closed, expected] of [
      ["<&-", "in"],
      ["2>&-", "err"],
    ] as const) {
      const child = Bun.spawnSync(
        [
          ...asUser(uid),
          "sh",
          "-c",
          `'${binary}' run -- /bin/sh -c 'echo ${expected}; ls -l /proc/self/fd >/dev/null; echo word >&2' ${closed} >'${file}'`,
        ],
        {
          cwd: "/",
          env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin" },
        },
      );
      expect(child.exitCode === null).toBe(false);
      expect(readFileSync(file, "utf8")).not.toContain("word");
      if (child.exitCode === 0) expect(readFileSync(file, "utf8")).toBe(`${expected}\n`);
    }
    folder.remove();
  });

  test("a large argument list and environment", async () => {
    const argument = "a".repeat(100_000);
    const many = Array.from({ length: 5_000 }, (_, index) => `word-${index}`);
    const result = await runSandbox({
      uid,
      argv: ["/bin/sh", "-c", 'echo $# ${#1}; echo "$5001"', "sh", argument, ...many],
    });
    expect(result.stdout.split("\n")[0]).toBe("5001 100000");
    const config = {
      version: "1.0.0",
      process: {
        commandLine: "env | grep -c ^VARIABLE_; echo ${#LONG}",
        inheritDefaultEnv: true,
        env: [
          ...Array.from({ length: 2_000 }, (_, index) => `VARIABLE_${index}=${index}`),
          `LONG=${"e".repeat(100_000)}`,
        ],
      },
    };
    expect((await runSandbox({ uid, config })).stdout).toBe("2000\n100000\n");
  });

  test("arguments are bytes for the workload: spaces, quotes, newlines, UTF-8", async () => {
    const words = [
      "two words",
      "line\nbreak",
      "tab\t",
      "'single'",
      '"double"',
      "$HOME",
      "`id`",
      "\\",
      "größe",
      "日本語",
      "🦀",
      "-",
      "--",
      "--deny",
    ];
    const result = await runSandbox({ uid, argv: ["/usr/bin/printf", "%s\\0", ...words] });
    expect(result.stdout.split("\0").slice(0, -1)).toEqual(words);
  });

  test("the time limit: MXC's exit code and envelope", async () => {
    const result = await runSandbox({
      uid,
      flags: ["--json"],
      config: { version: "1.0.0", process: { commandLine: "echo begun; sleep 30", timeout: 300 } },
    });
    expect(result).toEqual({
      exitCode: 255,
      signal: null,
      stdout: "begun\n",
      stderr: '{"error":{"code":"backend_error","message":"script timed out after 300ms"}}\n',
    });
  });

  test("a workload that is faster than its time limit is not touched", async () => {
    const result = await runSandbox({
      uid,
      flags: ["--timeout=20000"],
      argv: ["/bin/sh", "-c", "sleep 0.1; echo fine"],
    });
    expect(result).toEqual({ exitCode: 0, signal: null, stdout: "fine\n", stderr: "" });
  });

  test("the checksum of random bytes is the same inside", async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const result = await runSandbox({
      uid,
      argv: ["/usr/bin/sha256sum"],
      stdin: new Blob([bytes]),
    });
    expect(result.stdout.split(" ")[0]).toBe(createHash("sha256").update(bytes).digest("hex"));
  });
});
