/** A host's files in memory: what a plan's tests look paths up on, without any host. */

import type { HostFacts, HostObject, ObjectType, PathFacts } from "../../src/host/facts.ts";
import { isWithin, join, normalise, parentOf } from "../../src/policy/paths.ts";
import type { Grant, Policy } from "../../src/policy/policy.ts";

export interface HostNode {
  readonly type: ObjectType | "link";
  readonly inode: bigint;
  /** Of a folder. */
  readonly children: Map<string, HostNode>;
  /** Of a link. */
  readonly text: string;
}

export interface FakeHost {
  readonly root: HostNode;
  /** Every name that is no link and no folder, by inode. */
  readonly names: ReadonlyMap<bigint, readonly string[]>;
}

/**
 * What is where: `directory`, `file`, `fifo`, `socket` or `device`; `-> text` is a symbolic link,
 * `= path` another name of what was made before (a hard
 * link; of a folder, a bind mount). Folders above come by themselves.
 */
export type Tree = Readonly<Record<string, string>>;

export const DEVICE = 7n;

/** What most hosts have: a merged /usr, and the folders that programs expect. */
export const BASE: Tree = {
  "/usr/bin": "directory",
  "/usr/bin/cat": "file",
  "/usr/sbin": "directory",
  "/usr/lib": "directory",
  "/usr/share": "directory",
  "/usr/local/bin": "directory",
  "/bin": "-> usr/bin",
  "/sbin": "-> usr/sbin",
  "/lib": "-> usr/lib",
  "/etc/passwd": "file",
  "/etc/shadow": "file",
  "/etc/ssh/ssh_host_rsa_key": "file",
  "/dev/null": "device",
  "/dev/zero": "device",
  "/dev/full": "device",
  "/dev/random": "device",
  "/dev/urandom": "device",
  "/dev/tty": "device",
  "/dev/shm": "directory",
  "/proc/1": "directory",
  "/proc/sys": "directory",
  "/tmp": "directory",
  "/run": "directory",
  "/var": "directory",
};

export function fakeHost(tree: Tree): FakeHost {
  let inodes = 1n;
  const make = (type: HostNode["type"], text = ""): HostNode => {
    inodes += 1n;
    return { type, inode: inodes, children: new Map(), text };
  };
  const root = make("directory");
  const names = new Map<bigint, string[]>();
  const folderAt = (path: string): HostNode => {
    if (path === "/") return root;
    const parent = folderAt(parentOf(path));
    const name = path.slice(path.lastIndexOf("/") + 1);
    let node = parent.children.get(name);
    if (node === undefined) {
      node = make("directory");
      parent.children.set(name, node);
    }
    return node;
  };
  for (const [path, what] of Object.entries(tree)) {
    if (what === "directory") {
      folderAt(path);
      continue;
    }
    const parent = folderAt(parentOf(path));
    const name = path.slice(path.lastIndexOf("/") + 1);
    let node: HostNode;
    if (what.startsWith("-> ")) node = make("link", what.slice(3));
    else if (what.startsWith("= ")) node = plainAt(root, what.slice(2)) as HostNode;
    else node = make(what as ObjectType);
    parent.children.set(name, node);
    if (node.type !== "link") names.set(node.inode, [...(names.get(node.inode) ?? []), path]);
  }
  return { root, names };
}

/** Without following any link. */
function plainAt(root: HostNode, path: string): HostNode | undefined {
  let node: HostNode | undefined = root;
  for (const part of path.split("/").filter((piece) => piece !== "")) {
    node = node?.children.get(part);
  }
  return node;
}

/** As the host's kernel walks it; the links met on the way go to `links`. */
export function resolve(host: FakeHost, path: string, links: Map<string, string>): PathFacts {
  let at = "/";
  let node = host.root;
  let followed = 0;
  const rest = path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .reverse();
  while (rest.length > 0) {
    const part = rest.pop() as string;
    if (part === "..") {
      at = parentOf(at);
      node = plainAt(host.root, at) as HostNode;
      continue;
    }
    const here = join(at, part);
    const next = node.children.get(part);
    if (next === undefined) return { canonical: [here, ...rest.reverse()].join("/") };
    if (next.type === "link") {
      followed += 1;
      if (followed > 40) return { canonical: here };
      links.set(here, next.text);
      if (next.text.startsWith("/")) {
        at = "/";
        node = host.root;
      }
      rest.push(
        ...next.text
          .split("/")
          .filter((piece) => piece !== "" && piece !== ".")
          .reverse(),
      );
      continue;
    }
    at = here;
    node = next;
  }
  return { canonical: at, object: objectOf(host, node) };
}

function objectOf(host: FakeHost, node: HostNode): HostObject {
  const type = node.type as ObjectType;
  const links = type === "directory" ? 2 : (host.names.get(node.inode)?.length ?? 1);
  return { type, device: DEVICE, inode: node.inode, links };
}

export type Given = Partial<
  Pick<HostFacts, "uid" | "cwd" | "kernel" | "aliases" | "aliasParts" | "kernelMounts" | "resolver">
> & {
  readonly unboundedLinks?: readonly string[];
  /** Paths that the caller may not look at. */
  readonly forbidden?: readonly string[];
};

/** The facts that a probe of this host would gather for a policy. */
export function factsOf(host: FakeHost, policy: Policy, given: Given = {}): HostFacts {
  const links = new Map<string, string>();
  const paths = new Map<string, PathFacts>();
  const asked = policy.grants.map((grant) => grant.path);
  if (policy.process.cwd !== undefined) asked.push(policy.process.cwd);
  for (const path of asked) {
    paths.set(
      path,
      given.forbidden?.includes(path) === true
        ? { canonical: path, forbidden: true }
        : resolve(host, path, links),
    );
  }
  return {
    uid: given.uid ?? 1000,
    gid: given.uid ?? 1000,
    cwd: given.cwd ?? "/",
    kernel: given.kernel ?? [6, 18],
    paths,
    links,
    aliases: given.aliases ?? hardLinks(host, policy, paths),
    unboundedLinks: new Set(given.unboundedLinks ?? []),
    ...(given.aliasParts === undefined ? {} : { aliasParts: given.aliasParts }),
    ...(given.kernelMounts === undefined ? {} : { kernelMounts: given.kernelMounts }),
    ...(given.resolver === undefined ? {} : { resolver: given.resolver }),
  };
}

/** The other names of denied files inside granted folders. */
function hardLinks(
  host: FakeHost,
  policy: Policy,
  paths: ReadonlyMap<string, PathFacts>,
): ReadonlyMap<string, readonly string[]> {
  const granted = policy.grants
    .filter((grant) => grant.access !== "denied")
    .map((grant) => paths.get(grant.path)?.canonical ?? grant.path);
  const out = new Map<string, readonly string[]>();
  for (const grant of policy.grants) {
    const facts = paths.get(grant.path);
    if (grant.access !== "denied" || facts?.object === undefined) continue;
    const others = (host.names.get(facts.object.inode) ?? []).filter(
      (name) => name !== facts.canonical && granted.some((folder) => isWithin(name, folder)),
    );
    if (others.length > 0) out.set(facts.canonical, others);
  }
  return out;
}

/** Grants from lists of words: `ro /a`, `rw /b`, `no /a/c`; the strictest of one path stays. */
export function grantsOf(words: readonly string[]): readonly Grant[] {
  const access = { no: "denied", ro: "read", rw: "write" } as const;
  const grants = new Map<string, Grant>();
  for (const kind of ["no", "ro", "rw"] as const) {
    for (const [index, word] of words.filter((item) => item.startsWith(`${kind} `)).entries()) {
      const path = normalise(word.slice(3));
      const list = { no: "deniedPaths", ro: "readonlyPaths", rw: "readwritePaths" }[kind];
      if (grants.has(path)) continue;
      grants.set(path, { path, access: access[kind], field: `filesystem.${list}[${index}]` });
    }
  }
  return [...grants.values()];
}

export function policyOf(words: readonly string[], more: Partial<Policy> = {}): Policy {
  return {
    grants: grantsOf(words),
    network: { kind: "none" },
    process: {
      command: { kind: "argv", argv: ["true"] },
      env: [["PATH", "/usr/bin"]],
      timeoutMs: 0,
    },
    limits: { pids: 4096, diskMb: 1024 },
    ...more,
  };
}
