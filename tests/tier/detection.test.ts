/**
 * Hosts that lack something, made by mounts of their own: the doctor names it and what would help, and
 * a run takes the landlock tier or is refused before anything starts.
 */

import { describe, expect, test } from "bun:test";
import { asUser, binaryFor, callerName, callers } from "../support/paths.ts";
import { named, needsRoot } from "../support/skip.ts";

const why = needsRoot("changing mounts");
const forRoot = (name: string, body: () => void | Promise<void>, limitMs?: number) =>
  test.skipIf(why !== undefined)(named(name, why), body, limitMs);

/** Runs mxc where `change` has changed the mounts. */
function there(change: string, uid: number, args: readonly string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    [
      ...["unshare", "--mount", "--propagation=private", "sh", "-ec", `${change}; exec "$@"`, "sh"],
      ...asUser(uid),
      binaryFor(uid),
      ...args,
    ],
    { cwd: "/", stdin: "ignore" },
  );
  return { exitCode, output: `${stdout}${stderr}` };
}

const PROC = [
  ["covered", "mount -t tmpfs none /proc/fs", /Parts of \/proc are covered \(\/proc\/fs\)/],
  ["read-only", "mount -o remount,bind,ro /proc", /\/proc is read-only/],
] as const;

for (const uid of callers) {
  describe(`as ${callerName(uid)}`, () => {
    for (const [what, change, remedy] of PROC) {
      forRoot(`a ${what} /proc`, () => {
        const doctor = there(change, uid, ["doctor"]);
        expect(doctor.output).toMatch(/^absent +namespaces and private file systems/m);
        expect(doctor.output).toMatch(remedy);
        const run = there(change, uid, ["run", "--debug", "--", "id", "-u"]);
        expect(run.output).toContain("tier landlock");
        expect(run.output).toMatch(new RegExp(`^${uid}$`, "m"));
        expect(run.exitCode).toBe(0);
        const insisted = there(change, uid, ["run", "--tier=namespace", "--", "echo", "ran"]);
        expect(insisted.output).not.toContain("ran");
        expect(insisted.exitCode).toBe(255);
      });
    }

    forRoot("no /dev/net/tun", () => {
      const change = "mkdir -p /dev/net; mount -t tmpfs none /dev/net";
      const doctor = there(change, uid, ["doctor"]);
      expect(doctor.output).toMatch(/^absent +UDP and ICMP by rules: \/dev\/net\/tun: ENOENT$/m);
      const udp = ["run", "--allow-net=192.0.2.7:53/udp", "--", "echo", "ran"];
      const refused = there(change, uid, udp);
      expect(refused.output).toMatch(/UDP and ICMP by rules go through \/dev\/net\/tun/);
      expect(refused.output).not.toContain("ran");
      expect(refused.exitCode).toBe(255);
      const tcp = there(change, uid, ["run", "--allow-net=192.0.2.7:53", "--", "echo", "ran"]);
      expect(tcp.output).toBe("ran\n");
    });
  });
}
