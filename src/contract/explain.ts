/** Why a config was refused, in words and with its place. Loaded only then. */

import type { TSchema } from "@sinclair/typebox";
import { type JsonFault, positionOf } from "./json.ts";
import type { Document } from "./migrate.ts";
import { nearest } from "./nearest.ts";
import { type ParseResult, short } from "./parse.ts";
import { type ContractVersion, type Issue, isRolling } from "./request.ts";
import { SCHEMAS } from "./schemas.ts";

type Refused = Extract<ParseResult, { ok: false }>;

export function explainFault(text: string, fault: JsonFault): Refused {
  const { line, column } = positionOf(text, fault.offset);
  const place = `at line ${line} column ${column}`;
  const messages: Record<JsonFault["kind"], readonly [string, string]> = {
    syntax: ["this is not JSON", `Invalid JSON syntax: ${fault.message} ${place}`],
    duplicate: [
      `'${fault.key}' stands twice in one object`,
      `Invalid configuration: duplicate field \`${fault.key}\` ${place}`,
    ],
    depth: [
      `the config is ${fault.message}`,
      `Invalid JSON syntax: recursion limit exceeded ${place}`,
    ],
    size: [`the config is ${fault.message}`, `Invalid configuration: ${fault.message}`],
  };
  const [message, mxcMessage] = messages[fault.kind];
  const detail =
    fault.kind === "syntax" ? `${message}: unexpected ${describeAt(text, fault.offset)}` : message;
  return {
    ok: false,
    kind: "syntax",
    issues: [{ path: "", message: detail, line, column }],
    mxcMessage,
  };
}

function describeAt(text: string, offset: number): string {
  if (offset >= text.length) return "end of text";
  if (text.charCodeAt(offset) === 0xfeff) return "byte order mark";
  return short(text.slice(offset, offset + 12));
}

/** MXC's executor for Linux runs no lifecycle requests; it still says what is wrong with one. */
export function explainPhase(document: Document): Refused {
  const { phase } = document as { readonly phase: unknown };
  const refuse = (path: string, message: string, mxcMessage: string): Refused => ({
    ok: false,
    kind: "state-aware",
    issues: [{ path, message, ...(path === "phase" ? { value: short(phase) } : {}) }],
    mxcMessage,
  });
  if (typeof phase !== "string") {
    return refuse(
      "phase",
      "wrong type: expected a string",
      "malformed_request: Invalid phase declaration: invalid type, expected a string",
    );
  }
  if (!["provision", "start", "exec", "stop", "deprovision"].includes(phase)) {
    return refuse("phase", "no such phase", "malformed_request: Unsupported phase");
  }
  if (phase === "provision") {
    if (document.containment === undefined) {
      return refuse(
        "containment",
        "is required",
        "malformed_request: Invalid provision containment declaration: missing field `containment`",
      );
    }
    if (!["isolation_session", "wslc", "windows_sandbox"].includes(String(document.containment))) {
      return refuse(
        "containment",
        "cannot be provisioned",
        "malformed_request: Unsupported containment for provision phase",
      );
    }
  } else if (typeof document.sandboxId !== "string") {
    return refuse(
      "sandboxId",
      "is required",
      `malformed_request: Invalid ${phase} request: Invalid configuration: missing field \`sandboxId\``,
    );
  }
  return refuse(
    "phase",
    "this is a state-aware lifecycle request; only one-shot requests are run",
    "expected a one-shot request, got a state-aware lifecycle request",
  );
}

/** What is wrong with a document's shape; undefined if only `odd` numbers stand where any may. */
export function explainShape(
  text: string,
  value: unknown,
  version: ContractVersion,
  odd: readonly number[],
): Refused | undefined {
  const issues: Issue[] = [];
  walk(SCHEMAS[version], value, "", issues);
  const spots = locate(text);
  for (const offset of odd) {
    const spot = spots.find((candidate) => candidate.start <= offset && offset < candidate.end);
    if (spot === undefined || !isInteger(SCHEMAS[version], spot.keys)) continue;
    if (issues.some((issue) => issue.path === spot.path)) continue;
    issues.push({
      path: spot.path,
      message: "wrong type",
      expected: "a whole number",
      value: text.slice(spot.start, spot.end),
    });
  }
  const placed = issues.map((issue) => {
    const spot = spots.find((candidate) => candidate.path === issue.path);
    return spot === undefined ? issue : { ...issue, ...positionOf(text, spot.start) };
  });
  const [first, ...rest] = placed;
  if (first === undefined) return undefined;
  const { path, message, expected, line, column } = first;
  const where = path === "" ? "" : ` at \`${path}\``;
  const reason = expected === undefined ? message : `${message}, expected ${expected}`;
  const place = line === undefined ? "" : ` at line ${line} column ${column}`;
  const prefix = isRolling(version) ? "" : "Invalid one-shot request: ";
  return {
    ok: false,
    kind: "invalid",
    issues: [first, ...rest],
    mxcMessage: `${prefix}Invalid configuration${where}: ${reason}${place}`,
  };
}

/** At most so many issues: a hostile config has no end of them. */
const MAX_ISSUES = 20;

function walk(schema: TSchema, value: unknown, path: string, issues: Issue[]): void {
  if (issues.length >= MAX_ISSUES) return;
  const wrong = (expected: string) =>
    issues.push({ path, message: "wrong type", expected, value: short(value) });
  if (Array.isArray(schema.anyOf)) {
    // A type or null.
    if (value !== null) walk(schema.anyOf[0], value, path, issues);
    return;
  }
  if (schema.const !== undefined) {
    if (value !== schema.const) wrong(JSON.stringify(schema.const));
    return;
  }
  switch (schema.type) {
    case "object":
      return walkObject(schema, value, path, issues);
    case "array":
      if (!Array.isArray(value)) {
        wrong("an array");
        return;
      }
      if (value.length < (schema.minItems ?? 0)) {
        issues.push({ path, message: "the array must not be empty" });
      }
      for (const [index, item] of value.entries())
        walk(schema.items, item, `${path}[${index}]`, issues);
      return;
    case "string":
      if (typeof value !== "string")
        wrong(Array.isArray(schema.enum) ? `one of ${schema.enum.join(", ")}` : "a string");
      else if (Array.isArray(schema.enum) && !schema.enum.includes(value)) {
        const near = nearest(value, schema.enum);
        issues.push({
          path,
          message: "unknown value",
          expected: `one of ${schema.enum.join(", ")}`,
          value: short(value),
          ...(near === undefined ? {} : { nearest: near }),
        });
      } else if (value.length < (schema.minLength ?? 0)) {
        issues.push({ path, message: "string must not be empty" });
      }
      return;
    case "boolean":
      if (typeof value !== "boolean") wrong("true or false");
      return;
    case "integer":
      if (typeof value !== "number" || !Number.isInteger(value)) wrong("a whole number");
      else if (value < schema.minimum || (schema.maximum !== undefined && value > schema.maximum)) {
        const range =
          schema.maximum === undefined
            ? `at least ${schema.minimum}`
            : `${schema.minimum} to ${schema.maximum}`;
        issues.push({ path, message: "out of range", expected: range, value: short(value) });
      }
      return;
    default: // anything
  }
}

function walkObject(schema: TSchema, value: unknown, path: string, issues: Issue[]): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    issues.push({ path, message: "wrong type", expected: "an object", value: short(value) });
    return;
  }
  const known = Object.keys(schema.properties);
  const at = (name: string) => (path === "" ? name : `${path}.${name}`);
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) issues.push({ path: at(name), message: "is required" });
  }
  for (const [name, member] of Object.entries(value)) {
    if (Object.hasOwn(schema.properties, name)) {
      walk(schema.properties[name], member, at(name), issues);
    } else if (schema.additionalProperties === false && issues.length < MAX_ISSUES) {
      const near = nearest(name, known);
      issues.push({
        path: at(name),
        message: "unknown field",
        expected: known.length > 0 ? `one of ${known.join(", ")}` : "no field here",
        ...(near === undefined ? {} : { nearest: near }),
      });
    }
  }
}

/** Whether the schema takes an integer at this place. */
function isInteger(schema: TSchema, keys: readonly (string | number)[]): boolean {
  let at: TSchema | undefined = schema;
  for (const key of keys) {
    if (at === undefined) return false;
    const inner: TSchema = Array.isArray(at.anyOf) ? at.anyOf[0] : at;
    at = typeof key === "number" ? inner.items : inner.properties?.[key];
  }
  const last = Array.isArray(at?.anyOf) ? at.anyOf[0] : at;
  return last?.type === "integer";
}

interface Spot {
  readonly path: string;
  readonly keys: readonly (string | number)[];
  readonly start: number;
  readonly end: number;
}

/** Where each value of a text that is JSON stands, innermost first. */
function locate(text: string): readonly Spot[] {
  const spots: Spot[] = [];
  let at = 0;
  const space = () => {
    while (" \t\n\r".includes(text[at] ?? "x")) at += 1;
  };
  const literal = (): string => {
    const start = at;
    for (at += 1; text[at] !== '"'; at += 1) if (text[at] === "\\") at += 1;
    at += 1;
    return text.slice(start, at);
  };
  const value = (keys: readonly (string | number)[], path: string): void => {
    space();
    const start = at;
    if (text[at] === "{") {
      at += 1;
      for (space(); text[at] !== "}"; space()) {
        if (text[at] === ",") at += 1;
        space();
        const key: string = JSON.parse(literal());
        space();
        at += 1; // the colon
        value([...keys, key], path === "" ? key : `${path}.${key}`);
      }
      at += 1;
    } else if (text[at] === "[") {
      at += 1;
      let index = 0;
      for (space(); text[at] !== "]"; space()) {
        if (text[at] === ",") at += 1;
        value([...keys, index], `${path}[${index}]`);
        index += 1;
      }
      at += 1;
    } else if (text[at] === '"') {
      literal();
    } else {
      while (at < text.length && !" \t\n\r,]}".includes(text[at] as string)) at += 1;
    }
    spots.push({ path, keys, start, end: at });
  };
  value([], "");
  return spots;
}
