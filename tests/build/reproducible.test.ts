/** Two builds of the same sources, in different folders and with nothing cached, are one file. */

import { afterAll, expect, test } from "bun:test";
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { sha256 } from "../../scripts/build.ts";
import { hostTarget } from "../../scripts/targets.ts";
import { repositoryRoot } from "../support/paths.ts";
import { scratch } from "../support/scratch.ts";

const folder = scratch();
afterAll(() => folder.remove());

/** What the executable is made of: the tracked files, as they are now. */
function copySources(from: string, to: string): void {
  const list = Bun.spawnSync(
    ["git", "-c", `safe.directory=${from}`, "ls-files", "-z", "--cached", "--", ...SOURCES],
    { cwd: from },
  );
  if (list.exitCode !== 0) throw new Error(list.stderr.toString());
  const files = list.stdout.toString().split("\0").filter(Boolean);
  expect(files.length).toBeGreaterThan(50);
  for (const file of files) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(from, file), join(to, file));
  }
  // What is bundled stands where it is installed: a link's target would be in the chunks' names.
  for (const name of BUNDLED) {
    const path = join("node_modules", name);
    cpSync(join(from, path), join(to, path), { recursive: true, dereference: true });
  }
  symlinkSync(join(from, ".tools"), join(to, ".tools"));
}

const BUNDLED = ["@sinclair/typebox", "citty"];

const SOURCES = [
  "build.zig",
  "native",
  "src",
  "schemas",
  "scripts",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "bunfig.toml",
];

function build(root: string): string {
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, "scripts/build.ts"], {
    cwd: root,
    stdin: "ignore",
  });
  if (exitCode !== 0) throw new Error(stderr.toString());
  return join(root, "dist", hostTarget().file);
}

test("byte for byte", () => {
  const first = join(folder.path, "first");
  const second = join(folder.path, "another folder", "second");
  copySources(repositoryRoot, first);
  mkdirSync(dirname(second));
  cpSync(first, second, { recursive: true, verbatimSymlinks: true });
  const builds = [build(first), build(second)] as const;
  const [one, two] = builds.map((path) => readFileSync(path)) as [Buffer, Buffer];
  const differs = one.findIndex((byte, at) => byte !== two[at]);
  expect(differs).toBe(-1);
  expect(sha256(builds[0])).toBe(sha256(builds[1]));
  // Nor does it say where it was built.
  expect(one.includes(folder.path)).toBe(false);
}, 600_000);
