/**
 * The fuzz targets in Zig: each `test "fuzz: ..."` below native/, which calls std.testing.fuzz, in a
 * program that native/build/libraries.zig names for them. A target is called as its file,
 * without the `_test` of one that holds tests alone.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { ROOT, ZIG } from "../../scripts/tools.ts";
import { readKept } from "./kept.ts";

export interface NativeTarget {
  readonly name: string;
  /** As Zig's test runner calls it. */
  readonly test: string;
}

export interface NativeRound {
  /** Runs and distinct paths of each program, as the fuzzer reports them. */
  readonly programs: readonly { readonly runs: number; readonly paths: number }[];
  readonly failure?: { readonly target?: NativeTarget; readonly input?: string };
  readonly output: string;
}

export function findNativeTargets(): readonly NativeTarget[] {
  const targets: NativeTarget[] = [];
  for (const file of new Bun.Glob("native/**/*.zig").scanSync(ROOT)) {
    const module = basename(file, ".zig");
    const name = module.replace(/_test$/, "");
    for (const [, title] of readFileSync(join(ROOT, file), "utf8").matchAll(
      /^test "(fuzz: [^"]+)"/gm,
    )) {
      targets.push({ name, test: `${module}.test.${title}` });
    }
  }
  return targets.sort((a, b) => a.name.localeCompare(b.name));
}

/** Where the fuzzer keeps what leads to new paths (lib/fuzzer.zig): files 0, 1, ... in hex. */
const STATE = join(ROOT, ".zig-cache", "f");
/** What it has seen in all runs so far, which its report counts. */
const COVERAGE = join(ROOT, ".zig-cache", "v");

function folderOf({ test }: NativeTarget): string {
  const hash = Buffer.alloc(8);
  hash.writeBigUInt64LE(Bun.hash.wyhash(test));
  return join(STATE, hash.toString("hex"));
}

/** The fuzzer starts from the kept entries and each test's own, and runs all of them first. */
export function seedNatives(targets: readonly NativeTarget[]): void {
  rmSync(STATE, { recursive: true, force: true });
  rmSync(COVERAGE, { recursive: true, force: true });
  for (const target of targets) {
    const folder = folderOf(target);
    mkdirSync(folder, { recursive: true });
    for (const [index, entry] of readKept(target.name).entries()) {
      writeFileSync(join(folder, index.toString(16)), Buffer.from(entry, "latin1"));
    }
  }
}

export function foundBy(target: NativeTarget): readonly string[] {
  const folder = folderOf(target);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => /^[0-9a-f]+$/.test(file))
    .map((file) => readFileSync(join(folder, file), "latin1"));
}

/** No input takes long, and the programs have to be compiled first. */
const ROUND_SECONDS = 1800;

/** `runs` of every target. The build's exit code does not tell whether one failed. */
export function runNatives(
  targets: readonly NativeTarget[],
  runs: number,
  seed: number,
): NativeRound {
  const crash = join(STATE, "crash");
  rmSync(crash, { force: true });
  // In a process group of its own, so that a target that hangs ends too.
  const { stdout, stderr } = Bun.spawnSync(
    [
      ...["timeout", "--kill-after=5", String(ROUND_SECONDS)],
      ...[ZIG, "build", "fuzz", `--fuzz=${runs}`, `--seed=${seed}`],
    ],
    { cwd: ROOT, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  );
  const output = `${stdout}${stderr}`;
  const programs = [...output.matchAll(/^Runs: (\d+) -> (\d+)\nUnique runs: \d+ -> (\d+)$/gm)].map(
    ([, before, after, paths]) => ({
      runs: Number(after) - Number(before),
      paths: Number(paths),
    }),
  );
  const failed = existsSync(crash) || /^(error|panic|thread \d+ panic): /m.test(output);
  if (!failed && programs.length > 0) return { programs, output };
  const name = /^error: test '(.+)' /m.exec(output)?.[1];
  const target = targets.find(({ test }) => test === name);
  return {
    programs,
    output,
    failure: {
      ...(target === undefined ? {} : { target }),
      ...(existsSync(crash) ? { input: readFileSync(crash, "latin1") } : {}),
    },
  };
}
