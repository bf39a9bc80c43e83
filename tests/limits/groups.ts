/** The control groups of this host, as the tests of limits ask for them. */

import { readdirSync } from "node:fs";
import { asUser, binaryFor } from "../support/paths.ts";

/** The controllers that a sandbox of this user gets a group for: what the plan says. */
export function groupsHere(uid: number): ReadonlySet<string> {
  const flags = ["--memory-mb=64", "--pids=400", "--cpu-ms=1000"];
  const words = [...asUser(uid), binaryFor(uid), "plan", ...flags, "--", "/bin/true"];
  const { stdout } = Bun.spawnSync(words, { cwd: "/" });
  const lines = stdout.toString().split("\n");
  return new Set(
    lines.flatMap((line) => {
      const names = /control group \(version \d\) for (.+) in /.exec(line)?.[1];
      return names === undefined ? [] : names.split(", ");
    }),
  );
}

/** Folders anywhere among the control groups that a sandbox made. */
export function ownGroups(): readonly string[] {
  const walk = (folder: string): readonly string[] => {
    try {
      return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        if (!entry.isDirectory()) return [];
        const path = `${folder}/${entry.name}`;
        return /^mxc-\d+-\d+-/.test(entry.name) ? [path] : walk(path);
      });
    } catch {
      return []; // gone since it was listed
    }
  };
  return walk("/sys/fs/cgroup");
}
