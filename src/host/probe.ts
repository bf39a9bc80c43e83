/** Looks the policy's paths up on this host. Reads only; changes nothing. */

import {
  accessSync,
  type BigIntStats,
  constants,
  type Dirent,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
} from "node:fs";
import { BASELINE_PATHS } from "../native/abi.generated.ts";
import { isWithin, join, parentOf } from "../policy/paths.ts";
import type { Policy } from "../policy/policy.ts";
import { factsOfCaller } from "./caller.ts";
import type { HostFacts, HostObject, ObjectType, PathFacts } from "./facts.ts";
import { findKernelMounts, Mounts } from "./mounts.ts";

/** As the kernel (path_resolution(7)). */
const MAX_LINKS = 40;

/** Objects looked at in the search for a denied file's other names; above it, the plan refuses. */
export const LINK_SEARCH_MAX = 1_000_000;

/** Access and modification are not looked at, so that one lookup serves the whole probe. */
class Resolver {
  readonly links = new Map<string, string>();
  readonly #entries = new Map<string, Stats | undefined>();
  readonly #folders = new Map<string, string>();

  lookup(path: string): PathFacts {
    const folder = parentOf(path);
    const known = this.#folders.get(folder);
    // Nearly all paths of a large policy share a few folders.
    if (known !== undefined && !path.endsWith("/..")) {
      const facts = this.#walk(known, [path.slice(folder === "/" ? 1 : folder.length + 1)]);
      return facts;
    }
    const facts = this.#walk("/", path.split("/"));
    return facts;
  }

  #walk(from: string, parts: readonly string[]): PathFacts {
    let at = from;
    let object: Stats | undefined;
    let followed = 0;
    const rest = parts.filter((part) => part !== "" && part !== ".").reverse();
    const asked = from === "/" ? `/${[...rest].reverse().join("/")}` : "";
    while (rest.length > 0) {
      const part = rest.pop() as string;
      if (part === "..") {
        at = parentOf(at);
        object = undefined;
        continue;
      }
      const here = join(at, part);
      let entry: Stats | undefined;
      try {
        entry = this.#lstat(here);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const canonical = [here, ...rest.reverse()].join("/");
        return code === "EACCES" || code === "EPERM"
          ? { canonical, forbidden: true }
          : { canonical };
      }
      if (entry === undefined) return { canonical: [here, ...rest.reverse()].join("/") };
      if (entry.isSymbolicLink()) {
        followed += 1;
        if (followed > MAX_LINKS) return { canonical: here };
        let text = this.links.get(here);
        if (text === undefined) {
          text = readlinkSync(here);
          this.links.set(here, text);
        }
        if (text.startsWith("/")) at = "/";
        rest.push(
          ...text
            .split("/")
            .filter((piece) => piece !== "" && piece !== ".")
            .reverse(),
        );
        object = undefined;
        continue;
      }
      at = here;
      object = entry;
    }
    if (asked !== "" && followed === 0) this.#folders.set(parentOf(asked), parentOf(at));
    const stats = object ?? this.#lstat(at);
    return stats === undefined ? { canonical: at } : { canonical: at, object: toObject(at, stats) };
  }

  #lstat(path: string): Stats | undefined {
    if (this.#entries.has(path)) return this.#entries.get(path);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    this.#entries.set(path, stats);
    return stats;
  }
}

export function toObject(path: string, stats: Stats): HostObject {
  const exact = Number.isSafeInteger(stats.ino) ? stats : lstatSync(path, { bigint: true });
  return {
    type: typeOf(stats),
    device: BigInt(exact.dev),
    inode: BigInt(exact.ino),
    links: stats.nlink,
  };
}

function typeOf(stats: Stats): ObjectType {
  if (stats.isDirectory()) return "directory";
  if (stats.isFile()) return "file";
  if (stats.isFIFO()) return "fifo";
  if (stats.isSocket()) return "socket";
  return "device";
}

export function probeHost(policy: Policy): HostFacts {
  const resolver = new Resolver();
  const paths = new Map<string, PathFacts>();
  const look = (path: string): PathFacts => {
    let facts = paths.get(path);
    if (facts === undefined) {
      facts = resolver.lookup(path);
      paths.set(path, facts);
    }
    return facts;
  };
  for (const grant of policy.grants) look(grant.path);
  if (policy.process.cwd !== undefined) look(policy.process.cwd);

  const mountinfo = readFileSync("/proc/self/mountinfo", "utf8");
  const denied = policy.grants.some((grant) => grant.access === "denied");
  const shown = shownFolders(policy, paths);
  return {
    ...factsOfCaller(),
    get kernel() {
      return kernelVersion();
    },
    paths,
    links: resolver.links,
    ...(denied ? findAliases(policy, paths, shown, new Mounts(mountinfo)) : NO_ALIASES),
    kernelMounts: findKernelMounts(mountinfo, shown).filter(({ point }) => isReachable(point)),
  };
}

/** What the sandbox shows of the host, by canonical path: the grants first, then the baseline. */
function shownFolders(policy: Policy, paths: ReadonlyMap<string, PathFacts>): readonly string[] {
  const out = new Set<string>();
  for (const { path, access } of policy.grants) {
    const facts = paths.get(path);
    if (access !== "denied" && facts?.object !== undefined) out.add(facts.canonical);
  }
  for (const path of BASELINE_PATHS) out.add(path);
  return [...out];
}

/** What the caller may not reach, the workload may not either. */
function isReachable(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code !== "EACCES" && code !== "EPERM";
  }
}

/** [major, minor] (uname(2), through proc(5)). */
function kernelVersion(): readonly [number, number] {
  const [major = 0, minor = 0] = readFileSync("/proc/sys/kernel/osrelease", "utf8")
    .split(".")
    .map((part) => Number.parseInt(part, 10));
  return [major, minor];
}

const NO_ALIASES = { aliases: new Map(), aliasParts: new Map(), unboundedLinks: new Set<string>() };

function findAliases(
  policy: Policy,
  paths: ReadonlyMap<string, PathFacts>,
  shown: readonly string[],
  mounts: Mounts,
): Pick<HostFacts, "aliases" | "aliasParts" | "unboundedLinks"> {
  const aliases = new Map<string, string[]>();
  const aliasParts = new Map<string, readonly string[]>();
  const linked = new Map<string, Linked>();
  for (const grant of policy.grants) {
    const facts = paths.get(grant.path);
    if (grant.access !== "denied" || facts?.object === undefined) continue;
    const { canonical, object } = facts;
    const { whole, parts } = mounts.elsewhere(canonical);
    // What mountinfo calls the same may be another object: of NFS it does not tell the root.
    const same = whole.filter((path) => isSame(path, object));
    if (same.length > 0) aliases.set(canonical, same);
    if (parts.length > 0) aliasParts.set(canonical, parts);
    if (object.type !== "directory" && object.links > 1) {
      linked.set(identityOf(object.device, object.inode), {
        canonical,
        object,
        names: new Map([[mounts.insideOf(canonical), canonical]]),
      });
    }
  }
  const unboundedLinks = new Set<string>();
  if (linked.size > 0 && !findLinks(linked, shown, mounts)) {
    for (const { canonical, object, names } of linked.values())
      if (names.size < object.links) unboundedLinks.add(canonical);
  }
  for (const { canonical, object, names } of linked.values()) {
    const all = new Set(aliases.get(canonical));
    for (const name of names.values()) {
      all.add(name);
      for (const other of mounts.elsewhere(name).whole) if (isSame(other, object)) all.add(other);
    }
    all.delete(canonical);
    if (all.size > 0) aliases.set(canonical, [...all]);
  }
  return { aliases, aliasParts, unboundedLinks };
}

function identityOf(device: bigint, inode: bigint): string {
  return `${device}:${inode}`;
}

function isSame(path: string, { device, inode }: HostObject): boolean {
  const stats = lstatOrNothing(path);
  return stats !== undefined && stats.dev === device && stats.ino === inode;
}

/** A denied file that has further names. */
interface Linked {
  readonly canonical: string;
  readonly object: HostObject;
  /** Those known, by their place in the file system: mounts show one name several times. */
  readonly names: Map<string, string>;
}

/**
 * Looks for the other names, first in the files' own folders, where they mostly are, then in what
 * the sandbox shows. False: it is more than LINK_SEARCH_MAX, or a part of it cannot be listed, and
 * names are missing.
 */
function findLinks(
  linked: ReadonlyMap<string, Linked>,
  shown: readonly string[],
  mounts: Mounts,
): boolean {
  const own = new Set<string>();
  const devices = new Set<string>();
  for (const { canonical } of linked.values()) {
    own.add(parentOf(canonical));
    const mount = mounts.at(canonical);
    if (mount !== undefined) devices.add(mount.device);
  }
  const mayHold = (folder: string) =>
    [...mounts.devicesBelow(folder)].some((device) => devices.has(device));
  const isDone = () =>
    [...linked.values()].every(({ object, names }) => names.size >= object.links);
  const note = (path: string) => {
    // With the inode in full, which takes longer: for the few that have several names.
    const stats = lstatOrNothing(path);
    if (stats === undefined) return;
    const file = linked.get(identityOf(stats.dev, stats.ino));
    if (file === undefined) return;
    const inside = mounts.insideOf(path);
    if (!file.names.has(inside)) file.names.set(inside, path);
  };
  let left = LINK_SEARCH_MAX;
  let complete = true;
  const points = new Set(mounts.pointsBelow("/"));
  const look = (start: string, deep: boolean): void => {
    const pending = [start];
    while (pending.length > 0) {
      const folder = pending.pop() as string;
      const entries = listFolder(folder);
      if (entries === undefined) complete = false;
      for (const entry of entries ?? []) {
        left -= 1;
        if (left < 0) return;
        if (entry.isSymbolicLink()) continue;
        const path = join(folder, entry.name);
        // A file system need not say the type with the name.
        const stats = entry.isDirectory() ? undefined : briefStats(path);
        if (entry.isDirectory() || stats?.isDirectory() === true) {
          if (deep && (!points.has(path) || mayHold(path))) pending.push(path);
        } else if (stats !== undefined && stats.nlink > 1) {
          note(path);
        }
      }
      if (isDone()) return;
    }
  };
  for (const folder of own) look(folder, false);
  // By canonical path: a baseline folder that is a link shows nothing of its own.
  const starts = shown.filter(
    (path) => !shown.some((other) => other !== path && isWithin(path, other)),
  );
  for (const start of starts) {
    if (isDone()) return true;
    if (left < 0) return false;
    const stats = briefStats(start);
    if (stats === undefined || stats.isSymbolicLink() || !mayHold(start)) continue;
    if (stats.isDirectory()) look(start, true);
    else note(start);
  }
  return isDone() || (complete && left >= 0);
}

/**
 * Nothing if there is none, or if it is out of the caller's reach, and so of the workload's.
 * Undefined: names in it may be reached that are not listed.
 */
function listFolder(folder: string): readonly Dirent[] | undefined {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    return (code === "EACCES" || code === "EPERM") && !maySearch(folder) ? [] : undefined;
  }
}

function maySearch(folder: string): boolean {
  try {
    accessSync(folder, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function briefStats(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function lstatOrNothing(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
