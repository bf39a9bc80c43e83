/** What mxc leaves behind and what it needs: no files, no HOME, no PATH, no open streams. */

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { asUser, binaryFor, callerName, callers } from "../support/paths.ts";
import { scratch } from "../support/scratch.ts";
import { mxc, PATH, shell } from "./mxc.ts";

setDefaultTimeout(60_000);

const COMMANDS: readonly (readonly string[])[] = [
  ["run", "--", "/bin/echo", "inside"],
  ["run", "--allow-net", "--allow-read=/etc/hostname", "--", "/bin/echo", "inside"],
  ["check", "--", "true"],
  ["plan", "--", "true"],
  ["doctor"],
  ["backends"],
  ["version"],
  ["schema", "1.0.0"],
  ["run", "--allow-read=/nowhere", "--", "true"],
  ["run", "/nowhere.json"],
];

for (const uid of callers) {
  describe(callerName(uid), () => {
    test("no file appears anywhere", () => {
      const folder = scratch(uid);
      try {
        for (const name of ["home", "tmp", "cwd"]) mkdirSync(join(folder.path, name));
        Bun.spawnSync(["chown", "-R", `${uid}:${uid}`, folder.path]);
        const env = { PATH, HOME: join(folder.path, "home"), TMPDIR: join(folder.path, "tmp") };
        const before = ["/tmp", "/dev/shm", "/var/tmp", "/run"].map((place) => readdirSync(place));
        for (const words of COMMANDS) mxc(words, { uid, env, cwd: join(folder.path, "cwd") });
        expect(readdirSync(folder.path, { recursive: true }).sort()).toEqual([
          "cwd",
          "home",
          "tmp",
        ]);
        for (const [index, place] of ["/tmp", "/dev/shm", "/var/tmp", "/run"].entries()) {
          // Others use these folders too: only a name of ours would be ours.
          const fresh = readdirSync(place).filter((name) => !before[index]?.includes(name));
          expect(fresh.filter((name) => /bun|\.so|\.node|^\.?mxc$/i.test(name))).toEqual([]);
        }
      } finally {
        folder.remove();
      }
    });

    const surroundings: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      "no environment": {},
      "no PATH": { HOME: "/" },
      "no HOME": { PATH },
      "a TMPDIR that is not there": { PATH, TMPDIR: "/nowhere/at/all" },
    };
    for (const [name, env] of Object.entries(surroundings)) {
      test(name, () => {
        expect(mxc(["run", "--", "echo", "inside"], { uid, env })).toEqual({
          exitCode: 0,
          stdout: "inside\n",
          stderr: "",
        });
        expect(mxc(["doctor"], { uid, env }).exitCode).toBe(0);
      });
    }

    test("a folder that was deleted under the caller", () => {
      const { exitCode, stdout } = Bun.spawnSync([
        ...asUser(uid),
        "sh",
        "-c",
        'd=$(mktemp -d /var/tmp/gone.XXXX) && cd "$d" && rmdir "$d" && exec "$0" run -- pwd',
        binaryFor(uid),
      ]);
      expect([exitCode, stdout.toString()]).toEqual([0, "/\n"]);
    });

    describe("standard streams", () => {
      const sh = (script: string) =>
        Bun.spawnSync([...asUser(uid), "bash", "-c", script, binaryFor(uid)], {
          stdin: "ignore",
          cwd: "/",
          timeout: 30_000,
        });

      for (const [name, script] of Object.entries({
        "stdin closed": '"$0" run -- /bin/sh -c "exit 7" 0<&-',
        "stdout closed": '"$0" run -- /bin/sh -c "exit 7" 1>&-',
        "stderr closed": '"$0" run -- /bin/sh -c "exit 7" 2>&-',
        "all closed": '"$0" run -- /bin/sh -c "exit 7" 0<&- 1>&- 2>&-',
      })) {
        test(name, () => expect(sh(script).exitCode).toBe(7));
      }

      for (const [name, script] of Object.entries({
        "check, stdout closed": '"$0" check -- true 1>&-',
        "a refusal, stderr closed": '"$0" run --allow-read=/nowhere -- true 2>&-',
        "a refusal, all closed": '"$0" run --allow-read=/nowhere -- true 0<&- 1>&- 2>&-',
      })) {
        test(`${name}: it ends by itself, with a code of its own`, () => {
          const { exitCode, signalCode } = sh(script);
          expect(signalCode).toBeUndefined();
          expect([0, 1]).toContain(exitCode);
        });
      }

      for (const [name, script] of Object.entries({
        "stdin is a folder": '"$0" run -- ls -la /proc/self/fd/0/ < /',
        "stdout is a folder": 'exec 5< /; "$0" run -- ls /proc/self/fd/1/ 1<&5',
        "stderr is a folder": 'exec 5< /; "$0" run -- ls /proc/self/fd/2/ 2<&5',
        "another descriptor is a folder":
          'exec 5< /; "$0" run -- ls /proc/self/fd/5/root /proc/self/fd/5/home',
      })) {
        test(`${name}: the workload does not reach the host by it`, () => {
          const { exitCode, stdout } = sh(script);
          expect(exitCode).not.toBe(0);
          expect(stdout.toString()).toBe("");
        });
      }

      test("a config on stdin is not the workload's stdin any more", () => {
        const { stdout } = mxc(["run", "-"], {
          uid,
          stdin: JSON.stringify(shell("cat; echo done")),
        });
        expect(stdout).toBe("done\n");
      });
    });

    test("the log file is the caller's alone", () => {
      const folder = scratch(uid);
      try {
        const log = join(folder.path, "log");
        const { exitCode } = mxc(["run", `--log-file=${log}`, "--", "true"], { uid });
        expect(exitCode).toBe(0);
        const { stdout } = Bun.spawnSync(["stat", "-c", "%a %u", log]);
        expect(stdout.toString()).toBe(`600 ${uid}\n`);
      } finally {
        folder.remove();
      }
    });
  });
}
