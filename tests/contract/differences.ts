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

export const DIFFERENCES: readonly Difference[] = [
  {
    id: "legacy-allow-reaches-host-loopback",
    explains: ({ version, network }, theirs, ours) =>
      refusedHere(theirs, ours) &&
      /^0\.[67]\./.test(String(version)) &&
      Object.keys(network as Json).join() === "defaultPolicy",
  },
  {
    id: "host-lists",
    explains: ({ network }, theirs, ours) =>
      refusedHere(theirs, ours) && child({ network }, "network").allowedHosts !== undefined,
  },
  {
    id: "legacy-proxy",
    explains: ({ network }, theirs, ours) =>
      refusedHere(theirs, ours) && child({ network }, "network").proxy !== undefined,
  },
  {
    id: "proxy",
    explains: ({ runtimeConfig }, theirs, ours) =>
      refusedHere(theirs, ours) &&
      child({ runtimeConfig }, "runtimeConfig").networkProxy !== undefined,
  },
  {
    id: "egress-rules",
    explains: ({ network, runtimeConfig }, theirs, ours) =>
      refusedHere(theirs, ours) &&
      runtimeConfig === undefined &&
      child({ network }, "network").egress !== undefined,
  },
  {
    id: "whole-network",
    explains: ({ network }, theirs, ours) =>
      theirs === "not enforceable" &&
      ours === "accepted" &&
      child(child({ network }, "network"), "ingress").hostLoopback === "allow",
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
