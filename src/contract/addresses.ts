/** CIDR blocks, ports and proxy URLs as the contract has them (contract §2.4). */

import type { RuleDocument } from "./migrate.ts";
import { type Problem, problem } from "./problem.ts";

interface Block {
  readonly bits: 32 | 128;
  readonly prefix: number;
  readonly address: bigint;
}

export function checkRules(rules: readonly RuleDocument[], path: string): Problem | undefined {
  for (const [index, rule] of rules.entries()) {
    const wrong = checkPeers(rule, `${path}[${index}]`) ?? checkPorts(rule, `${path}[${index}]`);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function checkPeers({ to }: RuleDocument, path: string): Problem | undefined {
  if (to?.length === 0) return problem(`${path}.to`, "must not be empty");
  for (const [index, peer] of (to ?? []).entries()) {
    const where = `${path}.to[${index}]`;
    const block = parseBlock(peer.cidr);
    if (typeof block === "string")
      return problem(`${where}.cidr`, `must be a valid network CIDR: ${block}`);
    for (const [position, text] of (peer.except ?? []).entries()) {
      const spot = `${where}.except[${position}]`;
      const hole = parseBlock(text);
      if (typeof hole === "string") return problem(spot, `must be a valid network CIDR: ${hole}`);
      if (!contains(block, hole)) return problem(spot, `must be contained within ${where}.cidr`);
    }
  }
  return undefined;
}

function contains(outer: Block, inner: Block): boolean {
  if (outer.bits !== inner.bits || inner.prefix < outer.prefix) return false;
  const shift = BigInt(outer.bits - outer.prefix);
  return outer.address >> shift === inner.address >> shift;
}

function checkPorts({ ports }: RuleDocument, path: string): Problem | undefined {
  if (ports?.length === 0) return problem(`${path}.ports`, "must not be empty");
  for (const [index, { protocol, port, endPort }] of (ports ?? []).entries()) {
    const where = `${path}.ports[${index}]`;
    if (protocol === "icmp" && (port != null || endPort != null)) {
      return problem(where, "cannot specify port or endPort for protocol='icmp'");
    }
    if (endPort == null) continue;
    if (port == null) return problem(`${where}.endPort`, "requires port");
    if (endPort < port) return problem(`${where}.endPort`, "must be greater than or equal to port");
  }
  return undefined;
}

/** An address, or an address and a prefix with no bit set behind it; or what is wrong. */
export function parseBlock(text: string): Block | string {
  const [host = "", suffix, ...more] = text.split("/");
  if (more.length > 0) return "more than one '/'";
  const parsed = parseV4(host) ?? parseV6(host);
  if (parsed === undefined) return "not an IP address";
  const { bits, address } = parsed;
  if (suffix === undefined) return { bits, prefix: bits, address };
  if (!/^\d{1,3}$/.test(suffix) || (suffix.length > 1 && suffix.startsWith("0")))
    return "not a prefix length";
  const prefix = Number(suffix);
  if (prefix > bits) return "prefix length out of range";
  const mask = (1n << BigInt(bits - prefix)) - 1n;
  if ((address & mask) !== 0n) return "host part of address was not zero";
  return { bits, prefix, address };
}

function parseV4(text: string): { bits: 32; address: bigint } | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let address = 0n;
  for (const part of parts) {
    // No leading zeros: some readers take them for octal.
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    address = (address << 8n) | BigInt(part);
  }
  return { bits: 32, address };
}

/** RFC 4291, 2.2, without zones. */
function parseV6(text: string): { bits: 128; address: bigint } | undefined {
  if (!text.includes(":")) return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => groupsOf(half));
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const given = head.length + (tail?.length ?? 0);
  if (halves.length === 1 ? given !== 8 : given > 7) return undefined;
  const groups = [...head, ...new Array<bigint>(8 - given).fill(0n), ...(tail ?? [])];
  return { bits: 128, address: groups.reduce((sum, group) => (sum << 16n) | group, 0n) };
}

function groupsOf(text: string): bigint[] | undefined {
  if (text === "") return [];
  const out: bigint[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes(".")) {
      const v4 = parseV4(part);
      if (v4 === undefined) return undefined;
      out.push(v4.address >> 16n, v4.address & 0xffffn);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      out.push(BigInt(`0x${part}`));
    } else {
      return undefined;
    }
  }
  return out;
}

/** `loopback`: the host must be this one. */
export function checkProxyUrl(text: string, path: string, loopback: boolean): Problem | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return problem(path, "is not a URL", `${path} is invalid: relative URL without a base`);
  }
  const scheme = url.protocol.slice(0, -1);
  if (scheme !== "http" && scheme !== "https") {
    return problem(path, `must use the 'http' or 'https' scheme, not '${scheme}'`);
  }
  if (!loopback) {
    if (url.username === "" && url.password === "") return undefined;
    return problem(path, "must not carry credentials");
  }
  // A scheme's own port is left out by URL parsers, so it does not count as stated.
  if (url.port === "") return problem(path, "must include a port (e.g., http://localhost:8080)");
  if (["localhost", "127.0.0.1", "[::1]"].includes(url.hostname)) return undefined;
  return problem(path, "must name 'localhost', '127.0.0.1' or '[::1]'");
}
