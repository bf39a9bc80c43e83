/**
 * Blocks of addresses (CIDR, RFC 4632 and RFC 4291). Written for policies of ten thousand of them
 * in an engine that only interprets: one expression reads the common form, in native code.
 */

/** IPv4 as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2): every spelling of an address has one form. */
export interface Block {
  readonly kind: "block";
  /** As it was written. */
  readonly family: 4 | 6;
  /** How many of the 128 bits count. */
  readonly bits: number;
  /** The first and the last 64 bits; what does not count is 0. */
  readonly high: bigint;
  readonly low: bigint;
}

const MAPPED = 0xffff;
const MAPPED_BITS = 96;
/** Where IPv4 addresses are in IPv6's. */
export const MAPPED_BLOCK: Block = {
  kind: "block",
  family: 6,
  bits: MAPPED_BITS,
  high: 0n,
  low: 0xffff_0000_0000n,
};

export const EVERY_ADDRESS: Block = { kind: "block", family: 6, bits: 0, high: 0n, low: 0n };

const PART = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const V4 = new RegExp(`^${PART}\\.${PART}\\.${PART}\\.${PART}(?:/(3[0-2]|[12]\\d|\\d))?$`);

/**
 * An address, or an address and a prefix; or what is wrong with it. `mask`: bits behind the prefix
 * are taken away, where otherwise they are refused.
 */
export function parseBlock(text: string, mask = false): Block | string {
  if (mask) return read(text, true);
  const again = known.get(text);
  if (again !== undefined) return again;
  const block = read(text, false);
  if (typeof block !== "string" && known.size < KNOWN_MAX) known.set(text, block);
  return block;
}

/** The contract's check and the policy both read each block: the second time, by its text. */
const known = new Map<string, Block>();
const KNOWN_MAX = 32_768;

function read(text: string, mask: boolean): Block | string {
  const found = V4.exec(text);
  if (found === null) return parseAny(text, mask);
  const [, a, b, c, d, length] = found;
  const address = Number(a) * 0x100_0000 + Number(b) * 0x1_0000 + Number(c) * 0x100 + Number(d);
  return blockOfV4(address, length === undefined ? 32 : Number(length), mask);
}

function blockOfV4(address: number, prefix: number, mask: boolean): Block | string {
  const rest = prefix === 32 ? 0 : address % 2 ** (32 - prefix);
  if (rest !== 0 && !mask) return "host part of address was not zero";
  const low = BigInt(MAPPED * 0x1_0000_0000 + address - rest);
  return { kind: "block", family: 4, bits: MAPPED_BITS + prefix, high: 0n, low };
}

/** IPv6, and what is neither, with a reason. */
function parseAny(text: string, mask: boolean): Block | string {
  const slash = text.indexOf("/");
  if (slash >= 0 && text.indexOf("/", slash + 1) >= 0) return "more than one '/'";
  const host = slash < 0 ? text : text.slice(0, slash);
  const v4 = parseV4(host, 0);
  const groups = v4 < 0 ? parseV6(host) : undefined;
  if (v4 < 0 && groups === undefined) return "not an IP address";
  const width = groups === undefined ? 32 : 128;
  let prefix = width;
  if (slash >= 0) {
    prefix = parsePrefix(text, slash + 1);
    if (prefix < 0) return "not a prefix length";
    if (prefix > width) return "prefix length out of range";
  }
  if (groups === undefined) return blockOfV4(v4, prefix, mask);
  for (let index = 0; index < 8; index += 1) {
    const counted = Math.min(Math.max(prefix - 16 * index, 0), 16);
    const rest = (groups[index] as number) & (0xffff >> counted);
    if (rest !== 0 && !mask) return "host part of address was not zero";
    groups[index] = (groups[index] as number) - rest;
  }
  return {
    kind: "block",
    family: 6,
    bits: prefix,
    high: joined(groups, 0),
    low: joined(groups, 4),
  };
}

function joined(groups: readonly number[], from: number): bigint {
  const at = (index: number) => groups[from + index] as number;
  const upper = at(0) * 0x1_0000 + at(1);
  const lower = at(2) * 0x1_0000 + at(3);
  return upper === 0 ? BigInt(lower) : (BigInt(upper) << 32n) | BigInt(lower);
}

/** `inner` is of the same family and wholly in `outer`. */
export function contains(outer: Block, inner: Block): boolean {
  return outer.family === inner.family && includes(outer, inner);
}

/** Whatever the family was. */
export function includes(outer: Block, inner: Block): boolean {
  if (inner.bits < outer.bits) return false;
  if (outer.bits <= 64) {
    const shift = BigInt(64 - outer.bits);
    return outer.high >> shift === inner.high >> shift;
  }
  const shift = BigInt(128 - outer.bits);
  return outer.high === inner.high && outer.low >> shift === inner.low >> shift;
}

/** One to three digits without leading zeros; -1 for anything else. */
function parsePrefix(text: string, from: number): number {
  const length = text.length - from;
  if (length < 1 || length > 3) return -1;
  if (length > 1 && text.charCodeAt(from) === 0x30) return -1;
  let value = 0;
  for (let at = from; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Four decimal parts without leading zeros, which some readers take for octal; -1 otherwise. */
function parseV4(text: string, from: number): number {
  let address = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x2e) {
      if (digits === 0 || dots === 3) return -1;
      address = address * 256 + part;
      dots += 1;
      part = 0;
      digits = 0;
      continue;
    }
    const digit = code - 0x30;
    if (digit < 0 || digit > 9 || (digits > 0 && part === 0)) return -1;
    part = part * 10 + digit;
    digits += 1;
    if (part > 255) return -1;
  }
  return dots === 3 && digits > 0 ? address * 256 + part : -1;
}

/** RFC 4291, 2.2, without zones: eight groups. */
function parseV6(text: string): number[] | undefined {
  const groups: number[] = [];
  let gap = -1;
  let at = 0;
  const { length } = text;
  if (length < 2) return undefined;
  if (text.charCodeAt(0) === 0x3a) {
    if (text.charCodeAt(1) !== 0x3a) return undefined;
    gap = 0;
    at = 2;
  }
  while (at < length) {
    if (groups.length === 8) return undefined;
    let value = 0;
    let digits = 0;
    const start = at;
    for (; at < length; at += 1) {
      const digit = hexDigit(text.charCodeAt(at));
      if (digit < 0) break;
      value = value * 16 + digit;
      digits += 1;
      if (digits > 4) return undefined;
    }
    if (at < length && text.charCodeAt(at) === 0x2e) {
      const v4 = groups.length > 6 ? -1 : parseV4(text, start);
      if (v4 < 0) return undefined;
      groups.push(Math.floor(v4 / 0x1_0000), v4 % 0x1_0000);
      at = length;
      break;
    }
    if (digits === 0) return undefined;
    groups.push(value);
    if (at === length) break;
    if (text.charCodeAt(at) !== 0x3a) return undefined;
    at += 1;
    if (at === length) return undefined;
    if (text.charCodeAt(at) === 0x3a) {
      if (gap >= 0) return undefined;
      gap = groups.length;
      at += 1;
    }
  }
  if (gap < 0) return groups.length === 8 ? groups : undefined;
  if (groups.length > 7) return undefined;
  const zeros = new Array<number>(8 - groups.length).fill(0);
  groups.splice(gap, 0, ...zeros);
  return groups;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x41 && code <= 0x46) return code - 0x41 + 10;
  if (code >= 0x61 && code <= 0x66) return code - 0x61 + 10;
  return -1;
}
