/**
 * The attacks of tests/escape on Debian's kernel 6.1: fewer of the kernel's own locks (Landlock's
 * ABI 2, no pid limit for root), the same verdicts. Those that need Python or a terminal stay on
 * the host, and so do the control runs.
 */

import { expect, test } from "bun:test";
import { join, relative } from "node:path";
import { runInGuest } from "../../scripts/guest/guest.ts";
import { unpackPackages } from "../../scripts/guest/packages.ts";
import { commonFolder, findAttacks } from "../escape/attacks.ts";
import { compileAll } from "../support/compile.ts";
import { repositoryRoot } from "../support/paths.ts";
import { GUEST_MS, guestBinary, named, whyNot } from "./guests.ts";

const written = findAttacks().filter(({ kind }) => kind === "c");
const attacks = written.filter(({ launcher }) => launcher === "plain");
const runs = attacks.reduce((sum, { callers }) => sum + (callers === "all" ? 2 : 1), 0);
const reason = process.arch === "x64" ? whyNot("x64") : "the test runner is this host's";

test.skipIf(reason !== undefined)(
  named(`${attacks.length} attacks fail on Linux 6.1, by root and by an ordinary user`, reason),
  async () => {
    expect(attacks.length).toBeGreaterThan(60);
    const victim = join(repositoryRoot, "tests", "support", "victim.c");
    const sources = [...written.map(({ file }) => file), victim];
    const programs = await compileAll(sources, [join(commonFolder, "attack.h")]);
    const tools = unpackPackages("x64", ["util-linux", "libcap-ng0"]);
    const files: Record<string, string> = {
      "usr/bin/mxc": guestBinary("x64"),
      "usr/bin/bun": process.execPath,
      "usr/bin/setpriv": join(tools, "usr/bin/setpriv"),
      "usr/lib/x86_64-linux-gnu": join(tools, "lib/x86_64-linux-gnu"),
      "checkout/tests/escape": join(repositoryRoot, "tests", "escape"),
      "checkout/tests/support": join(repositoryRoot, "tests", "support"),
    };
    for (const program of programs.values()) {
      files[join("checkout", relative(repositoryRoot, program))] = program;
    }
    const names = `^as (root|uid 1000) (${attacks.map(({ name }) => name).join("|")})$`;
    const { exitCode, output, console } = await runInGuest({
      arch: "x64",
      files,
      script: `
        cd /checkout
        export MXC_BINARY=/usr/bin/mxc NO_COLOR=1
        bun test --timeout=120000 -t '${names}' ./tests/escape/escape.test.ts 2>&1`,
      timeoutMs: 2 * GUEST_MS,
    });
    if (exitCode === undefined) throw new Error(console);
    const lines = output.split("\n");
    if (exitCode !== 0)
      throw new Error(lines.filter((line) => !/^\((pass|skip)/.test(line)).join("\n"));
    expect(lines.filter((line) => line.startsWith("(pass)"))).toHaveLength(runs);
  },
  2 * GUEST_MS,
);
