/** Arithmetic on paths. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ancestorsOf, depthOf, isWithin, join, normalise, parentOf, rebase } from "./paths.ts";

test.each([
  ["/", "/"],
  ["//", "/"],
  ["/a//b/", "/a/b"],
  ["/./a/./b/.", "/a/b"],
  ["/a/../b", "/a/../b"],
  ["/..", "/.."],
  ["/...", "/..."],
  ["/a/.hidden", "/a/.hidden"],
])("normalise %s", (path, plain) => expect(normalise(path)).toBe(plain));

test.each([
  ["/a", "/", true],
  ["/", "/", true],
  ["/a", "/a", true],
  ["/a/b", "/a", true],
  ["/ab", "/a", false],
  ["/a", "/a/b", false],
  ["/", "/a", false],
])("isWithin %s in %s", (path, folder, answer) => expect(isWithin(path, folder)).toBe(answer));

test.each([
  ["/a/b", "/a", "/x", "/x/b"],
  ["/a", "/a", "/x", "/x"],
  ["/a/b", "/", "/x", "/x/a/b"],
  ["/", "/", "/x", "/x"],
  ["/a/b/c", "/a/b", "/", "/c"],
  ["/a", "/a", "/", "/"],
])("rebase %s from %s to %s", (path, from, to, answer) => {
  expect(rebase(path, from, to)).toBe(answer);
});

test.each([
  ["/", [], 0, "/"],
  ["/a", ["/"], 1, "/"],
  ["/a/b/c", ["/", "/a", "/a/b"], 3, "/a/b"],
])("above %s", (path, above, depth, parent) => {
  expect(ancestorsOf(path)).toEqual(above as string[]);
  expect(depthOf(path)).toBe(depth as number);
  expect(parentOf(path)).toBe(parent as string);
});

describe("any path", () => {
  const path = fc
    .array(fc.constantFrom("a", "b", "..", "x y", "ü"), { maxLength: 6 })
    .map((parts) => `/${parts.join("/")}`);

  test("is within what it is rebased to, and comes back", () => {
    fc.assert(
      fc.property(path, path, path, (rest, from, to) => {
        const full = rest === "/" ? from : from === "/" ? rest : from + rest;
        const moved = rebase(full, from, to);
        expect(isWithin(moved, to)).toBe(true);
        expect(rebase(moved, to, from)).toBe(full);
      }),
    );
  });

  test("is its parent and its name", () => {
    fc.assert(
      fc.property(path, (one) => {
        fc.pre(one !== "/");
        expect(join(parentOf(one), one.slice(one.lastIndexOf("/") + 1))).toBe(one);
        expect(ancestorsOf(one)).toHaveLength(depthOf(one));
        expect(normalise(`${one}/./`)).toBe(one);
      }),
    );
  });
});
