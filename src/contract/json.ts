/**
 * JSON as strictly as MXC reads it: no key twice, and no number that is not a plain integer where
 * one counts. The engine's own parser does the work; one cheap pass over the text looks for what
 * it lets through.
 */

/** Bounds of a config; a larger one is refused before it is parsed. */
export const MAX_CONFIG_BYTES = 1024 * 1024;
export const MAX_DEPTH = 64;
export const MAX_PATHS = 20_000;
export const MAX_RULES = 10_000;

export interface JsonFault {
  readonly kind: "syntax" | "duplicate" | "depth" | "size";
  readonly message: string;
  /** Offset in the text, UTF-16 units. */
  readonly offset: number;
  /** The key that stands twice. */
  readonly key?: string;
}

export interface JsonText {
  readonly value: unknown;
  /** Numbers written with a fraction, an exponent or a sign, by offset: no integer field takes them. */
  readonly odd: readonly number[];
}

export type JsonResult =
  | { readonly ok: true; readonly json: JsonText }
  | { readonly ok: false; readonly fault: JsonFault };

export function parseJson(text: string): JsonResult {
  if (text.length > MAX_CONFIG_BYTES) {
    return refuse("size", `larger than ${MAX_CONFIG_BYTES} bytes`, 0);
  }
  const scanned = scan(text);
  if ("kind" in scanned) return { ok: false, fault: scanned };
  try {
    return { ok: true, json: { value: JSON.parse(text), odd: scanned.odd } };
  } catch (error) {
    return refuse("syntax", (error as Error).message, faultOffset(text));
  }
}

/** Texts from here on are worth a try at reading them quickly, UTF-16 units. */
const QUICK_MIN = 16 * 1024;

/** Members that may hold anything, however deep. */
const OPEN_MEMBERS = ['"_comment"', '"experimental"'];

/**
 * The value of a long text, if native code alone can tell that nothing is odd about it: written out
 * again, it is the same but for white space, so no key stood twice and no number had another form.
 * Depth is left to a schema without open members. Undefined: use `parseJson`, which also says why.
 */
export function parseQuickly(text: string): unknown {
  if (text.length < QUICK_MIN || text.length > MAX_CONFIG_BYTES) return undefined;
  // With escapes, one string has many forms.
  if (text.includes("\\") || OPEN_MEMBERS.some((member) => text.includes(member))) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const again = JSON.stringify(value);
    // A number's own form may have a sign that no integer field takes.
    if (again.includes("e+")) return undefined;
    const bare = ["\n", "\r", "\t"].reduce((rest, space) => rest.replaceAll(space, ""), text);
    return bare.replaceAll(" ", "") === again.replaceAll(" ", "") ? value : undefined;
  } catch {
    return undefined;
  }
}

function refuse(kind: JsonFault["kind"], message: string, offset: number): JsonResult {
  return { ok: false, fault: { kind, message, offset } };
}

/** Brackets, keys and numbers; strings are skipped by searching for their end. */
function scan(text: string): { odd: number[] } | JsonFault {
  const odd: number[] = [];
  const objects: (Set<string> | undefined)[] = [];
  const length = text.length;
  let expectKey = false;
  for (let at = 0; at < length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
      case 0x5b: // [
        if (objects.length >= MAX_DEPTH) {
          return { kind: "depth", message: `deeper than ${MAX_DEPTH} levels`, offset: at };
        }
        expectKey = text.charCodeAt(at) === 0x7b;
        objects.push(expectKey ? new Set() : undefined);
        break;
      case 0x7d: // }
      case 0x5d: // ]
        objects.pop();
        expectKey = false;
        break;
      case 0x2c: // ,
        expectKey = objects.at(-1) !== undefined;
        break;
      case 0x22: {
        const end = stringEnd(text, at);
        if (expectKey && end < length) {
          const key = keyOf(text.slice(at, end + 1));
          const keys = objects.at(-1);
          if (key !== undefined && keys?.has(key)) {
            return { kind: "duplicate", message: `'${key}' stands twice`, offset: at, key };
          }
          if (key !== undefined) keys?.add(key);
          expectKey = false;
        }
        at = end;
        break;
      }
      case 0x2d: // -
      case 0x2e: // .
      case 0x2b: // +
      case 0x45: // E
        odd.push(at);
        break;
      case 0x65: // e, which `true` and `false` end with
        if (isDigit(text.charCodeAt(at - 1))) odd.push(at);
        break;
      default:
    }
  }
  return { odd };
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function stringEnd(text: string, start: number): number {
  for (let at = start; ; ) {
    const end = text.indexOf('"', at + 1);
    if (end < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes += 1;
    if (slashes % 2 === 0) return end;
    at = end;
  }
}

/** Two spellings of one key are the same key. */
function keyOf(literal: string): string | undefined {
  if (!literal.includes("\\")) return literal.slice(1, -1);
  try {
    return JSON.parse(literal);
  } catch {
    return undefined; // the parser will say so
  }
}

/** Where the text stops being the beginning of some JSON value. */
function faultOffset(text: string): number {
  const state = new Reader(text);
  try {
    state.value();
    state.space();
  } catch {
    return Math.min(state.at, text.length);
  }
  return state.at;
}

/** RFC 8259, for positions only: the engine does not say where it stopped. */
class Reader {
  at = 0;

  constructor(readonly text: string) {}

  space(): void {
    while (" \t\n\r".includes(this.text[this.at] ?? "x")) this.at += 1;
  }

  value(): void {
    this.space();
    const first = this.text[this.at];
    if (first === "{") return this.list("}", true);
    if (first === "[") return this.list("]", false);
    if (first === '"') {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: a string may not contain them
      return this.match(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y);
    }
    this.match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y);
  }

  list(close: string, keyed: boolean): void {
    this.at += 1;
    this.space();
    if (this.text[this.at] === close) {
      this.at += 1;
      return;
    }
    for (;;) {
      if (keyed) {
        this.space();
        if (this.text[this.at] !== '"') throw new Error("key");
        this.value();
        this.space();
        if (this.text[this.at] !== ":") throw new Error("colon");
        this.at += 1;
      }
      this.value();
      this.space();
      const next = this.text[this.at];
      if (next !== "," && next !== close) throw new Error("separator");
      this.at += 1;
      if (next === close) return;
    }
  }

  match(pattern: RegExp): void {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) throw new Error("token");
    this.at = pattern.lastIndex;
  }
}

/** 1-based. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: offset - before.lastIndexOf("\n") };
}
