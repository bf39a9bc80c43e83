/**
 * Text to Request: the contract's version first, then its generated validator, then what no schema
 * can say, then one shape for all. Explanations are loaded when there is something to explain.
 */

import { MAX_CONFIG_BYTES, parseJson, parseQuickly } from "./json.ts";
import { type Document, toRequest } from "./migrate.ts";
import { type ContractVersion, type Issue, isRolling, type Request } from "./request.ts";
import { checkMeaning } from "./semantics.ts";
import { VALIDATORS } from "./validators.generated.ts";

export { MAX_CONFIG_BYTES };

export interface ParseContext {
  readonly os: "linux" | "windows" | "macos";
}

export type ParseResult =
  | { readonly ok: true; readonly request: Request }
  | {
      readonly ok: false;
      readonly kind: "syntax" | "version" | "invalid" | "state-aware";
      readonly issues: readonly [Issue, ...Issue[]];
      /** What MXC prints after `Configuration parse error: `. */
      readonly mxcMessage: string;
    };

export async function parseRequest(text: string, context: ParseContext): Promise<ParseResult> {
  const quick = parseQuickly(text);
  if (quick !== undefined) {
    const version = versionOf(quick);
    if (typeof version === "string" && (isRolling(version) || !hasPhase(quick))) {
      if (VALIDATORS[version]?.(quick) === true)
        return conclude(quick as Document, version, context);
    }
  }
  const parsed = parseJson(text);
  if (!parsed.ok) {
    const { explainFault } = await import("./explain.ts");
    return explainFault(text, parsed.fault);
  }
  const { value, odd } = parsed.json;
  const version = versionOf(value);
  if (typeof version !== "string") return version;
  if (!isRolling(version) && hasPhase(value)) {
    const { explainPhase } = await import("./explain.ts");
    return explainPhase(value as Document);
  }
  if (VALIDATORS[version]?.(value) !== true || odd.length > 0) {
    const { explainShape } = await import("./explain.ts");
    const explained = explainShape(text, value, version, odd);
    if (explained !== undefined) return explained;
  }
  return conclude(value as Document, version, context);
}

/** A document of the right shape. */
function conclude(
  document: Document,
  version: ContractVersion,
  context: ParseContext,
): ParseResult {
  const problem = checkMeaning(document, version, context.os);
  if (problem !== undefined) {
    const { issue, mxcMessage } = problem;
    return { ok: false, kind: problem.kind ?? "invalid", issues: [issue], mxcMessage };
  }
  return { ok: true, request: toRequest(document, version) };
}

function hasPhase(value: unknown): boolean {
  return Object.hasOwn(value as object, "phase");
}

const EXACT: ReadonlySet<string> = new Set(["0.9.0-alpha", "1.0.0", "1.1.0-alpha"]);

/**
 * Exactly one of the newer names; or any semantic version 0.6 to 0.9, as the older reference reads
 * it; or none, which means the oldest shape.
 */
function versionOf(value: unknown): ContractVersion | Extract<ParseResult, { ok: false }> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuse(
      "invalid",
      { path: "", message: "a config is an object", expected: "an object" },
      "Invalid configuration: invalid type, expected struct MxcConfig",
    );
  }
  const version: unknown = Object.hasOwn(value, "version")
    ? (value as Document).version
    : undefined;
  if (version === undefined || version === null || version === "") return "0.6.0-alpha";
  if (typeof version !== "string") {
    return refuse(
      "version",
      { path: "version", message: "wrong type", expected: "a string", value: short(version) },
      `Invalid configuration at \`version\`: invalid type, expected a string`,
    );
  }
  if (EXACT.has(version)) return version as ContractVersion;
  const parts = /^(\d+)\.(\d+)\.(\d+)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/.exec(version);
  const expected = "0.6.x to 0.8.x, 0.9.0-alpha, 1.0.0 or 1.1.0-alpha";
  if (parts === null) {
    return refuse(
      "version",
      { path: "version", message: "not a version", expected, value: short(version) },
      `Invalid schema version '${version}': must be semver (e.g., 'X.Y.Z' or 'X.Y.Z-alpha')`,
    );
  }
  const [major, minor] = [Number(parts[1]), Number(parts[2])];
  if (major === 0 && minor >= 6 && minor <= 9) {
    if (minor === 6) return "0.6.0-alpha";
    return minor === 7 ? "0.7.0-alpha" : "0.8.0-alpha";
  }
  const old = major === 0 && minor < 6;
  return refuse(
    "version",
    {
      path: "version",
      message: old ? "older than any contract that mxc reads" : "not a contract that mxc reads",
      expected,
      value: short(version),
    },
    old
      ? `Config schema version '${version}' is older than supported (supported: >=0.6). Update your config.`
      : "Unsupported contract version. Registered versions are: 0.9.0-alpha, 1.0.0, 1.1.0-alpha",
  );
}

function refuse(
  kind: "version" | "invalid",
  issue: Issue,
  mxcMessage: string,
): Extract<ParseResult, { ok: false }> {
  return { ok: false, kind, issues: [issue], mxcMessage };
}

/** A value as JSON, cut for a message. */
export function short(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
