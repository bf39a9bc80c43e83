/** Being in a chroot, as mountinfo shows it. */

import { expect, test } from "bun:test";
import { chrootOf } from "./doctor.ts";

const ROOT = "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw";
const PROC = "23 22 0:20 / /proc rw - proc proc rw";
const BOUND = "40 22 254:0 /jail /srv/jail rw - ext4 /dev/vda rw";

test.each([
  ["none", [ROOT, PROC], [ROOT, PROC], undefined],
  ["a folder", ["23 22 0:20 / /proc rw - proc proc rw"], [ROOT, PROC], ""],
  ["a mount", ["40 22 254:0 /jail / rw - ext4 /dev/vda rw"], [ROOT, PROC, BOUND], "/srv/jail"],
  ["one mount over another", [ROOT, "41 22 0:9 / / rw - tmpfs none rw"], [ROOT], undefined],
  ["another mount namespace", ["90 1 0:7 / / rw - overlay overlay rw"], [ROOT], undefined],
  ["nobody else known", [ROOT], [], undefined],
])("%s", (_, own, outer, folder) => {
  const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
  expect(chrootOf(text(own), ["", text(own), text(outer)])).toBe(folder as never);
});
