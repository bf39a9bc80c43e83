/** The nearest known word. */

import { expect, test } from "bun:test";
import { nearest } from "./nearest.ts";

const KNOWN = ["process", "filesystem", "network", "version"];

test.each([
  ["proces", "process"],
  ["Process", "process"],
  ["fileSystem", "filesystem"],
  ["netwrok", "network"],
  ["verison", "version"],
  ["process", "process"],
])("%s means %s", (word, known) => expect(nearest(word, KNOWN)).toBe(known));

test.each(["", "x", "completely-other", "p"])("%p means nothing", (word) => {
  expect(nearest(word, KNOWN)).toBeUndefined();
});

test("a huge word costs nothing", () => {
  const started = performance.now();
  expect(nearest("x".repeat(1_000_000), KNOWN)).toBeUndefined();
  expect(performance.now() - started).toBeLessThan(200);
});
