/** The fuzzing itself: it finds what there is to find, and runs what there is to run. */

import { expect, test } from "bun:test";
import fc from "fast-check";
import { readKept } from "./kept.ts";
import { changedTexts } from "./mutation.ts";
import { findNativeTargets } from "./natives.ts";
import { checkConfig, TEXT_TARGETS } from "./texts.ts";

test("a mistake about one word in one field is found", () => {
  const wrong = (text: string) => {
    if (/"cidr":"[^"]*4294967296/.test(text)) throw new Error("found");
  };
  const texts = TEXT_TARGETS[0]?.seeds as readonly string[];
  expect(texts.length).toBeGreaterThan(500);
  for (const text of texts) wrong(text);
  const { failed } = fc.check(fc.property(changedTexts(texts), wrong), {
    numRuns: 200_000,
    seed: 1,
  });
  expect(failed).toBe(true);
});

test("most changed configs are still JSON or nearly so: some are read, some are not", async () => {
  const texts = TEXT_TARGETS[0]?.seeds as readonly string[];
  const some = fc.sample(changedTexts(texts), { numRuns: 1000, seed: 1 });
  const valid = some.filter((text) => {
    try {
      return JSON.parse(text) !== undefined;
    } catch {
      return false;
    }
  });
  expect(valid.length).toBeGreaterThan(100);
  expect(valid.length).toBeLessThan(900);
  for (const text of valid.slice(0, 50)) await checkConfig(text);
});

test("native targets are found, one in a file", () => {
  const names = findNativeTargets().map(({ name }) => name);
  expect(names).toContain("plan_reader");
  expect(names).toContain("dns");
  expect(new Set(names).size).toBe(names.length);
});

test("kept entries belong to a target", () => {
  const names = [...TEXT_TARGETS, ...findNativeTargets()].map(({ name }) => name);
  const files = [...new Bun.Glob("*.jsonl").scanSync(`${import.meta.dir}/corpus`)];
  for (const file of files) expect(names).toContain(file.slice(0, -".jsonl".length));
  for (const name of names) for (const entry of readKept(name)) expect(typeof entry).toBe("string");
});
