/** The network of a request as rules: each shape, and what is refused. */

import { describe, expect, test } from "bun:test";
import type { Block } from "../contract/blocks.ts";
import type {
  ContractVersion,
  DirectionalNetwork,
  Extensions,
  LegacyNetwork,
  NetworkFlags,
  NetworkRequest,
} from "../contract/request.ts";
import type { Refusal } from "../errors.ts";
import { NO_REPORTS, type ReportOptions, RULES_MAX, toNetworkPolicy } from "./network.ts";
import type { BrokeredNetwork, NetworkPolicy, NetworkRule } from "./policy.ts";

interface Asked {
  readonly version?: ContractVersion;
  readonly extensions?: Extensions["network"];
  readonly flags?: Partial<NetworkFlags>;
  readonly reports?: Partial<ReportOptions>;
}

function ask(network: NetworkRequest, more: Asked = {}) {
  const refusals: Refusal[] = [];
  const policy = toNetworkPolicy(
    {
      network,
      version: more.version ?? "1.0.0",
      extensions: more.extensions === undefined ? {} : { network: more.extensions },
      ...(more.flags === undefined
        ? {}
        : {
            networkFlags: {
              allow: [],
              deny: [],
              listen: false,
              hostLoopback: false,
              proxy: false,
              ...more.flags,
            },
          }),
    },
    { ...NO_REPORTS, ...more.reports },
    refusals,
  );
  return { policy, refusals };
}

function policyOf(network: NetworkRequest, more?: Asked): NetworkPolicy {
  const { policy, refusals } = ask(network, more);
  expect(refusals).toEqual([]);
  return policy;
}

function brokered(network: NetworkRequest, more?: Asked): BrokeredNetwork {
  const policy = policyOf(network, more);
  if (policy.kind !== "brokered") throw new Error(policy.kind);
  return policy;
}

/** One line a rule: `+` or `-`, peer, protocols (1 tcp, 2 udp, 4 icmp), ports, marks. */
function line(rule: NetworkRule): string {
  const block = (one: Block) =>
    one.family === 4
      ? `${[24, 16, 8, 0].map((shift) => (Number(one.low & 0xffff_ffffn) >>> shift) & 255).join(".")}/${one.bits - 96}`
      : `${one.high.toString(16)}:${one.low.toString(16)}/${one.bits}`;
  const { peer } = rule;
  const host = peer.kind === "name" ? `${peer.subdomains ? "*." : ""}${peer.name}` : block(peer);
  const holes = rule.except.map((hole) => ` !${block(hole)}`).join("");
  const marks = `${rule.hostLoopback ? " host" : ""}${rule.anyHead ? " any-head" : ""}`;
  return `${rule.deny ? "-" : "+"} ${host}${holes} ${rule.protocols} ${rule.firstPort}-${rule.lastPort}${marks}`;
}

const lines = ({ rules }: BrokeredNetwork) => rules.map(line);

const directional = (
  egress: Partial<DirectionalNetwork["egress"]> = {},
  ingress: Partial<DirectionalNetwork["ingress"]> = {},
): DirectionalNetwork => ({
  kind: "directional",
  egress: { default: "deny", allow: [], deny: [], ...egress },
  ingress: { default: "deny", hostLoopback: "deny", ...ingress },
});

const legacy = (more: Partial<LegacyNetwork> = {}): LegacyNetwork => ({
  kind: "legacy",
  defaultPolicy: "block",
  enforcementMode: "capabilities",
  allowedHosts: [],
  blockedHosts: [],
  allowLocalNetwork: false,
  ...more,
});

const cidr = (text: string, ...except: string[]) => ({ to: [{ cidr: text, except }] });

describe("directional", () => {
  test("every combination of the three axes", () => {
    for (let bits = 0; bits < 8; bits += 1) {
      const verdict = (bit: number) => ((bits & bit) === 0 ? "deny" : "allow");
      const policy = policyOf(
        directional({ default: verdict(1) }, { default: verdict(2), hostLoopback: verdict(4) }),
      );
      if (bits === 0) expect(policy).toEqual({ kind: "none" });
      else if (bits === 7) expect(policy).toEqual({ kind: "host" });
      else {
        expect(policy).toMatchObject({
          kind: "brokered",
          rules: [],
          defaultAllow: (bits & 1) !== 0,
          ingress: (bits & 2) !== 0,
          hostLoopback: (bits & 4) !== 0,
          resolver: (bits & 1) !== 0,
          datagrams: (bits & 5) !== 0,
        });
      }
    }
  });

  test("denials below a denial are idle; in the open they make a network of its own", () => {
    const rule = cidr("10.0.0.0/8");
    expect(policyOf(directional({ deny: [rule] }))).toEqual({ kind: "none" });
    const open = { default: "allow", hostLoopback: "allow" } as const;
    const policy = brokered(directional({ default: "allow", deny: [rule] }, open));
    expect(policy).toMatchObject({ defaultAllow: true, ingress: true, hostLoopback: true });
    expect(lines(policy)).toEqual(["- 10.0.0.0/8 7 0-65535"]);
  });

  test("peers and ports: each with each, the protocols of one range together", () => {
    const policy = brokered(
      directional({
        allow: [
          {
            to: [
              { cidr: "10.0.0.0/8", except: ["10.1.0.0/16", "10.2.0.1"] },
              { cidr: "2001:db8::/32", except: [] },
            ],
            ports: [
              { protocol: "tcp", port: 443 },
              { protocol: "udp", port: 443 },
              { protocol: "any", port: 8000, endPort: 8010 },
              { protocol: "icmp" },
              { protocol: "tcp" },
            ],
          },
          {},
          { ports: [{ protocol: "any" }] },
        ],
      }),
    );
    const ports = ["3 443-443", "3 8000-8010", "5 0-65535"];
    expect(lines(policy)).toEqual([
      ...ports.map((text) => `+ 10.0.0.0/8 !10.1.0.0/16 !10.2.0.1/32 ${text}`),
      ...ports.map((text) => `+ 20010db800000000:0/32 ${text}`),
      "+ 0:0/0 7 0-65535",
      "+ 0:0/0 7 0-65535",
    ]);
    expect(policy.rules.map((rule) => rule.field)).toEqual([
      ...new Array(6).fill("network.egress.allow[0]"),
      "network.egress.allow[1]",
      "network.egress.allow[2]",
    ]);
    expect(policy.datagrams).toBe(true);
    expect(policy.resolver).toBe(false);
  });

  test("TCP alone needs no packets", () => {
    const rule = { ...cidr("10.0.0.0/8"), ports: [{ protocol: "tcp" as const }] };
    expect(brokered(directional({ allow: [rule] })).datagrams).toBe(false);
    const other = { ...cidr("10.0.0.0/8"), ports: [{ protocol: "icmp" as const }] };
    expect(brokered(directional({ allow: [rule], deny: [other] })).datagrams).toBe(false);
    expect(brokered(directional({ allow: [rule, other] })).datagrams).toBe(true);
  });

  test("a block of IPv6 that has the IPv4-mapped range inside speaks of IPv6 alone", () => {
    const mapped = "!0:ffff00000000/96";
    expect(lines(brokered(directional({ allow: [cidr("::/0"), cidr("::/90", "::1")] })))).toEqual([
      `+ 0:0/0 ${mapped} 7 0-65535`,
      "+ 0:0/90 !0:1/128 7 0-65535",
    ]);
    expect(
      lines(brokered(directional({ allow: [cidr("::/80"), cidr("::ffff:10.0.0.0/104")] }))),
    ).toEqual([`+ 0:0/80 ${mapped} 7 0-65535`, "+ 0:ffff0a000000/104 7 0-65535"]);
  });

  test("too many, once each peer stands with each port", () => {
    const many = (count: number) => ({
      to: Array.from({ length: count }, () => ({ cidr: "10.0.0.0/8", except: [] })),
      ports: Array.from({ length: 256 }, (_, port) => ({
        protocol: "tcp" as const,
        port: port + 1,
      })),
    });
    expect(brokered(directional({ allow: [many(RULES_MAX / 256)] })).rules).toHaveLength(RULES_MAX);
    const { refusals } = ask(directional({ allow: [many(RULES_MAX / 256), {}] }));
    expect(refusals).toMatchObject([{ code: "not_enforceable", field: "network.egress.allow[1]" }]);
  });
});

describe("proxy", () => {
  const proxied = (proxy: string): DirectionalNetwork => ({ ...directional(), proxy });

  test.each(["http://localhost:8080", "http://127.0.0.1:8080", "http://127.1:8080"])(
    "%s: its one endpoint, at the sandbox's address for the host's loopback",
    (url) => {
      const policy = brokered(proxied(url));
      expect(lines(policy)).toEqual(["+ 127.0.0.1/32 1 8080-8080 host"]);
      expect(policy).toMatchObject({
        defaultAllow: false,
        resolver: false,
        datagrams: false,
        proxy: { url: "http://10.0.2.2:8080/" },
      });
      expect(policy.rules[0]?.field).toBe("runtimeConfig.networkProxy");
    },
  );

  test.each([
    ["http://[::1]:8080", "::1"],
    ["http://localhost:0", "port"],
    ["http://user:secret@localhost:80", "credentials"],
    ["http://secret@localhost:80", "credentials"],
  ])("%s is refused, as by MXC, and no secret repeated", (url, word) => {
    const { refusals } = ask(proxied(url));
    expect(refusals).toMatchObject([
      { code: "not_enforceable", field: "runtimeConfig.networkProxy" },
    ]);
    expect(refusals[0]?.message).toContain(word);
    expect(JSON.stringify(refusals)).not.toContain("secret");
  });

  const older = (proxy: LegacyNetwork["proxy"]): LegacyNetwork =>
    legacy({ defaultPolicy: "allow", ...(proxy === undefined ? {} : { proxy }) });

  test.each([
    ["http://127.0.0.9:80", "+ 127.0.0.9/32 1 80-80 host", "http://127.0.0.9/"],
    ["http://192.0.2.7:3128", "+ 192.0.2.7/32 1 3128-3128 host", "http://192.0.2.7:3128/"],
    ["https://[2001:db8::7]", "+ 20010db800000000:7/128 1 443-443 host", "https://[2001:db8::7]/"],
    ["http://0.0.0.0:3128", "+ 127.0.0.1/32 1 3128-3128 host", "http://10.0.2.2:3128/"],
    ["http://[::]:3128", "+ 127.0.0.1/32 1 3128-3128 host", "http://10.0.2.2:3128/"],
    ["http://10.0.2.2:3128", "+ 127.0.0.1/32 1 3128-3128 host", "http://10.0.2.2:3128/"],
    ["http://Proxy.Test:3128", "+ proxy.test 1 3128-3128 host any-head", "http://proxy.test:3128/"],
  ])("the older shape: %s", (url, rule, value) => {
    for (const version of ["0.7.0-alpha", "0.8.0-alpha"] as const) {
      const policy = brokered(older({ kind: "url", url }), { version });
      expect(lines(policy)).toEqual([rule]);
      expect(policy.proxy).toEqual({ url: value });
      expect(policy.defaultAllow).toBe(false);
      expect(policy.resolver).toBe(rule.includes("proxy.test"));
    }
  });

  test("the older shape's port has no slash behind it", () => {
    const policy = brokered(older({ kind: "localhost", port: 3128 }), { version: "0.6.0-alpha" });
    expect(lines(policy)).toEqual(["+ 127.0.0.1/32 1 3128-3128 host"]);
    expect(policy.proxy).toEqual({ url: "http://10.0.2.2:3128" });
  });

  test("built in: by the rules that hold anyway", () => {
    const policy = brokered(older({ kind: "builtinTestServer" }), { version: "0.8.0-alpha" });
    expect(policy).toMatchObject({ defaultAllow: true, proxy: { port: 3128 } });
    expect(brokered(directional(), { flags: { proxy: true } })).toMatchObject({
      rules: [],
      defaultAllow: false,
      proxy: { url: "http://127.0.0.1:3128", port: 3128 },
    });
    expect(
      ask(proxied("http://localhost:1"), { extensions: { proxy: true } }).refusals,
    ).toMatchObject([{ field: "extensions.network.proxy" }]);
  });
});

describe("the older shape", () => {
  const versions = ["0.6.0-alpha", "0.7.0-alpha", "0.8.0-alpha"] as const;

  test("no lists", () => {
    const allow = legacy({ defaultPolicy: "allow" });
    const local = legacy({ allowLocalNetwork: true });
    for (const version of versions) {
      expect(policyOf(legacy(), { version })).toEqual({ kind: "none" });
      expect(policyOf({ ...allow, allowLocalNetwork: true }, { version })).toEqual({
        kind: "host",
      });
      expect(brokered(allow, { version })).toMatchObject({
        rules: [],
        defaultAllow: true,
        ingress: false,
        hostLoopback: false,
      });
      const policy = policyOf(local, { version });
      if (version === "0.8.0-alpha") {
        expect(policy).toMatchObject({ defaultAllow: false, ingress: true, hostLoopback: true });
      } else expect(policy).toEqual({ kind: "none" });
    }
  });

  test("lists, in every mode of enforcement", () => {
    for (const enforcementMode of ["capabilities", "firewall", "both"] as const) {
      const policy = brokered(
        legacy({
          enforcementMode,
          allowedHosts: [
            "Example.COM.",
            "10.0.0.1/8",
            " 192.0.2.1 ",
            "2001:db8::/32",
            "xn--bcher-kva.de",
          ],
          blockedHosts: ["evil.test", "10.1.0.0/16"],
        }),
        { version: "0.7.0-alpha" },
      );
      expect(lines(policy)).toEqual([
        "- evil.test 7 0-65535",
        "- 10.1.0.0/16 7 0-65535",
        "+ example.com 1 0-65535",
        "+ 10.0.0.0/8 7 0-65535",
        "+ 192.0.2.1/32 7 0-65535",
        "+ 20010db800000000:0/32 7 0-65535",
        "+ xn--bcher-kva.de 1 0-65535",
      ]);
      expect(policy.resolver).toBe(true);
      expect(policy.rules[2]?.field).toBe("network.allowedHosts[0]");
    }
  });

  test.each(["*.example.com", "*", "", "a b", "10.0.0.0/33", "[::1]", "1.2.3", "http://x", "a:80"])(
    "%j is no host",
    (host) => {
      const { refusals } = ask(legacy({ allowedHosts: ["ok.test", host], blockedHosts: [host] }));
      expect(refusals).toMatchObject([
        { code: "not_enforceable", field: "network.blockedHosts[0]" },
        { code: "not_enforceable", field: "network.allowedHosts[1]" },
      ]);
    },
  );
});

describe("extensions and flags", () => {
  test("added to what the contract says, denials first in effect", () => {
    const policy = brokered(directional({ allow: [cidr("10.0.0.0/8")] }), {
      extensions: { allow: ["api.test:443"], deny: ["*.bad.test"] },
      flags: { allow: ["localhost:5432"], deny: ["10.9.0.0/16:22"] },
    });
    expect(policy.rules.map((rule) => [rule.field, line(rule)])).toEqual([
      ["network.egress.allow[0]", "+ 10.0.0.0/8 7 0-65535"],
      ["extensions.network.deny[0]", "- *.bad.test 7 0-65535"],
      ["extensions.network.allow[0]", "+ api.test 1 443-443"],
      ["--deny-net=10.9.0.0/16:22", "- 10.9.0.0/16 3 22-22"],
      ["--allow-net=localhost:5432", "+ 127.0.0.1/32 1 5432-5432 host"],
      ["--allow-net=localhost:5432", "+ 0:1/128 1 5432-5432 host"],
    ]);
  });

  test("names need not be given where that is said", () => {
    const policy = brokered(directional(), {
      extensions: { allow: ["a.test", "10.0.0.1"], requireServerName: false },
    });
    expect(lines(policy)).toEqual(["+ a.test 1 0-65535 any-head", "+ 10.0.0.1/32 1 0-65535 host"]);
  });

  test("the host's network stays so under more permissions, not under a denial", () => {
    const open = directional({ default: "allow" }, { default: "allow", hostLoopback: "allow" });
    expect(policyOf(open, { extensions: { allow: ["a.test"] } })).toEqual({ kind: "host" });
    expect(policyOf(open, { flags: { deny: ["a.test"] } })).toMatchObject({ kind: "brokered" });
  });

  test("clients of the host, without the host's services", () => {
    expect(brokered(directional(), { flags: { listen: true } })).toMatchObject({
      rules: [],
      ingress: false,
      listen: true,
      hostLoopback: false,
      datagrams: false,
    });
    expect(policyOf(directional(), { flags: {} })).toEqual({ kind: "none" });
  });

  test("denials alone change nothing about no network", () => {
    expect(policyOf(directional(), { extensions: { deny: ["a.test"] } })).toEqual({ kind: "none" });
    expect(policyOf(directional(), { extensions: {} })).toEqual({ kind: "none" });
  });

  test("all that is wrong is told, each at its place", () => {
    const { refusals } = ask(directional(), {
      extensions: { allow: ["*", "a.test:0"], deny: ["a..b"] },
      flags: { allow: ["x/tls"] },
    });
    expect(refusals.map(({ code, field }) => [code, field])).toEqual([
      ["malformed_request", "extensions.network.deny[0]"],
      ["malformed_request", "extensions.network.allow[0]"],
      ["malformed_request", "extensions.network.allow[1]"],
      ["usage", "--allow-net=x/tls"],
    ]);
  });

  test("who wants records gets a network that decides", () => {
    const reports = { events: "/tmp/e" };
    expect(brokered(directional(), { reports })).toMatchObject({
      rules: [],
      defaultAllow: false,
      reports: { events: "/tmp/e", optional: false, summary: false },
    });
    const open = directional({ default: "allow" }, { default: "allow", hostLoopback: "allow" });
    expect(brokered(open, { reports })).toMatchObject({ defaultAllow: true, hostLoopback: true });
    expect(brokered(directional(), { extensions: { summary: true } }).reports.summary).toBe(true);
    expect(policyOf(directional(), { reports: { summary: true, logFile: "/l" } })).toEqual({
      kind: "none",
    });
    const some = { flags: { allow: ["a.test"] }, reports: { summary: true, logFile: "/l" } };
    expect(brokered(directional(), some).reports).toEqual({
      events: "/l",
      optional: true,
      summary: true,
      debug: "none",
    });
    const quiet = { ...some, extensions: { summary: false } };
    expect(brokered(directional(), quiet).reports.summary).toBe(false);
  });
});
