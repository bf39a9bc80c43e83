/** The brokered network as steps: what it allows, its rules, and where names are looked up. Pure. */

import type { Block } from "../contract/blocks.ts";
import type { ResolverFacts } from "../host/facts.ts";
import { BindFlag, NetworkFlag, RuleFlag } from "../native/abi.generated.ts";
import type { BrokeredNetwork, NetworkRule } from "../policy/policy.ts";
import type { Step } from "./plan.ts";

/** Bits of a rule's `argument`: those of the block, then first and last port (native/abi/structs.zig). */
const FIRST_PORT = 2 ** 16;
const LAST_PORT = 2 ** 32;

/** A protocol's bit in a rule, shifted up, is that of a step. */
const PROTOCOL = RuleFlag.tcp;

export function networkSteps(network: BrokeredNetwork): readonly Step[] {
  const { reports, proxy, rules } = network;
  const steps: Step[] = [
    {
      kind: "network",
      flags:
        (network.defaultAllow ? NetworkFlag.defaultAllow : 0) |
        (network.ingress ? NetworkFlag.ingress : 0) |
        (network.listen ? NetworkFlag.listen : 0) |
        (network.hostLoopback ? NetworkFlag.hostLoopback : 0) |
        (network.datagrams ? NetworkFlag.datagrams : 0) |
        (network.resolver ? NetworkFlag.resolver : 0) |
        (reports.summary ? NetworkFlag.summary : 0) |
        (reports.debug === "stdout" ? NetworkFlag.debug : 0) |
        (reports.debug === "stderr" ? NetworkFlag.trace : 0),
      argument: proxy?.port ?? 0,
    },
  ];
  for (let index = 0; index < rules.length; index += 1) {
    const rule = rules[index] as NetworkRule;
    steps.push(ruleStep(rule));
    for (let hole = 0; hole < rule.except.length; hole += 1) {
      steps.push(exceptStep(rule, rule.except[hole] as Block));
    }
  }
  if (reports.events !== undefined) {
    const flags = reports.optional ? BindFlag.optional : 0;
    steps.push({ kind: "events", flags, source: reports.events });
  }
  return steps;
}

function ruleStep(rule: NetworkRule): Step {
  const { peer, firstPort, lastPort } = rule;
  const ports = firstPort * FIRST_PORT + lastPort * LAST_PORT;
  const flags =
    rule.protocols * PROTOCOL +
    (rule.deny ? RuleFlag.deny : 0) +
    (rule.anyHead ? RuleFlag.anyHead : 0) +
    (rule.hostLoopback ? RuleFlag.hostLoopback : 0);
  if (peer.kind === "name") {
    return {
      kind: "networkRule",
      flags: flags + (peer.subdomains ? RuleFlag.subdomains : 0),
      source: rule.field,
      target: peer.name,
      argument: ports,
    };
  }
  return {
    kind: "networkRule",
    flags,
    source: rule.field,
    device: peer.high,
    inode: peer.low,
    argument: peer.bits + ports,
  };
}

function exceptStep({ field }: NetworkRule, { high, low, bits }: Block): Step {
  return {
    kind: "networkRule",
    flags: RuleFlag.except,
    source: field,
    device: high,
    inode: low,
    argument: bits,
  };
}

/** resolv.conf(5) of the sandbox: the broker looks names up, as the host would. */
export function resolverSteps(
  { resolver }: BrokeredNetwork,
  facts: ResolverFacts | undefined,
  isVisible: (path: string) => boolean,
): readonly Step[] {
  // Without such a file, libraries ask 127.0.0.1, where the broker is.
  if (!resolver || facts === undefined || !isVisible(facts.canonical)) return [];
  const { search, options } = facts;
  const lines = [
    "nameserver 127.0.0.1",
    ...(search.length === 0 ? [] : [`search ${search.join(" ")}`]),
    ...(options.length === 0 ? [] : [`options ${options.join(" ")}`]),
  ];
  return [{ kind: "content", target: facts.canonical, source: `${lines.join("\n")}\n` }];
}
