/** The network part of a request: `none` and `host` are enforced, all else is refused. */

import type {
  ContractVersion,
  DirectionalNetwork,
  LegacyNetwork,
  NetworkRequest,
} from "../contract/request.ts";
import type { Refusal } from "../errors.ts";
import type { NetworkPolicy } from "./policy.ts";

const NONE: NetworkPolicy = { kind: "none" };
const HOST: NetworkPolicy = { kind: "host" };

export function toNetworkPolicy(
  network: NetworkRequest,
  version: ContractVersion,
): NetworkPolicy | Refusal {
  return network.kind === "directional" ? fromDirectional(network) : fromLegacy(network, version);
}

function fromDirectional(network: DirectionalNetwork): NetworkPolicy | Refusal {
  const { egress, ingress, proxy } = network;
  if (proxy !== undefined)
    return notYet("runtimeConfig.networkProxy", "a proxy as the only way out");
  if (egress.allow.length > 0) return notYet("network.egress.allow", "egress rules");
  if (egress.default === "allow" && egress.deny.length > 0) {
    return notYet("network.egress.deny", "egress rules");
  }
  const open = [egress.default, ingress.default, ingress.hostLoopback].filter(
    (verdict) => verdict === "allow",
  ).length;
  if (open === 0) return NONE;
  if (open === 3) return HOST;
  const field =
    egress.default === "allow"
      ? "network.egress.default"
      : ingress.default === "allow"
        ? "network.ingress.default"
        : "network.ingress.hostLoopback";
  return notYet(field, "opening one direction and not the others");
}

function fromLegacy(network: LegacyNetwork, version: ContractVersion): NetworkPolicy | Refusal {
  if (network.proxy !== undefined) return notYet("network.proxy", "a proxy as the only way out");
  if (network.allowedHosts.length > 0) return notYet("network.allowedHosts", "rules by host");
  if (network.blockedHosts.length > 0) return notYet("network.blockedHosts", "rules by host");
  if (network.defaultPolicy === "block") {
    if (!network.allowLocalNetwork || version === "0.6.0-alpha" || version === "0.7.0-alpha") {
      return NONE;
    }
    return notYet("network.allowLocalNetwork", "the local network without the rest");
  }
  if (network.allowLocalNetwork) return HOST;
  return {
    code: "not_enforceable",
    field: "network.defaultPolicy",
    message:
      "'allow' without 'allowLocalNetwork' would still reach services on the host's loopback",
    remedy: 'Acknowledge that with "allowLocalNetwork": true, or use "block".',
  };
}

function notYet(field: string, what: string): Refusal {
  return {
    code: "not_enforceable",
    field,
    message: `${what} cannot be enforced by this version of mxc`,
    remedy: "Use no network (the default), or the host's whole network (--allow-net).",
  };
}
