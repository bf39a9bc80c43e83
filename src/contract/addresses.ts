/** CIDR blocks, ports and proxy URLs as the contract has them (contract §2.4). */

import { contains, parseBlock } from "./blocks.ts";
import type { RuleDocument } from "./migrate.ts";
import { type Problem, problem } from "./problem.ts";

export function checkRules(rules: readonly RuleDocument[], path: string): Problem | undefined {
  for (let index = 0; index < rules.length; index += 1) {
    const rule = rules[index] as RuleDocument;
    const wrong = checkPeers(rule, path, index) ?? checkPorts(rule, path, index);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** Places are only put into words where something is wrong: there may be ten thousand rules. */
function checkPeers({ to }: RuleDocument, list: string, rule: number): Problem | undefined {
  if (to == null) return undefined;
  const path = () => `${list}[${rule}]`;
  if (to.length === 0) return problem(`${path()}.to`, "must not be empty");
  for (let index = 0; index < to.length; index += 1) {
    const peer = to[index] as (typeof to)[number];
    const block = parseBlock(peer.cidr);
    if (typeof block === "string")
      return problem(`${path()}.to[${index}].cidr`, `must be a valid network CIDR: ${block}`);
    if (peer.except == null) continue;
    const where = `${path()}.to[${index}]`;
    for (const [position, text] of peer.except.entries()) {
      const spot = `${where}.except[${position}]`;
      const hole = parseBlock(text);
      if (typeof hole === "string") return problem(spot, `must be a valid network CIDR: ${hole}`);
      if (!contains(block, hole)) return problem(spot, `must be contained within ${where}.cidr`);
    }
  }
  return undefined;
}

function checkPorts({ ports }: RuleDocument, list: string, rule: number): Problem | undefined {
  if (ports == null) return undefined;
  if (ports.length === 0) return problem(`${list}[${rule}].ports`, "must not be empty");
  for (let index = 0; index < ports.length; index += 1) {
    const { protocol, port, endPort } = ports[index] as (typeof ports)[number];
    if (endPort == null && protocol !== "icmp") continue;
    const where = `${list}[${rule}].ports[${index}]`;
    if (protocol === "icmp" && (port != null || endPort != null)) {
      return problem(where, "cannot specify port or endPort for protocol='icmp'");
    }
    if (endPort == null) continue;
    if (port == null) return problem(`${where}.endPort`, "requires port");
    if (endPort < port) return problem(`${where}.endPort`, "must be greater than or equal to port");
  }
  return undefined;
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
