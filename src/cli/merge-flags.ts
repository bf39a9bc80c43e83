/** Flags on top of a config, or in place of one. Paths are taken from the caller's folder. */

import {
  isRolling,
  type NetworkFlags,
  type NetworkRequest,
  type Request,
} from "../contract/request.ts";
import { MxcError } from "../errors.ts";
import type { ReportOptions } from "../policy/network.ts";
import type { ParsedFlags } from "./flags.ts";
import { mergeLimits } from "./limit-flags.ts";

/** What flags alone ask for: the newest stable contract's defaults. */
const EMPTY: Request = {
  version: "1.0.0",
  containment: "process",
  lifecycle: { destroyOnExit: true, preservePolicy: false },
  process: { command: { kind: "argv", argv: [] }, inheritDefaultEnv: true, timeoutMs: 0 },
  filesystem: { readwritePaths: [], readonlyPaths: [], deniedPaths: [] },
  network: {
    kind: "directional",
    egress: { default: "deny", allow: [], deny: [] },
    ingress: { default: "deny", hostLoopback: "deny" },
  },
  ui: { disable: true, clipboard: "none", injection: false },
  fallback: { allowDaclMutation: true },
  sections: {},
  extensions: {},
};

export function mergeFlags(config: Request | undefined, flags: ParsedFlags): Request {
  const base = config ?? EMPTY;
  const { process: own } = base;
  const cwd = flags.values.get("cwd");
  const env = environment(flags);
  const command =
    flags.rest === undefined ? own.command : { kind: "argv" as const, argv: flags.rest };
  if (command.kind === "argv" && (command.argv[0] ?? "") === "") {
    throw new MxcError({ code: "usage", field: "", message: "there is no command behind '--'" });
  }
  return {
    ...base,
    process: {
      ...own,
      command,
      ...(cwd === undefined ? {} : { cwd: absolute(cwd) }),
      ...(env.length === 0
        ? {}
        : {
            env: [...(own.env ?? []), ...env],
            inheritDefaultEnv: hasDefaultEnvironment(base),
          }),
      timeoutMs: timeout(flags) ?? own.timeoutMs,
    },
    filesystem: {
      readonlyPaths: [
        ...base.filesystem.readonlyPaths,
        ...paths(flags, "allow-read"),
        ...paths(flags, "deny-write"),
      ],
      readwritePaths: [...base.filesystem.readwritePaths, ...paths(flags, "allow-write")],
      deniedPaths: [...base.filesystem.deniedPaths, ...paths(flags, "deny")],
    },
    ...network(base.network, flags),
    ...mergeLimits({ ...base, ...tier(base, flags) }, flags),
  };
}

function tier(base: Request, { values }: ParsedFlags): Pick<Request, "extensions"> | undefined {
  const wanted = values.get("tier");
  if (wanted === undefined) return undefined;
  if (wanted !== "namespace" && wanted !== "landlock") {
    const message = `--tier=${wanted} is not a tier. Expected 'namespace' or 'landlock'`;
    throw new MxcError({ code: "usage", field: "", message });
  }
  return { extensions: { ...base.extensions, tier: wanted } };
}

/**
 * A variable on top of none asked for does not take the defaults away; contracts before 0.9 have
 * none to take.
 */
function hasDefaultEnvironment({ version, process: own }: Request): boolean {
  return own.env === undefined ? !isRolling(version) : own.inheritDefaultEnv;
}

/** Bare, the flag opens everything that the config does not deny. */
function network(
  base: NetworkRequest,
  { switches, lists }: ParsedFlags,
): Pick<Request, "network" | "networkFlags"> {
  const allow = lists.get("allow-net");
  const own: NetworkFlags = {
    allow: allow ?? [],
    deny: lists.get("deny-net") ?? [],
    listen: switches.has("allow-listen"),
    hostLoopback: switches.has("allow-host-loopback"),
    proxy: switches.has("net-proxy"),
  };
  const any = own.allow.length + own.deny.length > 0 || own.listen || own.hostLoopback || own.proxy;
  return {
    network: allow?.length === 0 ? opened(base) : base,
    ...(any ? { networkFlags: own } : {}),
  };
}

function opened(base: NetworkRequest): NetworkRequest {
  if (base.kind === "legacy") {
    const { proxy, ...rest } = base;
    return { ...rest, defaultPolicy: "allow", allowLocalNetwork: true, allowedHosts: [] };
  }
  return {
    kind: "directional",
    egress: { default: "allow", allow: [], deny: base.egress.deny },
    ingress: { default: "allow", hostLoopback: "allow" },
  };
}

/** What is told of the network's decisions. */
export function reportsOf({ switches, values }: ParsedFlags): ReportOptions {
  const events = values.get("events");
  const logFile = values.get("log-file");
  return {
    ...(events === undefined ? {} : { events: absolute(events) }),
    ...(logFile === undefined ? {} : { logFile: absolute(logFile) }),
    summary: true,
    debug: switches.has("debug") ? "stderr" : "none",
  };
}

function paths(flags: ParsedFlags, name: string): string[] {
  const list = flags.lists.get(name);
  if (list === undefined) return [];
  return list.length === 0 ? ["/"] : list.map(absolute);
}

function absolute(path: string): string {
  if (path.startsWith("/")) return path;
  if (path === "~" || path.startsWith("~/")) {
    const home = process.env.HOME;
    if (home !== undefined) return home + path.slice(1);
  }
  return `${process.cwd()}/${path}`;
}

function environment(flags: ParsedFlags): string[] {
  const out: string[] = [];
  const passed = flags.lists.get("allow-env");
  const names = passed?.length === 0 ? Object.keys(process.env) : (passed ?? []);
  for (const name of names) {
    const value = process.env[name];
    if (value !== undefined) out.push(`${name}=${value}`);
  }
  for (const entry of flags.lists.get("env") ?? []) {
    if (entry.indexOf("=") > 0) out.push(entry);
    else
      throw new MxcError({ code: "usage", field: "", message: `--env=${entry} is not NAME=VALUE` });
  }
  return out;
}

function timeout(flags: ParsedFlags): number | undefined {
  const text = flags.values.get("timeout");
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 0xffff_ffff) return value;
  throw new MxcError({
    code: "usage",
    field: "",
    message: `--timeout=${text} is not a whole number of milliseconds`,
  });
}
