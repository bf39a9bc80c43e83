/**
 * The landlock tier on Debian's kernel 6.1: Landlock's ABI 2, which scopes no signal and keeps
 * nobody from truncating, so that the guard does more. User namespaces are switched off there by
 * sysctl, so that the tier is taken by itself; the C attacks of tests/escape run against it.
 */

import { expect, test } from "bun:test";
import { runInGuest } from "../../scripts/guest/guest.ts";
import { named } from "../support/skip.ts";
import { attackFiles, countRuns, GUEST_MS, guestAttacks, whyNot } from "./guests.ts";

const attacks = guestAttacks();
const reason = process.arch === "x64" ? whyNot("x64") : "the test runner is this host's";

const SCRIPT = `
sleep 300 & outside=$!
echo 0 > /proc/sys/user/max_user_namespaces
for uid in 0 1000; do
  mkdir -p /tmp/work$uid && chown $uid /tmp/work$uid
  as="/usr/bin/setpriv --reuid $uid --regid $uid --clear-groups"
  $as mxc run --debug -- /bin/sh -c 'echo in $TMPDIR' 2>&1 | grep -E '^in |tier'
  $as mxc run --tier=namespace -- /bin/true 2>/dev/null || echo "insisted: $?"
  $as mxc run --allow-write=/tmp/work$uid -- /bin/sh -c "cd /tmp/work$uid
    echo abc > f; chmod 600 f; truncate -s 1 f; ls -l f | cut -c1-10; cat f; echo
    kill -0 $outside || echo no signal outside
    sleep 60 & kill -TERM \\$!; wait \\$!; echo status \\$?
    (sleep 60 & sleep 60 & kill -TERM 0)" 2>/dev/null
  echo "exit $?"
done
echo 2 > /proc/sys/kernel/yama/ptrace_scope
for uid in 0 1000; do
  as="/usr/bin/setpriv --reuid $uid --regid $uid --clear-groups"
  $as mxc run --allow-net=192.0.2.1:80 -- /bin/sh -c 'echo ran' 2>&1 | cut -d: -f3-
  $as mxc run --allow-write=/tmp/work$uid -- /bin/sh -c "cd /tmp/work$uid; chmod 644 f 2>/dev/null || echo unchanged; ls -l f | cut -c1-10"
done
echo 0 > /proc/sys/kernel/yama/ptrace_scope
ls -d /tmp/mxc-* 2>/dev/null
kill $outside`;

test.skipIf(reason !== undefined)(
  named(`without user namespaces, ${attacks.length} attacks fail on Linux 6.1`, reason),
  async () => {
    const names = `^in the landlock tier, as (root|uid 1000) (${attacks.map(({ name }) => name).join("|")})$`;
    const { exitCode, output, console } = await runInGuest({
      arch: "x64",
      files: await attackFiles(),
      script: `${SCRIPT}
        echo == attacks
        cd /checkout
        export MXC_BINARY=/usr/bin/mxc NO_COLOR=1
        bun test --timeout=120000 -t '${names}' ./tests/escape/escape.test.ts 2>&1`,
      timeoutMs: 2 * GUEST_MS,
    });
    if (exitCode === undefined) throw new Error(console);
    const [before = "", after = ""] = output.split("== attacks\n");
    const once = [
      expect.stringMatching(/^in \/tmp\/mxc-[\w-]{16}$/),
      "insisted: 255",
      ...["-rw-------", "a", "no signal outside", "status 143"],
      "exit 143",
    ];
    const lines = before.split("\n").filter((line) => line !== "" && !line.startsWith("mxc: "));
    expect(before).toContain("tier landlock");
    // Yama's second level: no rules for the network, and what cannot be looked into is refused.
    const yama = [
      " its rules cannot be enforced on this host: pidfd_getfd: EPERM",
      ...["unchanged", "-rw-------"],
    ];
    expect(lines).toEqual([...once, ...once, ...yama, ...yama]);
    const results = after.split("\n");
    if (exitCode !== 0)
      throw new Error(results.filter((line) => !/^\((pass|skip)/.test(line)).join("\n"));
    expect(results.filter((line) => line.startsWith("(pass)"))).toHaveLength(countRuns(attacks));
  },
  2 * GUEST_MS,
);
