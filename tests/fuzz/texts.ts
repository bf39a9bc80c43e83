/** The fuzz targets that take a text: what each does with it, and throws where that is wrong. */

import { isDeepStrictEqual } from "node:util";
import { parseJson, parseQuickly } from "../../src/contract/json.ts";
import { type ParseResult, parseRequest } from "../../src/contract/parse.ts";
import { toPolicy } from "../../src/policy/to-policy.ts";
import { corpus } from "../contract/corpus.ts";

export interface TextTarget {
  readonly name: string;
  /** Texts to start from, beside the kept ones. */
  readonly seeds: readonly string[];
  readonly check: (text: string) => Promise<void> | void;
}

const configs = corpus().map(({ text }) => text);

export const TEXT_TARGETS: readonly TextTarget[] = [
  { name: "json", seeds: configs, check: checkJson },
  { name: "config", seeds: configs, check: checkConfig },
];

/** Long enough to be read quickly (src/contract/json.ts). */
const PADDING = " ".repeat(16 * 1024);

/** Of one text; thousands of times what it takes. */
const SLOW_MS = 5000;

/** The engine's verdict and value, but for what is refused on top; the quick reader's are the same. */
export function checkJson(text: string): void {
  let native: { readonly value: unknown } | undefined;
  try {
    native = { value: JSON.parse(text) };
  } catch {}
  const own = parseJson(text);
  if (own.ok) {
    if (native === undefined) throw new Error("takes what is not JSON");
    same(own.json.value, native.value, "reads another value than the engine");
  } else {
    const { kind, offset, message } = own.fault;
    if (kind === "syntax" && native !== undefined) throw new Error(`refuses JSON: ${message}`);
    if (!(offset >= 0 && offset <= text.length)) throw new Error(`a place outside: ${offset}`);
  }
  const quick = parseQuickly(text + PADDING);
  if (quick === undefined) return;
  if (!own.ok && own.fault.kind !== "depth") throw new Error(`quickly read: ${own.fault.message}`);
  if (own.ok) same(quick, own.json.value, "reads another value quickly");
}

/** An answer in time, the same for the same text with white space behind it; a policy or reasons. */
export async function checkConfig(text: string): Promise<void> {
  const started = performance.now();
  const answer = await parseRequest(text, { os: "linux" });
  checkAnswer(answer);
  const padded = await parseRequest(text + PADDING, { os: "linux" });
  checkAnswer(padded);
  if (answer.ok !== padded.ok) throw new Error("white space behind it changes the verdict");
  if (answer.ok && padded.ok)
    same(answer.request, padded.request, "white space changes the request");
  if (performance.now() - started > SLOW_MS) throw new Error("it takes seconds");
}

function checkAnswer(answer: ParseResult): void {
  if (!answer.ok) {
    if (answer.issues.length === 0 || answer.mxcMessage === "") throw new Error("no reason");
    if (answer.issues.some(({ message }) => message === "")) throw new Error("an empty reason");
    return;
  }
  const policy = toPolicy(answer.request);
  if (policy.ok) return;
  if (policy.refusals.some(({ message }) => message === "")) throw new Error("an empty refusal");
}

function same(one: unknown, other: unknown, what: string): void {
  if (!isDeepStrictEqual(one, other)) throw new Error(what);
}
