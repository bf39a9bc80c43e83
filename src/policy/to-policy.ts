/** Request to Policy: defaults made explicit, what cannot be meant refused. Pure. */

import type { FilesystemRequest, Request } from "../contract/request.ts";
import type { Refusal } from "../errors.ts";
import { toEnvironment } from "./environment.ts";
import { NO_REPORTS, type ReportOptions, toNetworkPolicy } from "./network.ts";
import { isWithin, normalise } from "./paths.ts";
import {
  type Access,
  DEFAULT_DISK_MB,
  DEFAULT_PIDS,
  type Grant,
  type LimitsPolicy,
  type Policy,
} from "./policy.ts";

export type PolicyResult =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly refusals: readonly [Refusal, ...Refusal[]] };

export function toPolicy(request: Request, reports: ReportOptions = NO_REPORTS): PolicyResult {
  const refusals: Refusal[] = [];
  const grants = toGrants(request.filesystem, refusals);
  const network = toNetworkPolicy(request, reports, refusals);
  const proxy = network.kind === "brokered" ? network.proxy : undefined;
  const env = toEnvironment(request.process, request.version, proxy);
  if ("code" in env) refusals.push(env);
  const limits = toLimits(request, refusals);
  const [first, ...rest] = refusals;
  if (first !== undefined || "code" in env) {
    return { ok: false, refusals: [first as Refusal, ...rest] };
  }
  const { command, cwd, timeoutMs } = request.process;
  return {
    ok: true,
    policy: {
      ...(request.extensions.tier === undefined ? {} : { tier: request.extensions.tier }),
      grants,
      network,
      process: {
        command,
        // A relative folder is one below the sandbox's root, as in MXC.
        ...(cwd === undefined ? {} : { cwd: normalise(`/${cwd}`) }),
        env,
        timeoutMs,
      },
      limits,
      ...(request.statistics === undefined ? {} : { statistics: request.statistics }),
      ...(reports.events === undefined ? {} : { events: reports.events }),
    },
  };
}

const LISTS: readonly (readonly [keyof FilesystemRequest, Access])[] = [
  ["deniedPaths", "denied"],
  ["readonlyPaths", "read"],
  ["readwritePaths", "write"],
];

const STRICTNESS: Record<Access, number> = { denied: 0, read: 1, write: 2 };

export function strictest(a: Access, b: Access): Access {
  return STRICTNESS[a] <= STRICTNESS[b] ? a : b;
}

function toGrants(filesystem: FilesystemRequest, refusals: Refusal[]): readonly Grant[] {
  const grants = new Map<string, Grant>();
  for (const [list, access] of LISTS) {
    for (const [index, raw] of filesystem[list].entries()) {
      const field = `filesystem.${list}[${index}]`;
      const refusal = refusePath(raw, access, field);
      if (refusal !== undefined) {
        refusals.push(refusal);
        continue;
      }
      const path = normalise(raw);
      // The lists are read strictest first, so what stands already is as strict or stricter.
      if (!grants.has(path)) grants.set(path, { path, access, field });
    }
  }
  return [...grants.values()];
}

function refusePath(raw: string, access: Access, field: string): Refusal | undefined {
  if (!raw.startsWith("/")) {
    return {
      code: "path_unavailable",
      field,
      message: `'${raw}' is not an absolute path`,
      remedy: raw.startsWith("~")
        ? "'~' is not expanded in a config: write the folder out."
        : "Write it from '/'; on the command line, --allow-read and --allow-write take relative paths.",
    };
  }
  const path = normalise(raw);
  if (access === "denied") {
    if (path === "/") return deniedRoot({ path, access, field });
    return isOfProcess(path) ? deniedProcess({ path, access, field }) : undefined;
  }
  if (isWithin(path, "/proc")) return hostProc({ path, access, field });
  return undefined;
}

export function deniedRoot({ field }: Grant): Refusal {
  return { code: "path_unavailable", field, message: "denying '/' leaves nothing to run" };
}

/** `/proc/self`, `/proc/thread-self` and `/proc/PID`, and what is in them. */
export function isOfProcess(path: string): boolean {
  return /^\/proc\/(self|thread-self|\d+)(\/|$)/.test(path);
}

export function deniedProcess({ path, field }: Grant): Refusal {
  return {
    code: "not_enforceable",
    field,
    message: `'${path}' cannot be denied: it is another file for every process`,
    remedy:
      "The sandbox has a /proc of its own, which shows its own processes only; remove the path.",
  };
}

/** Also asked by the plan, of what a path turns out to be on the host. */
export function hostProc({ path, field }: Grant): Refusal {
  return {
    code: "not_enforceable",
    field,
    message: `'${path}' cannot be granted: the host's /proc hands over other processes and the kernel's settings`,
    remedy: "The sandbox has a /proc of its own; remove the path.",
  };
}

function toLimits(request: Request, refusals: Refusal[]): LimitsPolicy {
  const { pids, diskMb, required, ...others } = request.extensions.limits ?? {};
  const set = request.extensions.limits ?? {};
  for (const [index, name] of (required ?? []).entries()) {
    if (set[name] !== undefined) continue;
    refusals.push({
      code: "malformed_request",
      field: `extensions.limits.required[${index}]`,
      message: `'${name}' is required, and is no limit of this config`,
      remedy: `Set extensions.limits.${name}, or take it from the list.`,
    });
  }
  return {
    pids: pids ?? DEFAULT_PIDS,
    diskMb: diskMb ?? DEFAULT_DISK_MB,
    ...others,
    ...(required === undefined || required.length === 0 ? {} : { required }),
  };
}
