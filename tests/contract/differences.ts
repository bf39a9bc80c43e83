/** The intended differences of verdicts: docs/differences.md gives each its reason. */

import type { Outcome } from "./outcome.ts";

type Json = Record<string, unknown>;

export interface Difference {
  readonly id: string;
  explains(document: Json, theirs: Outcome, ours: Outcome): boolean;
}

const child = (value: unknown, name: string): Json =>
  ((value as Json | null | undefined)?.[name] ?? {}) as Json;

const ELSEWHERE = [
  "processcontainer",
  "appcontainer",
  "seatbelt",
  "macos_sandbox",
  "wslc",
  "vm",
  "windows_sandbox",
  "isolation_session",
];

const refusedHere = (theirs: Outcome, ours: Outcome) =>
  theirs === "accepted" && ours === "not enforceable";

const acceptedHere = (theirs: Outcome, ours: Outcome) =>
  theirs === "not enforceable" && ours === "accepted";

const hostsOf = (network: unknown): readonly string[] => {
  const { allowedHosts = [], blockedHosts = [] } = child({ network }, "network");
  return [...(allowedHosts as string[]), ...(blockedHosts as string[])];
};

export const DIFFERENCES: readonly Difference[] = [
  {
    id: "legacy-wildcard",
    explains: ({ network }, theirs, ours) =>
      refusedHere(theirs, ours) && hostsOf(network).some((host) => host.includes("*")),
  },
  {
    id: "legacy-proxy-loopback",
    explains: ({ network }, theirs, ours) =>
      refusedHere(theirs, ours) &&
      String(child(child({ network }, "network"), "proxy").url).startsWith("http://[::1]"),
  },
  {
    id: "legacy-local-network",
    explains: ({ version, network }, theirs, ours) =>
      acceptedHere(theirs, ours) &&
      version === "0.8.0-alpha" &&
      ["defaultPolicy", "allowLocalNetwork"].includes(Object.keys(network as Json).join()),
  },
  {
    id: "host-lists",
    explains: ({ network }, theirs, ours) =>
      acceptedHere(theirs, ours) && hostsOf(network).length > 0,
  },
  {
    id: "built-in-proxy",
    explains: ({ network }, theirs, ours) =>
      acceptedHere(theirs, ours) &&
      child(child({ network }, "network"), "proxy").builtinTestServer === true,
  },
  {
    id: "ingress",
    explains: ({ network }, theirs, ours) => {
      const { hostLoopback, default: others } = child(child({ network }, "network"), "ingress");
      return acceptedHere(theirs, ours) && (hostLoopback === "allow") !== (others === "allow");
    },
  },
  {
    id: "whole-network",
    explains: ({ network }, theirs, ours) => {
      const { hostLoopback, default: others } = child(child({ network }, "network"), "ingress");
      return acceptedHere(theirs, ours) && hostLoopback === "allow" && others === "allow";
    },
  },
  {
    id: "whole-family",
    explains: ({ network }, theirs, ours) =>
      acceptedHere(theirs, ours) && JSON.stringify(network).includes('"::/0"'),
  },
  {
    id: "containment-of-another-system",
    explains: ({ containment }, theirs, ours) =>
      theirs === "accepted" && ours === "backend" && ELSEWHERE.includes(String(containment)),
  },
  {
    id: "lxc",
    explains: ({ containment }, theirs, ours) =>
      theirs === "accepted" && ours === "backend" && containment === "lxc",
  },
  {
    id: "array-for-object",
    explains: ({ filesystem }, theirs, ours) =>
      theirs === "accepted" && ours === "config" && Array.isArray(filesystem),
  },
];
