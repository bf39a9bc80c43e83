/**
 * Limits where control groups are of version 2 alone: root's, an ordinary user's in a subtree that is
 * delegated to it, and an ordinary user's without one.
 */

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { runInGuest } from "../../scripts/guest/guest.ts";
import { compileC } from "../support/compile.ts";
import { named } from "../support/skip.ts";
import { GUEST_MS, guestBinary, whyNot } from "./guests.ts";

const SCRIPT = `
exec 2>&1
chmod 755 /guest /guest/bomb
sh /guest/limits.sh 'control group'
su user -c "sh /guest/limits.sh sampling"
groups=/sys/fs/cgroup
mkdir $groups/limited
echo 200M > $groups/limited/memory.max
(echo 0 > $groups/limited/cgroup.procs; mxc plan --pids=50 -- true | grep 'limit: memory')
mkdir -p $groups/user/own
chown -R user $groups/user
echo '+memory +pids +cpu' > $groups/user/cgroup.subtree_control
(echo 0 > $groups/user/own/cgroup.procs; su user -c "sh /guest/limits.sh 'control group'")
`;

const reason = whyNot("x64");

describe("control groups of version 2", () => {
  test.skipIf(reason !== undefined)(
    named("keep the limits of root and of users that have a subtree", reason),
    async () => {
      const { exitCode, output, console } = await runInGuest({
        arch: "x64",
        files: {
          "usr/bin/mxc": guestBinary("x64"),
          "guest/limits.sh": join(import.meta.dir, "limits.sh"),
          "guest/bomb": await compileC(join(import.meta.dir, "..", "limits", "bomb.c")),
        },
        script: SCRIPT,
        timeoutMs: GUEST_MS,
      });
      if (exitCode === undefined) throw new Error(console);
      const lines = output.trim().split("\n");
      const others = lines.filter((line) => !line.startsWith("ok "));
      expect(others.map((line) => line.trim().replace(/^\d+ {2}/, ""))).toEqual([
        "checked as root",
        "checked as user",
        "limit: memory 200 MiB, by control group",
        "checked as user",
      ]);
      expect(lines.filter((line) => line.startsWith("ok "))).toHaveLength(13 + 12 + 13);
    },
    GUEST_MS,
  );
});
