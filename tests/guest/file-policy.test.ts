/** The product on other machines: Debian's kernel 6.1 with Landlock's ABI 2, and arm64. */

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInGuest } from "../../scripts/guest/guest.ts";
import { named } from "../support/skip.ts";
import { GUEST_MS, guestBinary, whyNot } from "./guests.ts";

const script = join(import.meta.dir, "file-policy.sh");
/** Of each caller. */
const checks = readFileSync(script, "utf8").match(/^(same|contains) '/gm)?.length ?? 0;

const SCRIPT = `
exec 2>&1
uname -rm
mxc version | head -n 1
mxc doctor --json > /tmp/doctor; echo "doctor $?"
grep -o 'ABI [0-9]*' /tmp/doctor | head -n 1
sh /guest/file-policy.sh /root/policy
su user -c 'mxc doctor --json > /dev/null; echo "doctor $?"; sh /guest/file-policy.sh /home/user/policy'
`;

for (const [arch, machine] of [
  ["x64", "x86_64"],
  ["arm64", "aarch64"],
] as const) {
  const reason = whyNot(arch);
  describe(`Linux 6.1 on ${arch}`, () => {
    test.skipIf(reason !== undefined)(
      named("the file policy holds for root and for an ordinary user", reason),
      async () => {
        const { exitCode, output, console } = await runInGuest({
          arch,
          files: {
            "usr/bin/mxc": guestBinary(arch),
            "guest/file-policy.sh": script,
          },
          script: SCRIPT,
          timeoutMs: GUEST_MS,
        });
        if (exitCode === undefined) throw new Error(console);
        const lines = output.trim().split("\n");
        expect(checks).toBeGreaterThan(30);
        expect(lines[0]).toMatch(new RegExp(`^6\\.1\\..* ${machine}$`));
        expect(lines[1]).toMatch(new RegExp(`^mxc .* \\(linux-${arch}\\)$`));
        expect(lines.slice(2, 4)).toEqual(["doctor 0", "ABI 2"]);
        const others = lines.slice(4).filter((line) => !line.startsWith("ok "));
        expect(others).toEqual(["checked as root", "doctor 0", "checked as user"]);
        expect(lines.filter((line) => line.startsWith("ok "))).toHaveLength(2 * checks);
      },
      GUEST_MS,
    );
  });
}
