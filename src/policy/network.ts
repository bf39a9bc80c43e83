/**
 * The network part of a request as rules for the one mechanism that enforces them: the contract's
 * directions and rules, the older lists of hosts, a proxy as the only way out, and what
 * `extensions.network` and flags add. Denials go before everything; what is open in every direction
 * is the host's own network.
 */

import {
  type Block,
  EVERY_ADDRESS,
  includes,
  MAPPED_BLOCK,
  parseBlock,
} from "../contract/blocks.ts";
import type {
  NetworkRule as AskedRule,
  DirectionalNetwork,
  LegacyNetwork,
  NetworkPeer,
  NetworkPort,
  Request,
} from "../contract/request.ts";
import type { Refusal } from "../errors.ts";
import { LAST_PORT, parseDestination, toHostName } from "./destinations.ts";
import {
  ALL_PROTOCOLS,
  type DebugStream,
  type HostName,
  type NetworkPolicy,
  type NetworkRule,
  PROTOCOLS,
  type ProxyPolicy,
} from "./policy.ts";

/** Rules and exceptions of one policy, once each peer stands with each port. */
export const RULES_MAX = 65_536;

/** The host's loopback as the sandbox sees it: MXC's address for it (contract §6). */
export const GATEWAY = "10.0.2.2";

/** Of the built-in proxy, on the sandbox's loopback. */
export const PROXY_PORT = 3128;

/** What a front door wants told of the decisions. */
export interface ReportOptions {
  /** A file for records, absolute; who asks for it gets a network that decides, even with none. */
  readonly events?: string;
  /** A file that records may go to, if there are any. */
  readonly logFile?: string;
  /** Unless the request says otherwise. */
  readonly summary: boolean;
  /** Where each decision is printed. */
  readonly debug: DebugStream;
}

export const NO_REPORTS: ReportOptions = { summary: false, debug: "none" };

export type NetworkInput = Pick<Request, "network" | "networkFlags" | "version" | "extensions">;

/** A policy under way. */
interface Draft {
  readonly rules: NetworkRule[];
  readonly refusals: Refusal[];
  /** Connections granted by name need not give it. */
  readonly anyHead: boolean;
  /** Rules and their exceptions. */
  size: number;
  denies: boolean;
  allows: boolean;
  allowsNames: boolean;
  /** Of all permissions. */
  protocols: number;
  defaultAllow: boolean;
  ingress: boolean;
  listen: boolean;
  hostLoopback: boolean;
  proxy?: ProxyPolicy;
}

const NONE: NetworkPolicy = { kind: "none" };
const HOST: NetworkPolicy = { kind: "host" };

/** What cannot be meant or enforced goes to `refusals`. */
export function toNetworkPolicy(
  { network, networkFlags: flags, version, extensions }: NetworkInput,
  reports: ReportOptions,
  refusals: Refusal[],
): NetworkPolicy {
  const own = extensions.network;
  const draft: Draft = {
    rules: [],
    refusals,
    anyHead: own?.requireServerName === false,
    size: 0,
    denies: false,
    allows: false,
    allowsNames: false,
    protocols: 0,
    defaultAllow: false,
    ingress: false,
    listen: false,
    hostLoopback: false,
  };
  if (network.kind === "directional") addDirectional(draft, network);
  else addLegacy(draft, network, version === "0.6.0-alpha" || version === "0.7.0-alpha");
  if (own?.deny !== undefined) addDestinations(draft, own.deny, true, "extensions.network.deny");
  if (own?.allow !== undefined)
    addDestinations(draft, own.allow, false, "extensions.network.allow");
  if (flags !== undefined) {
    addDestinations(draft, flags.deny, true);
    addDestinations(draft, flags.allow, false);
    if (flags.hostLoopback) draft.hostLoopback = true;
    draft.listen = flags.listen;
  }
  if (own?.proxy === true || flags?.proxy === true) addBuiltinProxy(draft);

  const { defaultAllow, ingress, listen, hostLoopback, proxy } = draft;
  const told = reports.events !== undefined || own?.summary === true;
  const open = defaultAllow && ingress && hostLoopback;
  const idle = proxy === undefined && !told;
  if (idle && open && !draft.denies) return HOST;
  const closed = !defaultAllow && !ingress && !listen && !hostLoopback && !draft.allows;
  if (idle && closed) return NONE;
  const events = reports.events ?? reports.logFile;
  return {
    kind: "brokered",
    rules: draft.rules,
    defaultAllow,
    ingress,
    listen,
    hostLoopback,
    resolver: defaultAllow || draft.allowsNames,
    datagrams: defaultAllow || hostLoopback || (draft.protocols & ~PROTOCOLS.tcp) !== 0,
    ...(proxy === undefined ? {} : { proxy }),
    reports: {
      ...(events === undefined ? {} : { events }),
      optional: reports.events === undefined,
      summary: own?.summary ?? reports.summary,
      debug: reports.debug,
    },
  };
}

function addDirectional(draft: Draft, { egress, ingress, proxy }: DirectionalNetwork): void {
  draft.defaultAllow = egress.default === "allow";
  draft.ingress = ingress.default === "allow";
  draft.hostLoopback = ingress.hostLoopback === "allow";
  addRules(draft, egress.deny, true, "network.egress.deny");
  addRules(draft, egress.allow, false, "network.egress.allow");
  if (proxy !== undefined) addProxy(draft, proxy, "runtimeConfig.networkProxy");
}

/** Protocols and ports of one entry. */
interface Service {
  readonly protocols: number;
  readonly firstPort: number;
  readonly lastPort: number;
}

const EVERY_SERVICE: Service = { protocols: ALL_PROTOCOLS, firstPort: 0, lastPort: LAST_PORT };
const EVERY_SERVICE_LIST: readonly Service[] = [EVERY_SERVICE];
const NO_EXCEPTIONS: readonly Block[] = [];

/** Each peer with each port. */
function addRules(draft: Draft, rules: readonly AskedRule[], deny: boolean, list: string): void {
  for (let index = 0; index < rules.length; index += 1) {
    const { to, ports } = rules[index] as AskedRule;
    const field = `${list}[${index}]`;
    const services = ports === undefined ? EVERY_SERVICE_LIST : servicesOf(ports);
    if (to === undefined) {
      if (!push(draft, field, deny, EVERY_ADDRESS, NO_EXCEPTIONS, services)) return;
      continue;
    }
    for (let at = 0; at < to.length; at += 1) {
      const { cidr, except } = to[at] as NetworkPeer;
      const block = blockOf(draft, cidr, field);
      const holes =
        except === undefined ? NO_EXCEPTIONS : except.map((hole) => blockOf(draft, hole, field));
      if (!push(draft, field, deny, block, holes, services)) return;
    }
  }
}

/** The contract's parser has read it before. */
function blockOf(draft: Draft, text: string, field: string): Block {
  const block = parseBlock(text);
  if (typeof block !== "string") return block;
  draft.refusals.push({
    code: "malformed_request",
    field,
    message: `'${text}' is no block of addresses: ${block}`,
  });
  return EVERY_ADDRESS;
}

/** False once there are too many. */
function push(
  draft: Draft,
  field: string,
  deny: boolean,
  peer: Block | HostName,
  holes: readonly Block[],
  services: readonly Service[],
  hostLoopback = false,
  anyHead = draft.anyHead,
): boolean {
  const except = peer.kind === "block" ? exceptMapped(peer, holes) : holes;
  draft.size += services.length * (1 + except.length);
  if (draft.size > RULES_MAX) {
    draft.refusals.push({
      code: "not_enforceable",
      field,
      message: `the network's rules come to more than ${RULES_MAX}, each address with each port`,
      remedy: "Allow larger blocks, or ranges of ports.",
    });
    return false;
  }
  const isName = peer.kind === "name";
  if (deny) draft.denies = true;
  else {
    draft.allows = true;
    if (isName) draft.allowsNames = true;
  }
  for (let index = 0; index < services.length; index += 1) {
    const { protocols, firstPort, lastPort } = services[index] as Service;
    if (!deny) draft.protocols |= protocols;
    draft.rules.push({
      field,
      deny,
      peer,
      except,
      protocols,
      firstPort,
      lastPort,
      anyHead: isName && anyHead,
      hostLoopback,
    });
  }
  return true;
}

/** A block of IPv6 speaks of IPv6: IPv4 addresses, in whatever form, are in it only as written. */
function exceptMapped(block: Block, holes: readonly Block[]): readonly Block[] {
  const widens = block.family === 6 && block !== EVERY_ADDRESS && block.bits < MAPPED_BLOCK.bits;
  return widens && includes(block, MAPPED_BLOCK) ? [...holes, MAPPED_BLOCK] : holes;
}

/** Entries of the same ports become one. */
function servicesOf(ports: readonly NetworkPort[]): readonly Service[] {
  if (ports.length === 1) return [serviceOf(ports[0] as NetworkPort)];
  const merged = new Map<number, Service>();
  for (const port of ports) {
    const service = serviceOf(port);
    const key = service.firstPort * 0x1_0000 + service.lastPort;
    const protocols = service.protocols | (merged.get(key)?.protocols ?? 0);
    merged.set(key, { ...service, protocols });
  }
  return [...merged.values()];
}

function serviceOf({ protocol, port, endPort }: NetworkPort): Service {
  const some = port === undefined ? ALL_PROTOCOLS : PROTOCOLS.tcp | PROTOCOLS.udp;
  return {
    protocols: protocol === undefined || protocol === "any" ? some : PROTOCOLS[protocol],
    firstPort: port ?? 0,
    lastPort: port === undefined ? LAST_PORT : (endPort ?? port),
  };
}

/** `old`: contracts 0.6 and 0.7. Every `enforcementMode` means this one mechanism. */
function addLegacy(draft: Draft, network: LegacyNetwork, old: boolean): void {
  const { defaultPolicy, allowedHosts, blockedHosts, proxy } = network;
  const external = proxy !== undefined && proxy.kind !== "builtinTestServer";
  draft.defaultAllow = defaultPolicy === "allow" && !external;
  // There it is without effect where there is no other network, as in MXC.
  const lists = allowedHosts.length + blockedHosts.length;
  const local = network.allowLocalNetwork && !(old && defaultPolicy === "block" && lists === 0);
  draft.ingress = local;
  draft.hostLoopback = local;
  addHosts(draft, blockedHosts, true, "network.blockedHosts");
  addHosts(draft, allowedHosts, false, "network.allowedHosts");
  if (proxy === undefined) return;
  if (proxy.kind === "builtinTestServer") return addBuiltinProxy(draft);
  if (proxy.kind === "url") return addProxy(draft, proxy.url, "network.proxy.url");
  addProxy(draft, `http://localhost:${proxy.port}`, "network.proxy.localhost");
  // MXC writes this form without the slash that URL parsers put behind a host.
  draft.proxy = { url: `http://${GATEWAY}:${proxy.port}` };
}

const TCP: readonly Service[] = [{ ...EVERY_SERVICE, protocols: PROTOCOLS.tcp }];

/** Names, addresses and blocks, of every port. */
function addHosts(draft: Draft, hosts: readonly string[], deny: boolean, list: string): void {
  for (let index = 0; index < hosts.length; index += 1) {
    const field = `${list}[${index}]`;
    const host = (hosts[index] as string).trim();
    const block = parseBlock(host, true);
    if (typeof block !== "string") {
      if (!push(draft, field, deny, block, NO_EXCEPTIONS, EVERY_SERVICE_LIST)) return;
      continue;
    }
    const name = host.includes("/") || host.includes(":") ? undefined : toHostName(host);
    if (name?.kind !== "name" || name.subdomains) {
      draft.refusals.push({
        code: "not_enforceable",
        field,
        message:
          name?.kind === "name"
            ? `'${host}' is no host: this list has no wildcards`
            : `'${host}' is neither a host name nor an address nor a block: ${name?.bad.message ?? block}`,
        remedy: "Write a host name, an address or address/prefix; extensions.network takes *.name.",
      });
      continue;
    }
    // A name can be checked only where a connection begins by giving it.
    const services = deny ? EVERY_SERVICE_LIST : TCP;
    if (!push(draft, field, deny, name, NO_EXCEPTIONS, services)) return;
  }
}

/** Without `list`, the words are flags' and stand for themselves. */
function addDestinations(
  draft: Draft,
  texts: readonly string[],
  deny: boolean,
  list?: string,
): void {
  const flag = deny ? "--deny-net=" : "--allow-net=";
  for (let index = 0; index < texts.length; index += 1) {
    const text = texts[index] as string;
    const field = list === undefined ? flag + text : `${list}[${index}]`;
    const destination = parseDestination(text, deny);
    if ("message" in destination) {
      draft.refusals.push({
        code: list === undefined ? "usage" : "malformed_request",
        field,
        message:
          list === undefined
            ? destination.message
            : `'${text}' is no destination: ${destination.message}`,
        remedy: `Expected ${destination.expected}.`,
      });
      continue;
    }
    const services = [destination];
    for (const peer of destination.peers) {
      if (!push(draft, field, deny, peer, NO_EXCEPTIONS, services, destination.onHost)) return;
    }
  }
}

const BUILTIN_PROXY: ProxyPolicy = {
  url: `http://127.0.0.1:${PROXY_PORT}`,
  // It decides by the same rules, so going around it gains nothing.
  direct: "localhost,127.0.0.1,::1",
  port: PROXY_PORT,
};

function addBuiltinProxy(draft: Draft): void {
  if (draft.proxy === undefined || draft.proxy === BUILTIN_PROXY) {
    draft.proxy = BUILTIN_PROXY;
    return;
  }
  draft.refusals.push({
    code: "malformed_request",
    field: "extensions.network.proxy",
    message: "the config names another proxy already",
    remedy: "Remove one of them.",
  });
}

/** MXC's spellings of this host's loopback, as URL parsers give them back. */
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set([
  "localhost",
  "127.0.0.1",
  "0.0.0.0",
  "[::]",
  "[::ffff:7f00:1]",
  GATEWAY,
]);

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/** The one endpoint that may be reached; the contract's parser has checked the URL's form. */
function addProxy(draft: Draft, text: string, field: string): void {
  const refuse = (message: string, remedy: string) =>
    draft.refusals.push({ code: "not_enforceable", field, message, remedy });
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    refuse("the proxy's URL cannot be read", "Write http://HOST:PORT.");
    return;
  }
  if (url.username !== "" || url.password !== "") {
    refuse(
      "the proxy's URL carries credentials, which the workload could read",
      "Run a proxy on this host that adds them.",
    );
    return;
  }
  const port = url.port === "" ? (DEFAULT_PORTS[url.protocol] ?? 0) : Number(url.port);
  if (port === 0) {
    refuse("the proxy's port cannot be 0", "Write the port that it listens on.");
    return;
  }
  if (url.hostname === "[::1]") {
    refuse(
      "a proxy on ::1 cannot be reached from the sandbox, which has the host's loopback at an IPv4 address",
      "Let the proxy listen on 127.0.0.1.",
    );
    return;
  }
  const onHost = LOOPBACK_HOSTS.has(url.hostname);
  const host = onHost ? "127.0.0.1" : url.hostname.replace(/^\[(.*)\]$/, "$1");
  const block = parseBlock(host);
  const peer = typeof block === "string" ? toHostName(host) : block;
  if (peer.kind === "bad") {
    refuse(`the proxy's host is no host name: ${peer.bad.message}`, "Write its name or address.");
    return;
  }
  const services = [{ protocols: PROTOCOLS.tcp, firstPort: port, lastPort: port }];
  // What goes to a proxy names other hosts than the proxy.
  push(draft, field, false, peer, NO_EXCEPTIONS, services, true, true);
  if (onHost) url.hostname = GATEWAY;
  draft.proxy = { url: url.href };
}
