/**
 * Random rules and destinations: what the steps of the plan decide is what the contract says. The
 * steps are read as the native side reads them; the contract's meaning is computed here a second
 * time, on the request itself, with the platform's own blocks of addresses.
 */

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { BlockList, isIPv4 } from "node:net";
import fc from "fast-check";
import { type Block, parseBlock } from "../../src/contract/blocks.ts";
import type { DirectionalNetwork, NetworkPort, NetworkRule } from "../../src/contract/request.ts";
import { NetworkFlag, RuleFlag } from "../../src/native/abi.generated.ts";
import { encodePlan } from "../../src/native/encode.ts";
import { planLinux } from "../../src/plan/linux.ts";
import { NO_REPORTS, toNetworkPolicy } from "../../src/policy/network.ts";
import { decodePlan } from "./decode.ts";
import { factsOf, fakeHost, policyOf } from "./fake-host.ts";

setDefaultTimeout(120_000);

const RUNS = { numRuns: Number(process.env.FUZZ_RUNS ?? 1500) };

interface Packet {
  readonly address: string;
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly port: number;
  /** A name that it was found by. */
  readonly name?: string;
}

type Steps = ReturnType<typeof decodePlan>["steps"];

/** native/linux/network/policy.zig, for destinations that are not the host's own. */
function decide(steps: Steps, { address, protocol, port, name }: Packet): boolean {
  const { high, low } = parseBlock(address) as Block;
  const whole = (high << 64n) | low;
  const covers = (step: Steps[number]) => {
    const shift = 128n - (step.argument & 0xffffn);
    return whole >> shift === ((step.device << 64n) | step.inode) >> shift;
  };
  const names = (step: Steps[number]) =>
    name !== undefined &&
    ((step.flags & RuleFlag.subdomains) === 0
      ? name === step.target
      : name.endsWith(`.${step.target}`));
  let allowed = false;
  for (const [index, step] of steps.entries()) {
    if (step.kind !== "networkRule" || (step.flags & RuleFlag.except) !== 0) continue;
    if ((step.flags & RuleFlag[protocol]) === 0) continue;
    const first = (step.argument >> 16n) & 0xffffn;
    const last = (step.argument >> 32n) & 0xffffn;
    if (protocol !== "icmp" && (port < first || port > last)) continue;
    if (step.target !== "" ? !names(step) : !covers(step)) continue;
    let excepted = false;
    for (let at = index + 1; at < steps.length; at += 1) {
      const hole = steps[at] as Steps[number];
      if (hole.kind !== "networkRule" || (hole.flags & RuleFlag.except) === 0) break;
      if (covers(hole)) excepted = true;
    }
    if (excepted) continue;
    if ((step.flags & RuleFlag.deny) !== 0) return false;
    allowed = true;
  }
  if (allowed) return true;
  const network = steps.find((step) => step.kind === "network");
  return network !== undefined && (network.flags & NetworkFlag.defaultAllow) !== 0;
}

const within = (cidr: string, address: string): boolean => {
  const list = new BlockList();
  const [host = "", prefix] = cidr.split("/");
  const v4 = isIPv4(host);
  list.addSubnet(
    host,
    prefix === undefined ? (v4 ? 32 : 128) : Number(prefix),
    v4 ? "ipv4" : "ipv6",
  );
  return v4 === isIPv4(address) && list.check(address, v4 ? "ipv4" : "ipv6");
};

/** Contract §2.4, rule by rule, on texts. */
function meant({ egress }: DirectionalNetwork, packet: Packet): boolean {
  const speaks = ({ to, ports }: NetworkRule) =>
    (to === undefined ||
      to.some(
        ({ cidr, except }) =>
          within(cidr, packet.address) &&
          !(except ?? []).some((hole) => within(hole, packet.address)),
      )) &&
    (ports === undefined || ports.some((port) => serves(port, packet)));
  if (egress.deny.some(speaks)) return false;
  return egress.allow.some(speaks) || egress.default === "allow";
}

function serves({ protocol = "any", port, endPort }: NetworkPort, packet: Packet): boolean {
  if (protocol !== "any" && protocol !== packet.protocol) return false;
  if (port === undefined) return true;
  return packet.protocol !== "icmp" && packet.port >= port && packet.port <= (endPort ?? port);
}

/** Addresses and blocks that often meet. */
const V4 = ["10.0.0.0", "10.1.0.0", "10.1.2.0", "192.0.2.128", "11.0.0.0", "0.0.0.0"];
const V6 = ["2001:db8::", "2001:db8:1::", "2001:db8::1:0:0", "::", "fe80::"];

function masked(text: string, prefix: number): string {
  const { high, low, family, bits } = parseBlock(`${text}/${prefix}`, true) as Block;
  if (family === 4) {
    return `${[24n, 16n, 8n, 0n].map((shift) => (low >> shift) & 255n).join(".")}/${bits - 96}`;
  }
  const groups = [high, low].flatMap((half) =>
    [48n, 32n, 16n, 0n].map((shift) => ((half >> shift) & 0xffffn).toString(16)),
  );
  return `${groups.join(":")}/${bits}`;
}

const block = fc.oneof(
  fc.tuple(fc.constantFrom(...V4), fc.integer({ min: 0, max: 32 })).map(([ip, n]) => masked(ip, n)),
  fc
    .tuple(fc.constantFrom(...V6), fc.integer({ min: 0, max: 128 }))
    .map(([ip, n]) => masked(ip, n)),
);
/** Exceptions are inside their block. */
const peer = fc
  .tuple(block, fc.array(fc.integer({ min: 0, max: 24 }), { maxLength: 2 }))
  .map(([cidr, deeper]) => {
    const [host = "", prefix] = cidr.split("/");
    const width = isIPv4(host) ? 32 : 128;
    const except = deeper.map((more) => masked(host, Math.min(Number(prefix) + more, width)));
    return { cidr, ...(except.length === 0 ? {} : { except }) };
  });
const number = fc.constantFrom(1, 22, 79, 80, 81, 443, 65535);
const port: fc.Arbitrary<NetworkPort> = fc.oneof(
  fc.constant({ protocol: "icmp" as const }),
  fc.record(
    { protocol: fc.constantFrom("tcp" as const, "udp" as const, "any" as const) },
    { requiredKeys: [] },
  ),
  fc
    .tuple(fc.constantFrom("tcp" as const, "udp" as const, "any" as const), number, number)
    .map(([protocol, a, b]) => ({
      protocol,
      port: Math.min(a, b),
      ...(a === b ? {} : { endPort: Math.max(a, b) }),
    })),
);
const rule: fc.Arbitrary<NetworkRule> = fc.record(
  {
    to: fc.array(peer, { minLength: 1, maxLength: 3 }),
    ports: fc.array(port, { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const asked: fc.Arbitrary<DirectionalNetwork> = fc.record({
  kind: fc.constant("directional" as const),
  egress: fc.record({
    default: fc.constantFrom("allow" as const, "deny" as const),
    allow: fc.array(rule, { maxLength: 4 }),
    deny: fc.array(rule, { maxLength: 3 }),
  }),
  ingress: fc.constant({ default: "deny" as const, hostLoopback: "deny" as const }),
});
const packet: fc.Arbitrary<Packet> = fc.record({
  address: fc.oneof(
    fc.constantFrom(...V4, "10.1.2.3", "10.2.0.1", "255.255.255.255", "192.0.2.129"),
    fc.constantFrom(...V6, "2001:db8::1", "2001:db8:1::9", "ffff::1"),
  ),
  protocol: fc.constantFrom("tcp" as const, "udp" as const, "icmp" as const),
  port: number,
});

function stepsOf(network: DirectionalNetwork): Steps {
  const refusals: never[] = [];
  const made = toNetworkPolicy({ network, version: "1.0.0", extensions: {} }, NO_REPORTS, refusals);
  expect(refusals).toEqual([]);
  const policy = policyOf([], { network: made });
  const result = planLinux(policy, factsOf(fakeHost({}), policy));
  if (!result.ok) throw new Error("refused");
  return decodePlan(encodePlan(result.plan, { envelope: false, debugTrailer: false })).steps;
}

describe("rules as steps", () => {
  test("decide as the contract means them", () => {
    const seen = { allowed: 0, denied: 0 };
    fc.assert(
      fc.property(asked, fc.array(packet, { minLength: 4, maxLength: 12 }), (network, packets) => {
        const steps = stepsOf(network);
        for (const one of packets) {
          const wanted = meant(network, one);
          seen[wanted ? "allowed" : "denied"] += 1;
          expect([one, decide(steps, one)]).toEqual([one, wanted]);
        }
      }),
      RUNS,
    );
    // Neither answer is rare, or the test says little.
    expect(Math.min(seen.allowed, seen.denied) / (seen.allowed + seen.denied)).toBeGreaterThan(0.1);
  });

  test("packets are carried where any may be allowed", () => {
    fc.assert(
      fc.property(asked, fc.array(packet, { minLength: 4, maxLength: 12 }), (network, packets) => {
        const steps = stepsOf(network);
        const flags = steps.find((step) => step.kind === "network")?.flags ?? 0;
        const carried = (flags & NetworkFlag.datagrams) !== 0;
        for (const one of packets) {
          if (one.protocol !== "tcp" && meant(network, one)) expect(carried).toBe(true);
        }
      }),
      RUNS,
    );
  });

  test("destinations: by name, below it, by address, denials first", () => {
    const made = toNetworkPolicy(
      {
        network: {
          kind: "directional",
          egress: { default: "deny", allow: [], deny: [] },
          ingress: { default: "deny", hostLoopback: "deny" },
        },
        version: "1.0.0",
        extensions: {
          network: {
            allow: ["*.a.test:443", "a.test", "[2001:db8::]/32:80-90/udp", "192.0.2.0/24:22"],
            deny: ["bad.a.test", "192.0.2.9", "192.0.2.64/26:22/tcp"],
          },
        },
      },
      NO_REPORTS,
      [],
    );
    const policy = policyOf([], { network: made });
    const result = planLinux(policy, factsOf(fakeHost({}), policy));
    if (!result.ok) throw new Error("refused");
    const { steps } = decodePlan(encodePlan(result.plan, { envelope: false, debugTrailer: false }));
    const address = "203.0.113.1";
    const tcp = "tcp" as const;
    for (const [one, allowed] of [
      [{ address, protocol: tcp, port: 443, name: "x.a.test" }, true],
      [{ address, protocol: tcp, port: 443, name: "y.x.a.test" }, true],
      [{ address, protocol: tcp, port: 444, name: "x.a.test" }, false],
      [{ address, protocol: tcp, port: 443, name: "xa.test" }, false],
      [{ address, protocol: tcp, port: 80, name: "a.test" }, true],
      [{ address, protocol: "udp", port: 80, name: "a.test" }, false],
      [{ address, protocol: tcp, port: 443, name: "bad.a.test" }, false],
      [{ address, protocol: tcp, port: 443 }, false],
      [{ address: "2001:db8::5", protocol: "udp", port: 85 }, true],
      [{ address: "2001:db8::5", protocol: tcp, port: 85 }, false],
      [{ address: "192.0.2.8", protocol: tcp, port: 22 }, true],
      [{ address: "192.0.2.9", protocol: tcp, port: 22 }, false],
      [{ address: "192.0.2.65", protocol: tcp, port: 22 }, false],
    ] as const) {
      expect([one, decide(steps, one)]).toEqual([one, allowed]);
    }
  });
});
