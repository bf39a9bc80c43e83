/** Looks the policy's paths up on this host. Reads only; changes nothing. */

import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { isWithin, join, parentOf, rebase } from "../policy/paths.ts";
import type { Policy } from "../policy/policy.ts";
import { factsOfCaller } from "./caller.ts";
import type { HostFacts, HostObject, ObjectType, PathFacts } from "./facts.ts";

/** As the kernel (path_resolution(7)). */
const MAX_LINKS = 40;

/** Objects looked at in the search for a denied file's other names; above it, the plan refuses. */
export const LINK_SEARCH_MAX = 200_000;

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

function toObject(path: string, stats: Stats): HostObject {
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

  const mixed = policy.grants.some((grant) => grant.access === "denied");
  const aliases = new Map<string, string[]>();
  const unboundedLinks = new Set<string>();
  if (mixed) findAliases(policy, paths, aliases, unboundedLinks);
  return {
    ...factsOfCaller(),
    get kernel() {
      return kernelVersion();
    },
    paths,
    links: resolver.links,
    aliases,
    unboundedLinks,
  };
}

/** [major, minor] (uname(2), through proc(5)). */
function kernelVersion(): readonly [number, number] {
  const [major = 0, minor = 0] = readFileSync("/proc/sys/kernel/osrelease", "utf8")
    .split(".")
    .map((part) => Number.parseInt(part, 10));
  return [major, minor];
}

function findAliases(
  policy: Policy,
  paths: ReadonlyMap<string, PathFacts>,
  aliases: Map<string, string[]>,
  unbounded: Set<string>,
): void {
  const mounts = readMounts();
  const wanted = new Map<string, string>();
  for (const grant of policy.grants) {
    const facts = paths.get(grant.path);
    if (grant.access !== "denied" || facts?.object === undefined) continue;
    const others = boundElsewhere(facts.canonical, mounts);
    if (others.length > 0) aliases.set(facts.canonical, others);
    const { type, links, device, inode } = facts.object;
    if (type !== "directory" && links > 1) wanted.set(`${device}:${inode}`, facts.canonical);
  }
  if (wanted.size === 0) return;
  const roots = new Set<string>();
  for (const grant of policy.grants) {
    const facts = paths.get(grant.path);
    if (grant.access !== "denied" && facts?.object?.type === "directory")
      roots.add(facts.canonical);
  }
  let budget = LINK_SEARCH_MAX;
  const pending = [...roots].filter(
    (root) => ![...roots].some((other) => other !== root && isWithin(root, other)),
  );
  while (pending.length > 0) {
    const folder = pending.pop() as string;
    for (const entry of readFolder(folder)) {
      budget -= 1;
      if (budget < 0) {
        for (const canonical of wanted.values()) unbounded.add(canonical);
        return;
      }
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        pending.push(path);
        continue;
      }
      const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
      if (stats === undefined || stats.nlink < 2n) continue;
      const canonical = wanted.get(`${stats.dev}:${stats.ino}`);
      if (canonical === undefined || canonical === path) continue;
      aliases.set(canonical, [...(aliases.get(canonical) ?? []), path]);
    }
  }
}

/** A folder that the caller cannot list, the workload cannot either. */
function readFolder(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

interface HostMount {
  readonly device: string;
  readonly root: string;
  readonly point: string;
}

/** /proc/self/mountinfo (proc_pid_mountinfo(5)): its octal escapes undone. */
function readMounts(): readonly HostMount[] {
  const plain = (text: string) =>
    text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [, , device = "", root = "", point = ""] = line.split(" ");
      return { device, root: plain(root), point: plain(point) };
    });
}

/** Where else the same part of the same file system is mounted. */
function boundElsewhere(path: string, mounts: readonly HostMount[]): string[] {
  let own: HostMount | undefined;
  for (const mount of mounts) {
    // The last one mounted over a point is the one that is seen.
    if (isWithin(path, mount.point) && (own === undefined || isWithin(mount.point, own.point)))
      own = mount;
  }
  if (own === undefined) return [];
  const inside = rebase(path, own.point, own.root);
  const out: string[] = [];
  for (const mount of mounts) {
    if (mount === own || mount.device !== own.device || !isWithin(inside, mount.root)) continue;
    const alias = rebase(inside, mount.root, mount.point);
    if (alias !== path) out.push(alias);
  }
  return out;
}
