/** Whatever comes in, there is a Request or a reason with a place. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type ParseResult, parseRequest } from "./parse.ts";
import { CONTRACT_VERSIONS } from "./request.ts";

const parse = (text: string) => parseRequest(text, { os: "linux" });

function checkAnswer(result: ParseResult): void {
  if (result.ok) {
    expect(CONTRACT_VERSIONS).toContain(result.request.version);
    if (result.request.process.command.kind === "shell") {
      expect(result.request.process.command.commandLine).not.toBe("");
    }
    return;
  }
  expect(result.issues.length).toBeGreaterThan(0);
  expect(result.mxcMessage).not.toBe("");
  expect(JSON.stringify(result)).not.toContain("undefined");
  for (const issue of result.issues) {
    expect(issue.message).not.toBe("");
    if (issue.line !== undefined) expect(issue.column).toBeGreaterThan(0);
  }
}

const VALID = {
  version: "1.0.0",
  containment: "process",
  lifecycle: { destroyOnExit: true, preservePolicy: false },
  process: { commandLine: "true", cwd: "/", env: ["A=1"], timeout: 5, inheritDefaultEnv: true },
  filesystem: { readonlyPaths: ["/a"], readwritePaths: ["/b"], deniedPaths: ["/c"] },
  network: {
    egress: { default: "deny", deny: [{ to: [{ cidr: "10.0.0.0/8" }], ports: [{ port: 1 }] }] },
    ingress: { default: "deny", hostLoopback: "deny" },
  },
  extensions: { limits: { pids: 10, diskMb: 5 } },
};

const versions = fc.constantFrom<unknown>(
  ...CONTRACT_VERSIONS,
  undefined,
  null,
  "",
  "0.6.5",
  "2",
  1,
);

/** Every place in a document, as keys from the top. */
function places(value: unknown, path: readonly (string | number)[] = []): (string | number)[][] {
  const own = [[...path]];
  if (Array.isArray(value))
    return [...own, ...value.flatMap((item, at) => places(item, [...path, at]))];
  if (typeof value !== "object" || value === null) return own;
  return [...own, ...Object.entries(value).flatMap(([key, item]) => places(item, [...path, key]))];
}

function replaced(value: unknown, path: readonly (string | number)[], by: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  const copy = structuredClone(value) as Record<string | number, unknown>;
  const inner = replaced(copy[key], rest, by);
  if (inner === undefined) delete copy[key];
  else copy[key] = inner;
  return copy;
}

describe("never throws", () => {
  test("any text", async () => {
    await fc.assert(fc.asyncProperty(fc.string(), async (text) => checkAnswer(await parse(text))));
  });

  test("any JSON under any version", async () => {
    await fc.assert(
      fc.asyncProperty(versions, fc.object({ maxDepth: 4 }), async (version, rest) => {
        checkAnswer(await parse(JSON.stringify({ version, ...rest })));
      }),
      { numRuns: 500 },
    );
  });

  test("a valid config with any one place replaced or removed", async () => {
    const junk = fc.oneof(
      fc.constantFrom<unknown>(
        undefined,
        null,
        "",
        0,
        -1,
        1.5,
        2 ** 32,
        true,
        [],
        {},
        [null],
        "\0",
      ),
      fc.jsonValue(),
    );
    await fc.assert(
      fc.asyncProperty(
        versions,
        fc.constantFrom(...places(VALID)),
        junk,
        async (version, at, by) => {
          const document = replaced({ ...VALID, version }, at, by);
          checkAnswer(await parse(JSON.stringify(document) ?? ""));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("a valid config with any character changed", async () => {
    const text = JSON.stringify(VALID);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(text.length),
        fc.nat(3),
        fc.string({ maxLength: 2 }),
        async (at, cut, by) => {
          checkAnswer(await parse(text.slice(0, at) + by + text.slice(at + cut)));
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("what is read", () => {
  test("the whole document", async () => {
    const result = await parse(JSON.stringify(VALID));
    expect(result).toMatchObject({
      ok: true,
      request: {
        version: "1.0.0",
        process: {
          command: { kind: "shell", commandLine: "true" },
          cwd: "/",
          env: ["A=1"],
          inheritDefaultEnv: true,
          timeoutMs: 5,
        },
        filesystem: { readonlyPaths: ["/a"], readwritePaths: ["/b"], deniedPaths: ["/c"] },
        network: { kind: "directional", egress: { default: "deny" } },
        extensions: { limits: { pids: 10, diskMb: 5 } },
      },
    });
  });

  test("an unknown field is refused at every level", async () => {
    for (const at of places(VALID)) {
      const inner = at.reduce<unknown>((value, key) => (value as never)[key], VALID);
      if (typeof inner !== "object" || inner === null || Array.isArray(inner)) continue;
      const document = replaced(VALID, at, { ...inner, surprise: 1 });
      const result = await parse(JSON.stringify(document));
      expect([at, result.ok]).toEqual([at, false]);
      if (!result.ok) expect(result.issues[0].path).toEndWith("surprise");
    }
  });

  test.each([
    ["0.6.0", "0.6.0-alpha"],
    ["0.6.99-beta.1+build", "0.6.0-alpha"],
    ["0.7.3", "0.7.0-alpha"],
    ["0.8.1", "0.8.0-alpha"],
    ["0.9.0", "0.8.0-alpha"],
    ["0.9.0-alpha", "0.9.0-alpha"],
    ["1.0.0", "1.0.0"],
    ["1.1.0-alpha", "1.1.0-alpha"],
  ])("version %s is %s", async (version, contract) => {
    const result = await parse(JSON.stringify({ version, process: { commandLine: "true" } }));
    expect(result.ok && result.request.version).toBe(contract as never);
  });

  test.each([
    "0.5.0",
    "0.10.0",
    "1.0.1",
    "1.1.0",
    "2.0.0",
    "1",
    "v1.0.0",
    " 1.0.0",
    "1.0.0\n",
    "latest",
  ])("version %j is none", async (version) => {
    const result = await parse(JSON.stringify({ version, process: { commandLine: "true" } }));
    expect(result.ok ? "ok" : result.kind).toBe("version");
  });
});
