/** The flags parser: strict, complete, and helpful. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type FlagDefs, parseFlags, UsageError } from "./flags.ts";

const DEFS: FlagDefs = {
  quiet: { type: "boolean", alias: "q" },
  name: { type: "string", valueHint: "NAME" },
  path: { type: "string", list: true, valueHint: "PATH" },
  all: { type: "string", list: true, optional: true },
  file: { type: "positional" },
};

const parse = (...args: string[]) => parseFlags(args, DEFS);

describe("parseFlags", () => {
  test("switches, values, lists, positionals, rest", () => {
    const parsed = parse("a", "-q", "--name=x=y", "--path", "1,2", "--path=3", "-", "--", "--no");
    expect([...parsed.switches]).toEqual(["quiet"]);
    expect([...parsed.values]).toEqual([["name", "x=y"]]);
    expect([...parsed.lists]).toEqual([["path", ["1", "2", "3"]]]);
    expect(parsed.positionals).toEqual(["a", "-"]);
    expect(parsed.rest).toEqual(["--no"]);
  });

  test("without -- there is no rest; with it there is, though empty", () => {
    expect(parse("a").rest).toBeUndefined();
    expect(parse("--").rest).toEqual([]);
    expect(parse("--", "--").rest).toEqual(["--"]);
  });

  test("a bare optional list is empty, and takes no word after it", () => {
    const parsed = parse("--all", "word");
    expect([...parsed.lists]).toEqual([["all", []]]);
    expect(parsed.positionals).toEqual(["word"]);
  });

  test("a value may look like a flag", () => {
    expect(parse("--name", "--quiet").values.get("name")).toBe("--quiet");
    expect(parse("--name=").values.get("name")).toBe("");
  });

  test.each([
    [["--nam=x"], "unknown flag --nam; did you mean --name?"],
    [["--zzzzzzzz"], "unknown flag --zzzzzzzz"],
    [["--file=x"], "unknown flag --file"],
    [["--__proto__"], "unknown flag --__proto__"],
    [["--constructor"], "unknown flag --constructor"],
    [["-x"], "unknown flag -x"],
    [["-qq"], "unknown flag -qq"],
    [["--quiet=yes"], "--quiet takes no value"],
    [["--name"], "--name needs a value: --name=NAME"],
    [["--name=a", "--name=b"], "--name is given twice"],
    [["--path="], "--path= is empty"],
    [["--all="], "--all= is empty"],
  ])("%j is refused", (args, message) => {
    expect(() => parseFlags(args, DEFS)).toThrow(UsageError);
    expect(() => parseFlags(args, DEFS)).toThrow(message);
  });

  test("any words either parse, every one kept, or are refused as a mistake of use", () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom("--", "-", "-q", "--quiet", "--name=x", "--path=a,b", "--all", "--nope"),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (args) => {
        try {
          const parsed = parseFlags(args, DEFS);
          const { rest } = parsed;
          // What follows `--` is untouched.
          if (rest !== undefined) expect(args.slice(args.length - rest.length)).toEqual([...rest]);
          for (const positional of parsed.positionals) expect(args).toContain(positional);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
    );
  });
});
