/** The same verdicts as the engine, and what is refused on top; bounds and places. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { MAX_CONFIG_BYTES, MAX_DEPTH, parseJson, parseQuickly, positionOf } from "./json.ts";

function fault(text: string) {
  const result = parseJson(text);
  if (result.ok) throw new Error(`accepted: ${text.slice(0, 80)}`);
  return { ...result.fault, ...positionOf(text, result.fault.offset) };
}

function value(text: string): unknown {
  const result = parseJson(text);
  if (!result.ok) throw new Error(result.fault.message);
  return result.json.value;
}

describe("what JSON.parse takes, parseJson takes, and gives the same", () => {
  test("any value", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        expect(value(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  test("any text: the same verdict, and never a throw", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...'{}[]:,"\\ue1.-+ tn\n\ufeff') }),
      fc.json().chain((json) => fc.nat(json.length).map((cut) => json.slice(0, cut))),
    );
    fc.assert(
      fc.property(text, (some) => {
        let valid = true;
        try {
          JSON.parse(some);
        } catch {
          valid = false;
        }
        const result = parseJson(some);
        // A key that stands twice is the one thing that is refused on top.
        if (result.ok) expect(valid).toBe(true);
        else if (result.fault.kind === "syntax") {
          expect(valid).toBe(false);
          expect(result.fault.offset).toBeLessThanOrEqual(some.length);
        } else expect(["duplicate", "depth"]).toContain(result.fault.kind);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("faults and their places", () => {
  test.each([
    ["", 1, 1],
    ["   ", 1, 4],
    ["{", 1, 2],
    ['{"a"}', 1, 5],
    ['{"a":}', 1, 6],
    ['{"a":1,}', 1, 8],
    ["[1,]", 1, 4],
    ["[1 2]", 1, 4],
    ['{\n "a": 1\n "b": 2}', 3, 2],
    ['{"a": tru}', 1, 7],
    ['{"a": 01}', 1, 8],
    ['{"a": +1}', 1, 7],
    ['{"a": "\n"}', 1, 7],
    ['{"a": "\\x"}', 1, 7],
    ["{} {}", 1, 4],
    ["\ufeff{}", 1, 1],
    ["{a:1}", 1, 2],
    ["[\r\n\t]x", 2, 3],
  ])("%j", (text, line, column) => {
    expect(fault(text)).toMatchObject({ kind: "syntax", line, column });
  });
});

describe("keys that stand twice", () => {
  test.each([
    ['{"a":1,"a":2}', "a", 8],
    ['{"a":1,"\\u0061":2}', "a", 8],
    ['{"b":{"a":1},"c":[{"a":1},{"a":1,"x":"a","a":3}]}', "a", 42],
    ['{"":1,"":2}', "", 7],
    ['{"__proto__":1,"__proto__":2}', "__proto__", 16],
    ['{"a\\"b":1,"a\\"b":2}', 'a"b', 11],
  ])("%s", (text, key, column) => {
    expect(fault(text)).toMatchObject({ kind: "duplicate", key, column });
  });

  test.each([
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":1}]',
    '{"a":"a","b":"a"}',
    '{"a":["a","a"],"b":"b"}',
    '{"a\\\\":1,"a":2}',
    '{"constructor":1,"toString":2}',
  ])("%s is fine", (text) => expect(value(text)).toEqual(JSON.parse(text)));

  test("__proto__ is a key like any other", () => {
    const parsed = value('{"__proto__":{"polluted":true}}') as object;
    expect(Object.keys(parsed)).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

test("numbers that are not plain integers are marked", () => {
  const odd = (text: string) => {
    const result = parseJson(text);
    return result.ok ? result.json.odd : undefined;
  };
  expect(odd('{"a":1,"b":[10,0]}')).toEqual([]);
  expect(odd('["1.5","-1","1e5",true,false]')).toEqual([]);
  expect(odd("[1.0]")).toEqual([2]);
  expect(odd("[-1]")).toEqual([1]);
  expect(odd("[1e2]")).toEqual([2]);
  expect(odd("[1E2]")).toEqual([2]);
});

describe("bounds", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

  test("depth", () => {
    expect(parseJson(nested(MAX_DEPTH)).ok).toBe(true);
    expect(fault(nested(MAX_DEPTH + 1))).toMatchObject({ kind: "depth", offset: MAX_DEPTH });
    expect(fault("[".repeat(100_000)).kind).toBe("depth");
    expect(fault('{"a":'.repeat(100_000)).kind).toBe("depth");
    // Brackets in a text are none.
    expect(parseJson(JSON.stringify("[".repeat(1000))).ok).toBe(true);
  });

  test("size: refused before anything is looked at", () => {
    const started = performance.now();
    expect(fault(" ".repeat(100 * 1024 * 1024)).kind).toBe("size");
    expect(performance.now() - started).toBeLessThan(500);
    expect(parseJson(`"${"x".repeat(MAX_CONFIG_BYTES - 2)}"`).ok).toBe(true);
    expect(fault(`"${"x".repeat(MAX_CONFIG_BYTES - 1)}"`).kind).toBe("size");
  });

  test.each([
    ["quotes", '"'.repeat(MAX_CONFIG_BYTES)],
    ["backslashes", `"${"\\".repeat(MAX_CONFIG_BYTES - 2)}`],
    ["backslashes and quotes", `"${'\\"'.repeat(MAX_CONFIG_BYTES / 2 - 1)}`],
    ["a text without an end", `"${"x".repeat(MAX_CONFIG_BYTES - 1)}`],
    ["minus signs", "-".repeat(MAX_CONFIG_BYTES)],
    ["digits", "1".repeat(MAX_CONFIG_BYTES)],
    ["many keys", `{${Array.from({ length: 100_000 }, (_, index) => `"${index}":1`).join()}`],
    ["spaces", " ".repeat(MAX_CONFIG_BYTES)],
  ])("a MiB of %s takes no time to speak of", (_, text) => {
    const started = performance.now();
    parseJson(text.slice(0, MAX_CONFIG_BYTES));
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe("long texts, read quickly", () => {
  /** Long enough, by an innocent member. */
  const long = (member: string, space = "") =>
    `{${space}"pad":${space}[${'"xxxxxxxx",'.repeat(2000)}1],${space}${member}}`;

  test.each(['"a":1', '"a":{"b":[1,2,{"c":null}]}', '"a":"b c: d"', '"a":1.5', '"a":-1'])(
    "%s",
    (member) => {
      for (const space of ["", " ", "\n\t", "\r\n  "]) {
        const text = long(member, space);
        expect(parseQuickly(text)).toEqual(value(text));
      }
    },
  );

  test.each([
    '"a":1,"a":2',
    '"a":{"b":1,"b":1}',
    '"a" : 1,"a" : 1',
    '"a":1.0',
    '"a":1e3',
    '"a":1e30',
    '"a":-0',
    '"a":"\\u0062"',
    '"a":"\\":1"',
    '"_comment":1',
    '"experimental":{}',
    '"a":1,',
    '"a":01',
    '"2":1,"1":2',
  ])("%s is left to the other reader", (member) => {
    expect(parseQuickly(long(member))).toBeUndefined();
  });

  test("short ones are", () => expect(parseQuickly('{"a":1}')).toBeUndefined());

  test("whatever is read, the other reader reads too, and finds nothing odd but signs and points", () => {
    const piece = fc.constantFrom(
      ...[
        '"a"',
        '"b"',
        ":",
        ",",
        "{",
        "}",
        "[",
        "]",
        "1",
        "-0",
        "1.0",
        "1e2",
        " ",
        "\n",
        '"\\"',
        "null",
      ],
    );
    let read = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
          fc.json().map((text) => `"c":${text}`),
          fc.tuple(fc.integer(), fc.integer()).map(([a, b]) => `"a":${a},"b":${b}`),
        ),
        (member) => {
          const text = long(member);
          const quick = parseQuickly(text);
          if (quick === undefined) return;
          read += 1;
          const slow = parseJson(text);
          if (!slow.ok) throw new Error(`${member}: ${slow.fault.message}`);
          expect(quick).toEqual(slow.json.value as never);
          for (const offset of slow.json.odd) expect(text[offset]).toMatch(/[-.e]/);
        },
      ),
      { numRuns: 3000 },
    );
    expect(read).toBeGreaterThan(100);
  });
});
