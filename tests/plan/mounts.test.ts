/**
 * What the caller has mounted or linked inside a granted folder: denials hold there, /proc stays
 * private, and the kernel's other file systems are not shown along with the folder they are in.
 */

import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asUser, binaryFor, callerName, callers } from "../support/paths.ts";
import { scratch } from "../support/scratch.ts";
import { named, needsRoot } from "../support/skip.ts";

const folder = scratch();
afterAll(folder.remove);
for (const name of ["granted/one", "granted/two/below", "secret/sub", "secret/disk"]) {
  mkdirSync(join(folder.path, name), { recursive: true });
}
writeFileSync(join(folder.path, "secret/sub/key"), "key\n");

/** Mounts in a namespace of its own, then runs the binary (`"$@"`) in the folder. */
function inMounts(uid: number, script: string) {
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    ["unshare", "-m", "sh", "-ec", script, "sh", ...asUser(uid), binaryFor(uid)],
    { cwd: folder.path, stdin: "ignore", timeout: 30_000 },
  );
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

const why = needsRoot("changing mounts");
const holds = (name: string, body: () => void) =>
  test.skipIf(why !== undefined)(named(name, why), body);

for (const uid of callers) {
  const run = (script: string) => inMounts(uid, script);

  describe(`as ${callerName(uid)}, a denied folder that is mounted again inside a granted one`, () => {
    holds(`the whole of it`, () => {
      const { exitCode, stdout } = run(
        'mount --bind secret granted/one; "$@" run --allow-read=granted --deny=secret -- cat granted/one/sub/key',
      );
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    });

    holds(`a part of it`, () => {
      const script = (flags: string) =>
        `mount --bind secret/sub granted/one; "$@" run --allow-read=granted ${flags} -- cat granted/one/key`;
      expect(run(script("")).stdout).toBe("key\n");
      const { stdout, stderr } = run(script("--deny=secret"));
      expect(stdout).toBe("");
      expect(stderr).toContain("Permission denied");
    });

    holds(`a part of it that is granted by its own path`, () => {
      const { exitCode, stderr } = run(
        'mount --bind secret/sub granted/one; "$@" run --allow-read=granted/one --deny=secret -- true',
      );
      expect(exitCode).toBe(255);
      expect(stderr).toContain("is a part of it");
    });

    holds(`a part of what is mounted below it`, () => {
      const script = (flags: string) =>
        `mount -t tmpfs t secret/disk; mkdir secret/disk/part; echo key > secret/disk/part/key
         mount --bind secret/disk/part granted/one
         "$@" run --allow-read=granted ${flags} -- cat granted/one/key`;
      expect(run(script("")).stdout).toBe("key\n");
      const { stdout, stderr } = run(script("--deny=secret"));
      expect(stdout).toBe("");
      expect(stderr).toContain("Permission denied");
    });

    holds(`below another mount, where nobody sees it`, () => {
      const { exitCode } = run(
        'mount --bind secret granted/one; mount -t tmpfs t granted/one; "$@" run --allow-read=granted --deny=secret -- true',
      );
      expect(exitCode).toBe(0);
    });

    holds(`below another mount on the folder above, where nobody sees it`, () => {
      const { exitCode } = run(
        'mount --bind secret granted/two/below; mount -t tmpfs t granted/two; "$@" run --allow-read=granted --deny=secret -- true',
      );
      expect(exitCode).toBe(0);
    });
  });

  describe(`as ${callerName(uid)}, the host's /proc inside a granted folder`, () => {
    for (const [name, mount] of [
      ["mounted", "mount -t proc proc granted/one"],
      ["bound", "mount --bind /proc granted/one"],
      ["bound in part", "mkdir -p granted/one/1; mount --rbind /proc/1 granted/one/1"],
    ] as const) {
      for (const grant of ["granted", "granted/one"]) {
        const read = "-- sh -c 'cat granted/one/1/comm || true'";
        holds(`${name}, ${grant} is granted`, () => {
          const result = run(`${mount}; "$@" run --allow-read=${grant} ${read}`);
          const exitCode = grant === "granted" || name === "bound in part" ? 0 : 255;
          expect(result).toMatchObject({ exitCode, stdout: "" });
        });
      }
    }

    holds(`below the baseline, without any path in the policy`, () => {
      const result = run('mount -t proc proc /usr/share; "$@" run -- ls /usr/share');
      expect(result).toMatchObject({ exitCode: 2, stdout: "" });
    });

    holds(`covered by another mount`, () => {
      const { exitCode } = run(
        'mount -t proc proc granted/one; mount -t tmpfs t granted/one; "$@" run --allow-read=granted/one -- true',
      );
      expect(exitCode).toBe(0);
    });
  });

  describe(`as ${callerName(uid)}, the kernel's file systems inside a granted folder`, () => {
    for (const [mount, file] of [
      ["mount --bind /sys granted/one", "kernel"],
      ["mount --bind /dev granted/one", "null"],
      ["mount -t devpts -o newinstance devpts granted/one", "ptmx"],
      ["mount -t mqueue mqueue granted/one", "."],
    ] as const) {
      const see = `'test -e granted/one/${file} && ls granted/one'`;
      holds(`${mount}: hidden`, () => {
        const result = run(`${mount}; "$@" run --allow-write=granted -- sh -c ${see}`);
        expect(result).toMatchObject({ exitCode: 1, stdout: "" });
      });

      holds(`${mount}: shown if it is granted by its own path`, () => {
        const { exitCode } = run(
          `${mount}; "$@" run --allow-read=granted --allow-read=granted/one -- sh -c ${see}`,
        );
        expect(exitCode).toBe(0);
      });
    }

    test("/sys is hidden in a grant of everything, and shown if it is granted", () => {
      const see = (flags: string) =>
        Bun.spawnSync([
          "sh",
          "-c",
          `"$@" run ${flags} -- ls /sys`,
          "sh",
          ...asUser(uid),
          binaryFor(uid),
        ]).stdout.toString();
      expect(see("--allow-read=/")).toBe("");
      expect(see("--allow-read=/ --allow-read=/sys")).toContain("kernel\n");
    });
  });

  describe(`as ${callerName(uid)}, the hard links of a denied file`, () => {
    const baseline =
      "mount -t tmpfs t /usr/share; mkdir /usr/share/a /usr/share/b; echo key > /usr/share/a/key; ln /usr/share/a/key /usr/share/a/near; ln /usr/share/a/key /usr/share/b/far";

    holds(`in the baseline`, () => {
      const script = (flags: string) =>
        `${baseline}; "$@" run ${flags} -- sh -c 'cd /usr/share; cat a/key; cat a/near; cat b/far; true'`;
      expect(run(script("")).stdout).toBe("key\nkey\nkey\n");
      expect(run(script("--deny=/usr/share/a/key"))).toMatchObject({ exitCode: 0, stdout: "" });
    });

    holds(`beside a mount that shows one of them again`, () => {
      const { exitCode, stdout } = run(
        `mount -t tmpfs t granted; mkdir granted/a granted/b granted/z; echo key > granted/b/key
         ln granted/b/key granted/a/link; mount --bind granted/b granted/z
         "$@" run --allow-read=granted --deny=granted/b/key -- sh -c 'cat granted/*/key granted/*/link; true'`,
      );
      expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
    });

    holds(`that a mount alone shows`, () => {
      const { exitCode, stdout } = run(
        `mount -t tmpfs t secret; mkdir secret/all secret/links; echo key > secret/all/key
         ln secret/all/key secret/links/link; mount --bind secret/links granted/one
         "$@" run --allow-read=granted --deny=secret/all/key -- sh -c 'cat granted/one/link; true'`,
      );
      expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
    });

    const unlisted =
      "mount -t tmpfs t granted; mkdir -m 711 granted/x; mkdir granted/y; echo key > granted/y/key; ln granted/y/key granted/x/link";
    // Root can list every folder.
    if (uid !== 0)
      holds(`in a folder that cannot be listed: refused`, () => {
        const { exitCode, stderr } = run(
          `${unlisted}; "$@" run --allow-read=granted --deny=granted/y/key -- true`,
        );
        expect(exitCode).toBe(255);
        expect(stderr).toContain("hard links");
      });
  });
}
