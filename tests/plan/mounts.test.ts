/** What the caller has mounted inside a granted folder: denials hold there, /proc stays private. */

import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryFor, isRoot } from "../support/paths.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch();
afterAll(folder.remove);
for (const name of ["granted/one", "secret/sub"]) {
  mkdirSync(join(folder.path, name), { recursive: true });
}
writeFileSync(join(folder.path, "secret/sub/key"), "key\n");

/** Mounts in a namespace of its own, then runs the binary (`$0`) in the folder. */
function inMounts(script: string) {
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    ["unshare", "-m", "sh", "-ec", script, binaryFor(0)],
    { cwd: folder.path, stdin: "ignore", timeout: 30_000 },
  );
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

const why = isRoot() ? "" : " (skipped: mounts need root)";
const holds = isRoot() ? test : test.skip;

describe("a denied folder that is mounted again inside a granted one", () => {
  holds(`the whole of it${why}`, () => {
    const { exitCode, stdout } = inMounts(
      'mount --bind secret granted/one; "$0" run --allow-read=granted --deny=secret -- cat granted/one/sub/key',
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  });

  holds(`a part of it${why}`, () => {
    const { stdout } = inMounts(
      'mount --bind secret/sub granted/one; "$0" run --allow-read=granted --deny=secret -- cat granted/one/key',
    );
    expect(stdout).toBe("");
  });

  holds(`below another mount, where nobody sees it${why}`, () => {
    const { exitCode } = inMounts(
      'mount --bind secret granted/one; mount -t tmpfs t granted/one; "$0" run --allow-read=granted --deny=secret -- true',
    );
    expect(exitCode).toBe(0);
  });
});

describe("the host's /proc inside a granted folder", () => {
  for (const [name, mount] of [
    ["mounted", "mount -t proc proc granted/one"],
    ["bound", "mount --bind /proc granted/one"],
  ] as const) {
    for (const grant of ["granted", "granted/one"]) {
      holds(`${name}, ${grant} is granted${why}`, () => {
        const { stdout } = inMounts(
          `${mount}; "$0" run --allow-read=${grant} -- sh -c 'cat granted/one/1/comm || true'`,
        );
        expect(stdout).toBe("");
      });
    }
  }
});
