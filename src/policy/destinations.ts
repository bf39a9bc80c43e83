/**
 * Destinations as people write them, in configs' `extensions.network` and on the command line:
 * `HOST[:PORT[-PORT]][/PROTOCOL]`, HOST a name, `*.name`, an address or a block of addresses. Pure.
 * A policy may have ten thousand of them, so one expression reads the common form, in native code.
 */

import { type Block, includes, parseBlock } from "../contract/blocks.ts";
import { ALL_PROTOCOLS, type HostName, PROTOCOLS } from "./policy.ts";

/** One destination; `localhost` is both of the loopback's addresses. */
export interface Destination {
  readonly peers: readonly (Block | HostName)[];
  readonly protocols: number;
  readonly firstPort: number;
  readonly lastPort: number;
  /** It is exactly here, so a service of the host may be meant. */
  readonly onHost: boolean;
}

export interface BadDestination {
  readonly message: string;
  readonly expected: string;
}

const LOOPBACK_V4 = parseBlock("127.0.0.0/8") as Block;
const LOOPBACK: readonly Block[] = [parseBlock("127.0.0.1") as Block, parseBlock("::1") as Block];
/** The host's loopback as the sandbox sees it; what it means is written `localhost`. */
const GATEWAY = parseBlock("10.0.2.2") as Block;

export const LAST_PORT = 65_535;

/** Of the longest name, and of one label in it (RFC 1035, 2.3.4). */
const NAME_MAX = 253;
const LABEL_MAX = 63;

/** Two labels or more in the form that is compared; the last one begins like no number. */
const PLAIN = /^(\*\.)?((?:[a-z0-9_-]{1,63}\.)+[a-z_][a-z0-9_-]{0,62})(?::(\d{1,5}))?$/;

/** `deny`: what names no protocol means all of them. Where it allows, it means TCP alone. */
export function parseDestination(text: string, deny: boolean): Destination | BadDestination {
  const found = PLAIN.exec(text);
  if (found !== null) {
    const [, wildcard, name, port] = found;
    const first = port === undefined ? 0 : Number(port);
    // What is out of bounds is told below.
    if ((name as string).length <= NAME_MAX && first <= LAST_PORT && (first > 0 || !port)) {
      return {
        peers: [{ kind: "name", name: name as string, subdomains: wildcard !== undefined }],
        protocols: protocolsOf(undefined, port !== undefined, deny) as number,
        firstPort: first,
        lastPort: port === undefined ? LAST_PORT : first,
        onHost: false,
      };
    }
  }
  return parseAny(text, deny);
}

function parseAny(text: string, deny: boolean): Destination | BadDestination {
  const slash = text.lastIndexOf("/");
  let end = text.length;
  let protocol: string | undefined;
  if (slash >= 0 && isLetter(text.charCodeAt(slash + 1))) {
    protocol = text.slice(slash + 1);
    end = slash;
  }
  const parts = split(text, end);
  if ("message" in parts) return parts;
  const ports = parsePorts(parts.ports);
  if ("message" in ports) return ports;
  const protocols = protocolsOf(protocol, ports.last !== undefined, deny);
  if (typeof protocols !== "number") return protocols;
  const peers = peersOf(parts.host, parts.bracketed);
  if ("message" in peers) return peers;
  const [peer] = peers;
  return {
    peers,
    protocols,
    firstPort: ports.first ?? 0,
    lastPort: ports.last ?? LAST_PORT,
    onHost: peer?.kind === "block" && (peer.bits === 128 || includes(LOOPBACK_V4, peer)),
  };
}

interface Parts {
  readonly host: string;
  readonly bracketed: boolean;
  readonly ports?: string;
}

/** Host and ports: a colon separates them, unless it is one of several outside brackets. */
function split(text: string, end: number): Parts | BadDestination {
  if (text.charCodeAt(0) === 0x5b) {
    const close = text.indexOf("]");
    if (close < 0 || close >= end) return bad("there is no ']'", "an address in brackets");
    const colon = text.indexOf(":", close);
    const hostEnd = colon < 0 || colon >= end ? end : colon;
    const host = text.slice(1, close) + text.slice(close + 1, hostEnd);
    const prefixed = close + 1 === hostEnd || text.charCodeAt(close + 1) === 0x2f;
    if (!prefixed) return bad("unexpected text behind ']'", "'/PREFIX', ':PORT' or nothing");
    return {
      host,
      bracketed: true,
      ...(hostEnd === end ? {} : { ports: text.slice(hostEnd + 1, end) }),
    };
  }
  const colon = text.indexOf(":");
  if (colon < 0 || colon >= end) return { host: text.slice(0, end), bracketed: false };
  const second = text.indexOf(":", colon + 1);
  if (second >= 0 && second < end) return { host: text.slice(0, end), bracketed: false };
  return { host: text.slice(0, colon), bracketed: false, ports: text.slice(colon + 1, end) };
}

const PORTS_EXPECTED = "PORT or PORT-PORT, each 1 to 65535";

function parsePorts(text?: string): { first?: number; last?: number } | BadDestination {
  if (text === undefined) return {};
  const dash = text.indexOf("-");
  const first = parsePort(text, 0, dash < 0 ? text.length : dash);
  const last = dash < 0 ? first : parsePort(text, dash + 1, text.length);
  if (first < 1 || last < 1) return bad(`'${text}' is not a port`, PORTS_EXPECTED);
  if (last < first) return bad(`the ports ${text} end before they begin`, PORTS_EXPECTED);
  return { first, last };
}

function parsePort(text: string, from: number, end: number): number {
  if (from === end || end - from > 5) return -1;
  let port = 0;
  for (let at = from; at < end; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    port = port * 10 + digit;
  }
  return port > LAST_PORT ? -1 : port;
}

function protocolsOf(
  name: string | undefined,
  hasPorts: boolean,
  deny: boolean,
): number | BadDestination {
  switch (name) {
    case undefined:
      if (!deny) return PROTOCOLS.tcp;
      return hasPorts ? PROTOCOLS.tcp | PROTOCOLS.udp : ALL_PROTOCOLS;
    case "tcp":
    case "udp":
      return PROTOCOLS[name];
    case "icmp":
      return hasPorts
        ? bad("icmp has no ports", "'/icmp' behind a host without ports")
        : PROTOCOLS.icmp;
    case "any":
      return hasPorts ? PROTOCOLS.tcp | PROTOCOLS.udp : ALL_PROTOCOLS;
    default:
      return bad(`'${name}' is not a protocol`, "tcp, udp, icmp or any behind the last '/'");
  }
}

const HOST_EXPECTED = "a host name, *.name, an address or address/prefix, IPv6 in brackets";

function peersOf(host: string, bracketed: boolean): readonly (Block | HostName)[] | BadDestination {
  if (host === "") return bad("there is no host", HOST_EXPECTED);
  if (bracketed || host.includes(":") || host.includes("/") || isNumeric(host)) {
    if (!bracketed && host.includes(":")) {
      // Its last group may have been meant for a port.
      return bad("IPv6 stands in brackets", "[address]:PORT or [address]/prefix:PORT");
    }
    const block = parseBlock(host);
    if (typeof block === "string") return bad(`it is no address: ${block}`, HOST_EXPECTED);
    if (bracketed && block.family === 4) {
      return bad("an IPv4 address stands without brackets", HOST_EXPECTED);
    }
    if (block.bits === 128 && block.low === GATEWAY.low && block.high === GATEWAY.high) {
      return bad("10.0.2.2 is the host's loopback, seen from the sandbox", "'localhost' for it");
    }
    return [block];
  }
  const name = toHostName(host);
  if (name.kind === "bad") return name.bad;
  return name.name === "localhost" && !name.subdomains ? LOOPBACK : [name];
}

/** A name in the one form that names are compared in, or what is wrong with it. */
export function toHostName(
  text: string,
): HostName | { readonly kind: "bad"; readonly bad: BadDestination } {
  let rest = text;
  const subdomains = rest.startsWith("*.");
  if (subdomains) rest = rest.slice(2);
  if (rest.endsWith(".")) rest = rest.slice(0, -1);
  if (rest.includes("*")) {
    return notName(
      rest === "*" || text === "*"
        ? "it would be every name"
        : "'*' only stands for whole labels, in front",
      "a name or *.name; for everything, egress.default 'allow' or --allow-net alone",
    );
  }
  const name = toAscii(rest);
  if (name === undefined) return notName("it is not a host name", HOST_EXPECTED);
  if (name.length > NAME_MAX) {
    return notName("the name is too long", `at most ${NAME_MAX} characters`);
  }
  const wrong = labelFault(name);
  if (wrong !== undefined) return notName(wrong, HOST_EXPECTED);
  if (subdomains && !name.includes(".")) {
    return notName("it would be a whole top-level domain", "at least two labels behind '*.'");
  }
  return { kind: "name", name, subdomains };
}

function notName(message: string, expected: string) {
  return { kind: "bad" as const, bad: { message, expected } };
}

/** Lower case; what is not ASCII by IDNA (UTS 46), as URLs have it. */
function toAscii(text: string): string | undefined {
  let ascii = true;
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) ascii = false;
  if (ascii) return text.toLowerCase();
  // What would end the host of a URL, or be decoded in it, is in no name.
  for (const character of "/\\?#@:[]%<>^|\t\n\r ") if (text.includes(character)) return undefined;
  try {
    return new URL(`http://${text}/`).hostname;
  } catch {
    return undefined;
  }
}

/** Letters, digits, hyphens and underscores; the last label no number, which is an address's. */
function labelFault(name: string): string | undefined {
  let length = 0;
  let start = 0;
  for (let at = 0; at <= name.length; at += 1) {
    const code = at === name.length ? 0x2e : name.charCodeAt(at);
    if (code === 0x2e) {
      if (length === 0) return "a label is empty";
      if (length > LABEL_MAX) return `a label is longer than ${LABEL_MAX} characters`;
      if (at === name.length && isNumberLabel(name.slice(start))) return "it ends with a number";
      length = 0;
      start = at + 1;
      continue;
    }
    const isWord =
      (code >= 0x61 && code <= 0x7a) ||
      (code >= 0x30 && code <= 0x39) ||
      code === 0x2d ||
      code === 0x5f;
    if (!isWord) return `'${name[at]}' is in no name`;
    length += 1;
  }
  return undefined;
}

/** As inet_aton(3) and URL parsers read the last part of an address: decimal or hexadecimal. */
function isNumberLabel(label: string): boolean {
  const hex = label.startsWith("0x");
  for (let at = hex ? 2 : 0; at < label.length; at += 1) {
    const code = label.charCodeAt(at);
    const isDigit = code >= 0x30 && code <= 0x39;
    if (!isDigit && !(hex && code >= 0x61 && code <= 0x66)) return false;
  }
  return true;
}

/** Digits and dots only. */
function isNumeric(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code !== 0x2e && (code < 0x30 || code > 0x39)) return false;
  }
  return true;
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);
}

function bad(message: string, expected: string): BadDestination {
  return { message, expected };
}
