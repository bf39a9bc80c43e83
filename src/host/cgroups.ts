/**
 * Where a control group can be made for a sandbox (cgroups(7)). Found out by trying: one is made and
 * removed, since modes alone do not tell what a container or a security module allows.
 */

import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  writeSync,
} from "node:fs";
import { isatty } from "node:tty";
import { join, parentOf } from "../policy/paths.ts";
import { DEFAULT_PIDS, type Policy } from "../policy/policy.ts";
import type { AccountingFacts, ControlGroup, Controller, HostFacts } from "./facts.ts";

const CONTROLLERS: readonly Controller[] = ["memory", "cpu", "cpuacct", "pids"];

/** A file that a new group has if the controller is there. */
const FILES: Readonly<Record<1 | 2, Readonly<Record<Controller, string>>>> = {
  1: {
    memory: "memory.limit_in_bytes",
    cpu: "cpu.cfs_quota_us",
    cpuacct: "cpuacct.usage",
    pids: "pids.max",
  },
  2: { memory: "memory.max", cpu: "cpu.max", cpuacct: "cpu.stat", pids: "pids.max" },
};

type Inherited = AccountingFacts["inherited"];

interface Hierarchy {
  readonly version: 1 | 2;
  readonly mountPoint: string;
  /** Of the whole hierarchy, what is mounted there. */
  readonly root: string;
  /** As /proc/self/cgroup calls it: "" for version 2. */
  readonly names: readonly string[];
}

/** What a policy's limits and statistics ask of the host. */
export function probeLimits({ limits, statistics }: Policy): Partial<HostFacts> {
  const wanted = new Set<Controller>();
  if (limits.memoryMb !== undefined || statistics !== undefined) wanted.add("memory");
  if (limits.cpus !== undefined) wanted.add("cpu");
  if (limits.cpuMs !== undefined || statistics !== undefined) wanted.add("cpuacct");
  if (limits.pids !== DEFAULT_PIDS || statistics !== undefined) wanted.add("pids");
  return {
    ...(wanted.size > 0 ? { accounting: probeAccounting(wanted) } : {}),
    ...(limits.outputMb === undefined ? {} : { printsToTerminal: isatty(1) || isatty(2) }),
  };
}

function probeAccounting(wanted: ReadonlySet<Controller>): AccountingFacts {
  const mountinfo = readFileSync("/proc/self/mountinfo", "utf8");
  const hierarchies = hierarchiesOf(mountinfo);
  const own = ownGroups(readFileSync("/proc/self/cgroup", "utf8"));
  const groups: ControlGroup[] = [];
  const reasons: Partial<Record<Controller, string>> = {};
  const open = new Set(wanted);
  let inherited: Inherited = {};
  for (const hierarchy of hierarchies) {
    const folder = folderOf(hierarchy, own);
    if (folder === undefined) continue;
    if (hierarchy.version === 2) {
      const found = unified(folder, hierarchy.mountPoint, open, reasons);
      if (found === undefined) continue;
      groups.push(found.group);
      inherited = found.inherited;
      for (const controller of found.group.controllers) open.delete(controller);
      continue;
    }
    const here = CONTROLLERS.filter((name) => open.has(name) && hierarchy.names.includes(name));
    if (here.length === 0) continue;
    const made = attempt(folder, 1, here);
    if (typeof made === "string") {
      for (const name of here) reasons[name] = made;
    } else {
      groups.push({ version: 1, parent: folder, controllers: made });
      for (const controller of made) open.delete(controller);
    }
  }
  for (const name of open) reasons[name] ??= `and this host has no '${name}' controller for it`;
  return { groups, reasons, inherited, sampling: sampling(mountinfo) };
}

/** Version 2 goes first: what it has, version 1 does not. */
export function hierarchiesOf(mountinfo: string): readonly Hierarchy[] {
  const out: Hierarchy[] = [];
  for (const line of mountinfo.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const [type, , options = ""] = after.split(" ");
    if (type !== "cgroup" && type !== "cgroup2") continue;
    const [, , , root = "/", mountPoint = ""] = before.split(" ");
    const names = type === "cgroup2" ? [""] : options.split(",");
    out.push({ version: type === "cgroup2" ? 2 : 1, mountPoint, root, names });
  }
  return out.sort((a, b) => b.version - a.version);
}

/** Path of the caller's own group by controller; version 2's by "". */
export function ownGroups(text: string): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, names, ...path] = line.split(":");
    if (names === undefined) continue;
    for (const name of names.split(",")) out.set(name, path.join(":"));
  }
  return out;
}

function folderOf(
  { mountPoint, root, names }: Hierarchy,
  own: ReadonlyMap<string, string>,
): string | undefined {
  const path = names.map((name) => own.get(name)).find((found) => found !== undefined);
  if (path === undefined || path.includes("/..")) return undefined;
  if (root === "/") return path === "/" ? mountPoint : join(mountPoint, path.slice(1));
  if (path === root) return mountPoint;
  return path.startsWith(`${root}/`) ? mountPoint + path.slice(root.length) : undefined;
}

/**
 * A group that has processes has no groups with controllers below it, but for the root: most often
 * the new one has to be beside the caller's own, and takes over what limits that one. The nearest
 * place where most can be had.
 */
function unified(
  own: string,
  mountPoint: string,
  wanted: ReadonlySet<Controller>,
  reasons: Partial<Record<Controller, string>>,
): { readonly group: ControlGroup; readonly inherited: Inherited } | undefined {
  let best: { readonly group: ControlGroup; readonly inherited: Inherited } | undefined;
  let inherited: Inherited = {};
  for (let folder = own; ; folder = parentOf(folder)) {
    const limited = CONTROLLERS.filter(
      (name) => inherited[name === "cpu" ? "cpus" : (name as "memory" | "pids")] !== undefined,
    );
    const available = words(join(folder, "cgroup.controllers"));
    const here = CONTROLLERS.filter(
      (name) =>
        (wanted.has(name) || limited.includes(name)) &&
        (name === "cpuacct" || available.includes(name)),
    );
    const needed = here.filter((name) => name !== "cpuacct");
    // Where no controller is, version 1 has them.
    if (here.length > 0 && (needed.length > 0 || available.length > 0)) {
      enable(folder, needed);
      const made = attempt(folder, 2, here);
      if (typeof made === "string") for (const name of here) reasons[name] ??= made;
      else if (
        limited.every((name) => made.includes(name)) &&
        count(made, wanted) > count(best?.group.controllers ?? [], wanted)
      ) {
        best = { group: { version: 2, parent: folder, controllers: made }, inherited };
      }
      if (best !== undefined && count(best.group.controllers, wanted) === wanted.size) break;
    }
    if (folder === mountPoint || folder === "/") break;
    inherited = stricter(inherited, limitsOf(folder));
  }
  return best;
}

function count(controllers: readonly Controller[], wanted: ReadonlySet<Controller>): number {
  return controllers.filter((name) => wanted.has(name)).length;
}

function stricter(a: Inherited, b: Inherited): Inherited {
  const out: Record<string, number> = { ...a };
  for (const [name, value] of Object.entries(b)) out[name] = Math.min(out[name] ?? value, value);
  return out;
}

/**
 * For groups below; one that cannot be is not there when it is tried. Not in a group that has
 * processes, where some can be had for threads alone; the root, which has no type, may have both.
 */
function enable(folder: string, controllers: readonly string[]): void {
  const type = words(join(folder, "cgroup.type"));
  if (type.length > 0 && words(join(folder, "cgroup.procs"))[0] !== "") return;
  const file = join(folder, "cgroup.subtree_control");
  const enabled = words(file);
  for (const name of controllers) {
    if (!enabled.includes(name)) writeFile(file, `+${name}`);
  }
}

/** Those of the controllers that a new group has; or why there is none. */
function attempt(
  parent: string,
  version: 1 | 2,
  controllers: readonly Controller[],
): readonly Controller[] | string {
  const folder = join(parent, ownerName());
  try {
    // Moving a process takes the right to write to the group that is above its old and its new one.
    if (version === 2) accessSync(join(parent, "cgroup.procs"), constants.W_OK);
    mkdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return `and none can be made in '${parent}' (${code})`;
  }
  try {
    if (version === 2 && words(join(folder, "cgroup.type"))[0] !== "domain") {
      return `and '${parent}' is for threads`;
    }
    const found = controllers.filter((name) => existsSync(join(folder, FILES[version][name])));
    return found.length > 0 ? found : `and '${parent}' passes no controller on`;
  } finally {
    rmdirSync(folder);
  }
}

/** As the supervisor calls its own, which removes what an owner left that is gone. */
function ownerName(): string {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8);
  const namespace = readlinkSync("/proc/self/ns/pid").replaceAll(/\D/g, "");
  return `mxc-${stat.slice(0, stat.indexOf(" "))}-${started}-${boot}-${namespace}`;
}

/** proc(5): the list of children is an option of the kernel, and hidepid hides the sandbox's init. */
function sampling(mountinfo: string): true | string {
  if (!existsSync("/proc/thread-self/children")) {
    return "this kernel has no /proc/PID/task/TID/children (CONFIG_PROC_CHILDREN)";
  }
  const proc = mountinfo.split("\n").findLast((line) => line.split(" ")[4] === "/proc") ?? "";
  return /[ ,]hidepid=(?!0|off)/.test(proc) && process.getuid?.() !== 0
    ? "/proc is mounted with hidepid"
    : true;
}

/** What the caller may have is what the workload may have, also beside the caller's own group. */
function limitsOf(folder: string): Inherited {
  const memory = Number(words(join(folder, "memory.max"))[0]);
  const [quota, period] = words(join(folder, "cpu.max")).map(Number);
  const pids = Number(words(join(folder, "pids.max"))[0]);
  const cpus = (quota ?? Number.NaN) / (period ?? Number.NaN);
  return {
    ...(Number.isFinite(memory) ? { memory } : {}),
    ...(Number.isFinite(cpus) ? { cpus } : {}),
    ...(Number.isFinite(pids) ? { pids } : {}),
  };
}

function words(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").trim().split(/\s+/);
  } catch {
    return [];
  }
}

function writeFile(file: string, text: string): void {
  try {
    const fd = openSync(file, "w");
    try {
      writeSync(fd, text);
    } finally {
      closeSync(fd);
    }
  } catch {
    // Not ours to change, or one that has processes (EBUSY).
  }
}
