/** Looks the policy's paths up on this host. Reads only; changes nothing. */

import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { BASELINE_PATHS } from "../native/abi.generated.ts";
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
  const aliasParts = new Map<string, string[]>();
  const unboundedLinks = new Set<string>();
  const mountinfo = policy.grants.length === 0 ? "" : readFileSync("/proc/self/mountinfo", "utf8");
  if (mixed) findAliases(policy, paths, mountinfo, { aliases, aliasParts, unboundedLinks });
  return {
    ...factsOfCaller(),
    get kernel() {
      return kernelVersion();
    },
    paths,
    links: resolver.links,
    aliases,
    aliasParts,
    procMounts: findProcMounts(mountinfo),
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

interface Found {
  readonly aliases: Map<string, string[]>;
  readonly aliasParts: Map<string, string[]>;
  readonly unboundedLinks: Set<string>;
}

/** A denied file with further names: how many of them are known. */
interface Linked {
  readonly canonical: string;
  readonly links: number;
  readonly names: Set<string>;
}

function findAliases(
  policy: Policy,
  paths: ReadonlyMap<string, PathFacts>,
  mountinfo: string,
  { aliases, aliasParts, unboundedLinks }: Found,
): void {
  const mounts = parseMounts(mountinfo);
  const wanted = new Map<string, Linked>();
  for (const grant of policy.grants) {
    const facts = paths.get(grant.path);
    if (grant.access !== "denied" || facts?.object === undefined) continue;
    const { canonical } = facts;
    const { whole, parts } = boundElsewhere(canonical, mounts);
    if (whole.length > 0) aliases.set(canonical, whole);
    if (parts.length > 0) aliasParts.set(canonical, parts);
    const { type, links, device, inode } = facts.object;
    if (type !== "directory" && links > 1) {
      wanted.set(`${device}:${inode}`, { canonical, links, names: new Set([canonical]) });
    }
  }
  if (wanted.size === 0) return;
  const roots = new Set<string>(BASELINE_PATHS);
  for (const grant of policy.grants) {
    const facts = paths.get(grant.path);
    if (grant.access !== "denied" && facts?.object?.type === "directory")
      roots.add(facts.canonical);
  }
  // A file's names are mostly in one folder, so that comes first: the last taken.
  const own = [...wanted.values()].map(({ canonical }) => parentOf(canonical));
  const all = [...roots].filter(
    (root) => ![...roots].some((other) => other !== root && isWithin(root, other)),
  );
  const near = own.filter((folder) => all.some((root) => isWithin(folder, root)));
  const isEnough = () => [...wanted.values()].every(({ links, names }) => names.size >= links);
  const look = (folder: string, deep: boolean): boolean => {
    const pending = [folder];
    while (pending.length > 0) {
      const here = pending.pop() as string;
      for (const entry of readFolder(here)) {
        budget -= 1;
        if (budget < 0) return false;
        const path = join(here, entry.name);
        if (entry.isDirectory()) {
          if (deep) pending.push(path);
          continue;
        }
        const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
        if (stats === undefined || stats.nlink < 2n) continue;
        const linked = wanted.get(`${stats.dev}:${stats.ino}`);
        if (linked === undefined || linked.names.has(path)) continue;
        linked.names.add(path);
        aliases.set(linked.canonical, [...(aliases.get(linked.canonical) ?? []), path]);
      }
    }
    return true;
  };
  let budget = LINK_SEARCH_MAX;
  for (const folder of near) if (!look(folder, false)) break;
  for (const root of all) {
    if (isEnough()) return;
    if (!look(root, true)) {
      for (const { canonical } of wanted.values()) unboundedLinks.add(canonical);
      return;
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

/** proc_pid_mountinfo(5), its octal escapes undone. */
function parseMounts(mountinfo: string): readonly HostMount[] {
  return mountinfo
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [, , device = "", root = "", point = ""] = line.split(" ");
      return { device, root: plain(root), point: plain(point) };
    });
}

function plain(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/** Seldom is there one besides /proc, so the text is not taken apart. */
function findProcMounts(mountinfo: string): readonly string[] {
  const out: string[] = [];
  const mark = " - proc ";
  for (let at = mountinfo.indexOf(mark); at >= 0; at = mountinfo.indexOf(mark, at + 1)) {
    const line = mountinfo.slice(mountinfo.lastIndexOf("\n", at) + 1, at);
    const point = plain(line.split(" ")[4] ?? "");
    if (!isWithin(point, "/proc")) out.push(point);
  }
  return out;
}

/** The mount that is seen at a path: the deepest, and of several the last one made. */
function mountOf(path: string, mounts: readonly HostMount[]): HostMount | undefined {
  let own: HostMount | undefined;
  for (const mount of mounts) {
    if (isWithin(path, mount.point) && (own === undefined || isWithin(mount.point, own.point)))
      own = mount;
  }
  return own;
}

/** Where else the same part of the same file system is mounted: `path` itself, and what is below. */
function boundElsewhere(
  path: string,
  mounts: readonly HostMount[],
): { readonly whole: string[]; readonly parts: string[] } {
  const whole: string[] = [];
  const parts: string[] = [];
  const own = mountOf(path, mounts);
  if (own === undefined) return { whole, parts };
  const inside = rebase(path, own.point, own.root);
  for (const mount of mounts) {
    if (mount === own || mount.device !== own.device) continue;
    if (isWithin(inside, mount.root)) {
      const alias = rebase(inside, mount.root, mount.point);
      // Where another mount lies over it, nobody sees it.
      if (alias !== path && mountOf(alias, mounts) === mount) whole.push(alias);
    } else if (isWithin(mount.root, inside) && !isWithin(mount.point, path)) {
      if (mountOf(mount.point, mounts) === mount) parts.push(mount.point);
    }
  }
  return { whole, parts };
}
