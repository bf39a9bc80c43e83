/** What is taken over of resolv.conf, and what is not. */

import { expect, test } from "bun:test";
import { parseResolver } from "./resolver.ts";

test.each([
  ["", [], []],
  ["nameserver 192.0.2.1\n", [], []],
  ["search a.test b.test\n", ["a.test", "b.test"], []],
  ["domain a.test ignored\n", ["a.test"], []],
  ["search a.test\ndomain b.test\nsearch c.test", ["c.test"], []],
  ["  search\ta.test  b.test # why\n; search c.test\n#x", ["a.test", "b.test"], []],
  ["search .\nsearch $(id) a\tb\u0007c ok.test", ["a", "ok.test"], []],
  [`search ${"a".repeat(254)} a.test`, ["a.test"], []],
  [
    "options ndots:2 trust-ad edns0\noptions timeout:1 use-vc",
    [],
    ["ndots:2", "timeout:1", "use-vc"],
  ],
  ["options ndots:x ndots:1000 attempts:2;rotate", [], ["attempts:2"]],
  ["nonsense\0\n\noptions", [], []],
] as const)("%j", (text, search, options) => {
  expect(parseResolver(text)).toEqual({ search: [...search], options: [...options] });
});
