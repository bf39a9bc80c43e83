/**
 * The attacks of tests/escape on Debian's kernel 6.1: fewer of the kernel's own locks (Landlock's
 * ABI 2, no pid limit for root), the same verdicts. Those that need Python or a terminal stay on
 * the host, and so do the control runs.
 */

import { expect, test } from "bun:test";
import { runInGuest } from "../../scripts/guest/guest.ts";
import { named } from "../support/skip.ts";
import { attackFiles, countRuns, GUEST_MS, guestAttacks, whyNot } from "./guests.ts";

const attacks = guestAttacks();
const reason = process.arch === "x64" ? whyNot("x64") : "the test runner is this host's";

test.skipIf(reason !== undefined)(
  named(`${attacks.length} attacks fail on Linux 6.1, by root and by an ordinary user`, reason),
  async () => {
    expect(attacks.length).toBeGreaterThan(60);
    const names = `^as (root|uid 1000) (${attacks.map(({ name }) => name).join("|")})$`;
    const { exitCode, output, console } = await runInGuest({
      arch: "x64",
      files: await attackFiles(),
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
    expect(lines.filter((line) => line.startsWith("(pass)"))).toHaveLength(countRuns(attacks));
  },
  2 * GUEST_MS,
);
