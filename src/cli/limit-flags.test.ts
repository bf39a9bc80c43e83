/** Flags of limits to the fields of a config. */

import { describe, expect, test } from "bun:test";
import type { Request } from "../contract/request.ts";
import { mergeLimits } from "./limit-flags.ts";
import { parseRunFlags } from "./request.ts";

const merge = (words: readonly string[], extensions: Request["extensions"] = {}) =>
  mergeLimits({ extensions } as Request, parseRunFlags(words));

describe("flags of limits", () => {
  test("each sets its field, over the config's", () => {
    const words = [
      ...["--memory-mb=64", "--cpus=0.5", "--pids=20", "--open-files=64", "--file-size-mb=3"],
      ...["--disk-mb=5", "--wall-ms=6", "--cpu-ms=7", "--output-mb=8"],
    ];
    expect(merge(words, { limits: { pids: 9 } }).extensions.limits).toEqual({
      memoryMb: 64,
      cpus: 0.5,
      pids: 20,
      openFiles: 64,
      fileSizeMb: 3,
      diskMb: 5,
      wallMs: 6,
      cpuMs: 7,
      outputMb: 8,
    });
  });

  test("none of them leaves the config as it is", () => {
    const extensions = { limits: { pids: 9 } };
    expect(merge([], extensions)).toEqual({ extensions });
  });

  test("values out of the fields' bounds are refused", () => {
    for (const word of [
      "--memory-mb=3",
      "--memory-mb=1.5",
      "--memory-mb=-1",
      "--cpus=0",
      "--cpus=1e3",
      "--pids=1",
      "--wall-ms=0",
      "--cpu-ms=4294967296",
    ]) {
      expect(() => merge([word])).toThrow("is not a");
    }
  });

  test("what is required: named by flag or field, or all that is set", () => {
    const words = ["--memory-mb=64", "--cpu-ms=7"];
    expect(merge([...words, "--require-limits"]).extensions.limits?.required).toEqual([
      "memoryMb",
      "cpuMs",
    ]);
    expect(
      merge([...words, "--require-limits=cpu-ms,memoryMb"]).extensions.limits?.required,
    ).toEqual(["cpuMs", "memoryMb"]);
    expect(() => merge(["--require-limits=memory"])).toThrow("memory-mb");
  });

  test("statistics: text, or JSON where errors are", () => {
    expect(merge(["--stats"]).statistics).toBe("text");
    expect(merge(["--stats", "--json"]).statistics).toBe("json");
    expect(merge(["--stats=json"]).statistics).toBe("json");
    expect(merge(["--stats=text", "--json"]).statistics).toBe("text");
    expect(() => merge(["--stats=xml"])).toThrow("neither");
  });
});
