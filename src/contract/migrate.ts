/** A valid document of any version to the one Request, defaults written out. Pure. */

import type {
  Containment,
  ContractVersion,
  DirectionalNetwork,
  Extensions,
  LegacyNetwork,
  LegacyProxy,
  NetworkRule,
  Request,
} from "./request.ts";

/** A document that its version's validator has passed. */
export interface Document {
  readonly version?: string | null;
  readonly phase?: string | null;
  readonly sandboxId?: string | null;
  readonly correlationVector?: string | null;
  readonly containerId?: string | null;
  readonly containment?: string | null;
  readonly lifecycle?: {
    readonly destroyOnExit?: boolean | null;
    readonly preservePolicy?: boolean | null;
  } | null;
  readonly process?: {
    readonly commandLine?: string | null;
    readonly cwd?: string | null;
    readonly env?: readonly string[] | null;
    readonly inheritDefaultEnv?: boolean;
    readonly timeout?: number | null;
  } | null;
  readonly filesystem?: {
    readonly readwritePaths?: readonly string[] | null;
    readonly readonlyPaths?: readonly string[] | null;
    readonly deniedPaths?: readonly string[] | null;
  } | null;
  readonly network?: NetworkDocument | null;
  readonly runtimeConfig?: { readonly networkProxy?: string | null } | null;
  readonly ui?: {
    readonly disable?: boolean | null;
    readonly clipboard?: Request["ui"]["clipboard"] | null;
    readonly injection?: boolean | null;
  } | null;
  readonly fallback?: { readonly allowDaclMutation?: boolean | null } | null;
  readonly lxc?: { readonly distribution?: string | null; readonly release?: string | null } | null;
  readonly processContainer?: SectionDocument | null;
  readonly appContainer?: SectionDocument | null;
  readonly seatbelt?: SectionDocument | null;
  readonly macos_sandbox?: SectionDocument | null;
  readonly wslc?: SectionDocument | null;
  readonly hyperlight?: { readonly runtime?: string } | null;
  readonly windowsSandbox?: SectionDocument | null;
  readonly experimental?: Readonly<Record<string, SectionDocument | null | undefined>> | null;
  readonly extensions?: Extensions | null;
}

export type SectionDocument = Readonly<Record<string, unknown>>;

export interface RuleDocument {
  readonly to?:
    | readonly { readonly cidr: string; readonly except?: readonly string[] | null }[]
    | null;
  readonly ports?:
    | readonly {
        readonly protocol?: "tcp" | "udp" | "icmp" | "any" | null;
        readonly port?: number | null;
        readonly endPort?: number | null;
      }[]
    | null;
}

export interface NetworkDocument {
  readonly defaultPolicy?: "allow" | "block" | null;
  readonly enforcementMode?: "capabilities" | "firewall" | "both" | null;
  readonly allowedHosts?: readonly string[] | null;
  readonly blockedHosts?: readonly string[] | null;
  readonly allowLocalNetwork?: boolean | null;
  readonly proxy?: {
    readonly localhost?: number | null;
    readonly url?: string | null;
    readonly builtinTestServer?: boolean | null;
  } | null;
  readonly egress?: {
    readonly default?: "allow" | "deny" | null;
    readonly allow?: readonly RuleDocument[] | null;
    readonly deny?: readonly RuleDocument[] | null;
  } | null;
  readonly ingress?: {
    readonly default?: "allow" | "deny" | null;
    readonly hostLoopback?: "allow" | "deny" | null;
  } | null;
}

export const CONTAINMENT_ALIASES: Readonly<Record<string, Containment>> = {
  appcontainer: "processcontainer",
  macos_sandbox: "seatbelt",
};

export function containmentOf(document: Document): Containment {
  const written = document.containment ?? "process";
  return CONTAINMENT_ALIASES[written] ?? (written as Containment);
}

export function toRequest(document: Document, version: ContractVersion): Request {
  const { process, filesystem, lifecycle, ui } = document;
  const cwd = process?.cwd ?? "";
  const env = process?.env ?? undefined;
  return {
    version,
    ...(typeof document.containerId === "string" ? { containerId: document.containerId } : {}),
    containment: containmentOf(document),
    lifecycle: {
      destroyOnExit: lifecycle?.destroyOnExit ?? true,
      preservePolicy: lifecycle?.preservePolicy ?? false,
    },
    process: {
      command: { kind: "shell", commandLine: process?.commandLine ?? "" },
      ...(cwd === "" ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
      inheritDefaultEnv: process?.inheritDefaultEnv ?? false,
      timeoutMs: process?.timeout ?? 0,
    },
    filesystem: {
      readwritePaths: filesystem?.readwritePaths ?? [],
      readonlyPaths: filesystem?.readonlyPaths ?? [],
      deniedPaths: filesystem?.deniedPaths ?? [],
    },
    network: isLegacyNetwork(document, version)
      ? legacyNetwork(document.network)
      : directional(document, version),
    ui: {
      disable: ui?.disable ?? true,
      clipboard: ui?.clipboard ?? "none",
      injection: ui?.injection ?? false,
    },
    fallback: { allowDaclMutation: document.fallback?.allowDaclMutation ?? true },
    sections: sectionsOf(document),
    extensions: document.extensions ?? {},
  };
}

const LEGACY_FIELDS = [
  "defaultPolicy",
  "enforcementMode",
  "allowedHosts",
  "blockedHosts",
  "allowLocalNetwork",
  "proxy",
] as const;

/** Fields of the shape before 0.8 that the document states. */
export function legacyFieldsOf(network: NetworkDocument | null | undefined): readonly string[] {
  return LEGACY_FIELDS.filter((name) => network?.[name] !== undefined && network[name] !== null);
}

/** 0.6 and 0.7 always; 0.8 where it states such a field, and no network means directional deny. */
function isLegacyNetwork(document: Document, version: ContractVersion): boolean {
  if (version === "0.6.0-alpha" || version === "0.7.0-alpha") return true;
  return version === "0.8.0-alpha" && legacyFieldsOf(document.network).length > 0;
}

function legacyNetwork(network: NetworkDocument | null | undefined): LegacyNetwork {
  const proxy = legacyProxy(network);
  return {
    kind: "legacy",
    defaultPolicy: network?.defaultPolicy ?? "block",
    enforcementMode: network?.enforcementMode ?? "capabilities",
    allowedHosts: network?.allowedHosts ?? [],
    blockedHosts: network?.blockedHosts ?? [],
    allowLocalNetwork: network?.allowLocalNetwork ?? false,
    ...(proxy === undefined ? {} : { proxy }),
  };
}

/** Where several are written, the first of these counts, as in the reference. */
function legacyProxy(network: NetworkDocument | null | undefined): LegacyProxy | undefined {
  const proxy = network?.proxy;
  if (proxy?.builtinTestServer === true) return { kind: "builtinTestServer" };
  if (typeof proxy?.localhost === "number") return { kind: "localhost", port: proxy.localhost };
  if (typeof proxy?.url === "string") return { kind: "url", url: proxy.url };
  return undefined;
}

function directional(document: Document, version: ContractVersion): DirectionalNetwork {
  const { egress, ingress } = document.network ?? {};
  const proxy = document.runtimeConfig?.networkProxy ?? undefined;
  return {
    kind: "directional",
    egress: {
      default: egress?.default ?? "deny",
      allow: rulesOf(egress?.allow ?? [], version),
      deny: rulesOf(egress?.deny ?? [], version),
    },
    ingress: {
      default: ingress?.default ?? "deny",
      hostLoopback: ingress?.hostLoopback ?? "deny",
    },
    ...(proxy === undefined ? {} : { proxy }),
  };
}

/** From 0.9 on a rule is what it says, of which there may be ten thousand. */
function rulesOf(rules: readonly RuleDocument[], version: ContractVersion): readonly NetworkRule[] {
  return version === "0.8.0-alpha" ? rules.map(ruleOf) : (rules as readonly NetworkRule[]);
}

/** In 0.8, `null` is absent. */
function ruleOf(rule: RuleDocument): NetworkRule {
  return {
    ...(rule.to == null
      ? {}
      : {
          to: rule.to.map(({ cidr, except }) => ({ cidr, ...(except == null ? {} : { except }) })),
        }),
    ...(rule.ports == null
      ? {}
      : {
          ports: rule.ports.map(({ protocol, port, endPort }) => ({
            ...(protocol == null ? {} : { protocol }),
            ...(port == null ? {} : { port }),
            ...(endPort == null ? {} : { endPort }),
          })),
        }),
  };
}

function sectionsOf(document: Document): Request["sections"] {
  const processContainer = document.processContainer ?? document.appContainer;
  const seatbelt = document.seatbelt ?? document.macos_sandbox;
  const wslc = document.wslc ?? document.experimental?.wslc;
  const windowsSandbox = document.windowsSandbox ?? document.experimental?.windows_sandbox;
  const { lxc, hyperlight } = document;
  return {
    ...(processContainer == null ? {} : { processContainer }),
    ...(seatbelt == null ? {} : { seatbelt }),
    ...(wslc == null ? {} : { wslc }),
    ...(windowsSandbox == null ? {} : { windowsSandbox }),
    ...(lxc == null
      ? {}
      : {
          lxc: {
            ...(lxc.distribution == null ? {} : { distribution: lxc.distribution }),
            ...(lxc.release == null ? {} : { release: lxc.release }),
          },
        }),
    ...(hyperlight == null ? {} : { hyperlight: { runtime: hyperlight.runtime ?? "agent" } }),
  };
}
