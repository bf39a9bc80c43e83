/**
 * The one request type behind every contract version: what `parseRequest` returns and the policy
 * layer reads. Shapes only; nothing here validates, resolves or performs anything.
 */

export const CONTRACT_VERSIONS = [
  "0.6.0-alpha",
  "0.7.0-alpha",
  "0.8.0-alpha",
  "0.9.0-alpha",
  "1.0.0",
  "1.1.0-alpha",
] as const;

export type ContractVersion = (typeof CONTRACT_VERSIONS)[number];

/** Contracts 0.6 to 0.8: one shape, read by the older reference. */
export function isRolling(version: ContractVersion): boolean {
  return version === "0.6.0-alpha" || version === "0.7.0-alpha" || version === "0.8.0-alpha";
}

export type Containment =
  | "process"
  | "bubblewrap"
  | "processcontainer"
  | "seatbelt"
  | "lxc"
  | "microvm"
  | "hyperlight"
  | "vm"
  | "windows_sandbox"
  | "wslc"
  | "isolation_session";

/** How the workload is started: MXC's `commandLine` through `sh -c`, or an argv without a shell. */
export type Command =
  | { readonly kind: "shell"; readonly commandLine: string }
  | { readonly kind: "argv"; readonly argv: readonly string[] };

export interface ProcessRequest {
  readonly command: Command;
  /** Absent when the request says nothing or `""`. */
  readonly cwd?: string;
  /** `KEY=VALUE` entries; absent is not the same as empty (contract §5.2). */
  readonly env?: readonly string[];
  readonly inheritDefaultEnv: boolean;
  /** Milliseconds; 0 means no limit. */
  readonly timeoutMs: number;
}

export interface FilesystemRequest {
  readonly readwritePaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly deniedPaths: readonly string[];
}

export interface NetworkPeer {
  readonly cidr: string;
  readonly except?: readonly string[];
}

export interface NetworkPort {
  /** Absent means any. */
  readonly protocol?: "tcp" | "udp" | "icmp" | "any";
  readonly port?: number;
  readonly endPort?: number;
}

/** `to` or `ports` absent means every address or every port and protocol. */
export interface NetworkRule {
  readonly to?: readonly NetworkPeer[];
  readonly ports?: readonly NetworkPort[];
}

export type Verdict = "allow" | "deny";

/** The directional shape (contract 0.8 and later). */
export interface DirectionalNetwork {
  readonly kind: "directional";
  readonly egress: {
    readonly default: Verdict;
    readonly allow: readonly NetworkRule[];
    readonly deny: readonly NetworkRule[];
  };
  readonly ingress: { readonly default: Verdict; readonly hostLoopback: Verdict };
  /** `runtimeConfig.networkProxy`. */
  readonly proxy?: string;
}

export type LegacyProxy =
  | { readonly kind: "localhost"; readonly port: number }
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "builtinTestServer" };

/** The shape of contracts 0.6 and 0.7 (and of 0.8 where it does not use the directional one). */
export interface LegacyNetwork {
  readonly kind: "legacy";
  readonly defaultPolicy: "allow" | "block";
  readonly enforcementMode: "capabilities" | "firewall" | "both";
  readonly allowedHosts: readonly string[];
  readonly blockedHosts: readonly string[];
  readonly allowLocalNetwork: boolean;
  readonly proxy?: LegacyProxy;
}

export type NetworkRequest = DirectionalNetwork | LegacyNetwork;

export interface UiRequest {
  readonly disable: boolean;
  readonly clipboard: "none" | "read" | "write" | "all";
  readonly injection: boolean;
}

/** Of the whole sandbox, where nothing else is said. */
export interface Limits {
  readonly memoryMb?: number;
  /** Processors' worth of time. */
  readonly cpus?: number;
  /** Processes and threads at one time. */
  readonly pids?: number;
  /** Of each process. */
  readonly openFiles?: number;
  /** Of each file. */
  readonly fileSizeMb?: number;
  /** Size of the private /tmp. */
  readonly diskMb?: number;
  readonly wallMs?: number;
  readonly cpuMs?: number;
  /** Standard output and standard error together. */
  readonly outputMb?: number;
  /** Limits that must not be kept by sampling alone. */
  readonly required?: readonly LimitName[];
}

export type LimitName = Exclude<keyof Limits, "required">;

/** What a run took, told at its end. */
export type Statistics = "text" | "json";

/** What MXC has no field for; valid with every contract version. */
export interface Extensions {
  /** Insist on (`require`) one containment tier. */
  readonly tier?: "namespace" | "landlock";
  readonly limits?: Limits;
  readonly network?: {
    /** Destinations: `HOST[:PORT[-PORT]][/PROTOCOL]`. */
    readonly allow?: readonly string[];
    readonly deny?: readonly string[];
    /** Connections granted by name must name it in TLS' SNI or HTTP's Host; true if absent. */
    readonly requireServerName?: boolean;
    /** A proxy on the sandbox's loopback, for clients that want one. */
    readonly proxy?: boolean;
    /** Denied destinations on stderr at the end. */
    readonly summary?: boolean;
  };
}

/** What flags add to the network. */
export interface NetworkFlags {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  /** Clients of this host may connect to what the workload listens on. */
  readonly listen: boolean;
  /** The host's loopback and the sandbox's reach each other. */
  readonly hostLoopback: boolean;
  readonly proxy: boolean;
}

/** Settings of one backend, kept as the contract wrote them; only that backend reads them. */
export interface BackendSections {
  readonly processContainer?: Readonly<Record<string, unknown>>;
  readonly lxc?: { readonly distribution?: string; readonly release?: string };
  readonly seatbelt?: Readonly<Record<string, unknown>>;
  readonly wslc?: Readonly<Record<string, unknown>>;
  readonly hyperlight?: { readonly runtime: string };
  readonly windowsSandbox?: Readonly<Record<string, unknown>>;
}

export interface Request {
  readonly version: ContractVersion;
  readonly containerId?: string;
  readonly containment: Containment;
  readonly lifecycle: { readonly destroyOnExit: boolean; readonly preservePolicy: boolean };
  readonly process: ProcessRequest;
  readonly filesystem: FilesystemRequest;
  readonly network: NetworkRequest;
  readonly networkFlags?: NetworkFlags;
  readonly ui: UiRequest;
  readonly fallback: { readonly allowDaclMutation: boolean };
  readonly sections: BackendSections;
  readonly extensions: Extensions;
  /** Asked for by a flag. */
  readonly statistics?: Statistics;
}

/**
 * One thing wrong with a config. `path` is a JSON path such as `filesystem.readonlyPaths[0]`,
 * empty for the document itself; `value` is the offending value as JSON text, shortened.
 */
export interface Issue {
  readonly path: string;
  readonly message: string;
  readonly value?: string;
  readonly expected?: string;
  /** Nearest known name, for a misspelt field or enum value. */
  readonly nearest?: string;
  /** 1-based; present where the text itself is at fault. */
  readonly line?: number;
  readonly column?: number;
}
