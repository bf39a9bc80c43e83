/**
 * `npm run fuzz [-- --seconds=N] [--only=NAME]`: hostile bytes into whatever reads some. For N
 * seconds each (60), the text targets one after the other and the native ones together, from the
 * entries kept below tests/fuzz/corpus; what leads to a new path of a native target is kept there,
 * and so is what fails. `--runs=N`: so many inputs each, the same every time, and nothing is kept.
 */

import fc from "fast-check";
import { keep, keepFailure, readKept } from "../tests/fuzz/kept.ts";
import { changedTexts } from "../tests/fuzz/mutation.ts";
import {
  findNativeTargets,
  foundBy,
  type NativeTarget,
  runNatives,
  seedNatives,
} from "../tests/fuzz/natives.ts";
import { TEXT_TARGETS, type TextTarget } from "../tests/fuzz/texts.ts";
import { say } from "./tools.ts";

interface Extent {
  /** Absent: for so many seconds. */
  readonly runs?: number;
  readonly seconds: number;
  readonly seed: number;
}

/** Of each native target and round: seconds of work. */
const ROUND_RUNS = 50_000;

const options = parseOptions(process.argv.slice(2));
const runs = options.get("runs");
const extent: Extent = {
  ...(runs === undefined ? {} : { runs: wholeNumber("runs", runs) }),
  seconds: wholeNumber("seconds", options.get("seconds") ?? "60"),
  seed: runs === undefined ? Date.now() >>> 0 : 1,
};
const only = options.get("only");
const isWanted = ({ name }: { readonly name: string }) => only === undefined || name === only;

const texts = TEXT_TARGETS.filter(isWanted);
const natives = findNativeTargets();
if (texts.length === 0 && !natives.some(isWanted)) {
  const names = [...TEXT_TARGETS, ...natives].map(({ name }) => name);
  throw new Error(`no target ${only}; there are ${names.join(", ")}`);
}
let failed = false;
for (const target of texts) failed = !(await fuzzText(target)) || failed;
// They are driven together, by one fuzzer per program.
if (natives.some(isWanted)) failed = !fuzzNatives(natives) || failed;
process.exit(failed ? 1 : 0);

async function fuzzText({ name, seeds, check }: TextTarget): Promise<boolean> {
  const kept = readKept(name);
  const all = [...kept, ...seeds];
  for (const text of all) {
    try {
      await check(text);
    } catch (error) {
      return failText(name, text, error);
    }
  }
  const result = await fc.check(
    fc.asyncProperty(changedTexts(all), async (text) => check(text)),
    {
      seed: extent.seed,
      ...(extent.runs === undefined
        ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: extent.seconds * 1000 }
        : { numRuns: extent.runs }),
    },
  );
  if (result.counterexample !== null) {
    return failText(name, result.counterexample[0], result.errorInstance);
  }
  say(`${name}: ${all.length} entries and ${result.numRuns} changed ones, none fails`);
  return true;
}

function failText(name: string, text: string, error: unknown): false {
  return fail(name, text, String(error));
}

function fail(name: string, entry: string | undefined, why: string): false {
  say(`${name} fails: ${why}`);
  if (entry === undefined) return false;
  say(`for ${JSON.stringify(entry)}`);
  if (extent.runs === undefined) keepFailure(name, entry);
  return false;
}

function fuzzNatives(targets: readonly NativeTarget[]): boolean {
  seedNatives(targets);
  const end = Date.now() + extent.seconds * 1000;
  let seed = extent.seed;
  let total = 0;
  let paths = 0;
  do {
    const round = runNatives(targets, extent.runs ?? ROUND_RUNS, seed);
    if (round.failure !== undefined) {
      const { target, input } = round.failure;
      return fail(target?.name ?? "natives", input, round.output);
    }
    total += round.programs.reduce((sum, program) => sum + program.runs, 0);
    paths = round.programs.reduce((sum, program) => sum + program.paths, 0);
    seed += 1;
  } while (extent.runs === undefined && Date.now() < end);
  say(
    `${targets.map(({ name }) => name).join(", ")}: ${total} inputs on ${paths} paths, none fails`,
  );
  if (extent.runs !== undefined) return true;
  for (const target of targets) {
    const count = keep(target.name, foundBy(target));
    if (count > 0) say(`${target.name}: ${count} entries more are kept`);
  }
  return true;
}

function parseOptions(words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    words.map((word) => {
      const [, name, value] = /^--(seconds|runs|only)=(.+)$/.exec(word) ?? [];
      if (name === undefined || value === undefined) {
        throw new Error(`${word} is none of --seconds=N, --runs=N, --only=NAME`);
      }
      return [name, value];
    }),
  );
}

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name}=${text} is not a whole number`);
  return Number(text);
}
