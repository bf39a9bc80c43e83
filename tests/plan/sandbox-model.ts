/**
 * A model of what the native side makes of a plan: mounts over mounts on a fake host. It is as
 * strict as the kernel where that matters: a place must exist before something is mounted there,
 * a checked object must be the one expected, and nothing may be made on the host.
 */

import { BindFlag } from "../../src/native/abi.generated.ts";
import type { Plan, Step } from "../../src/plan/plan.ts";
import { planSteps } from "../../src/plan/print.ts";
import { isWithin, join, parentOf, rebase } from "../../src/policy/paths.ts";
import type { FakeHost, HostNode } from "./fake-host.ts";

export type Shown = "read" | "write" | "private" | "denied";

interface Mount {
  readonly parent: Mount | undefined;
  readonly place: string;
  readonly root: HostNode;
  readonly access: Shown;
  /** Where the root is on the host; absent for what is the sandbox's own. */
  readonly source?: string;
  readonly baseline: boolean;
}

export interface Spot {
  readonly place: string;
  readonly node: HostNode;
  readonly access: Shown;
  readonly hostPath?: string;
  readonly baseline: boolean;
}

export interface Sandbox {
  /** What is at a path as the workload sees it, links followed. */
  readonly look: (path: string) => Spot | undefined;
  /** Everything that can be reached, links not followed. */
  readonly all: () => readonly Spot[];
  readonly workingFolder: string | undefined;
}

let ownInodes = -1n;

function own(type: HostNode["type"], text = ""): HostNode {
  ownInodes -= 1n;
  return { type, inode: ownInodes, children: new Map(), text };
}

export function carryOut(plan: Plan, host: FakeHost): Sandbox {
  const mounts: Mount[] = [];
  const hostAt = (path: string): HostNode | undefined => {
    let node: HostNode | undefined = host.root;
    for (const part of path.split("/").filter((piece) => piece !== "")) {
      node = node?.children.get(part);
    }
    return node;
  };

  /** The mount on top at a place in another mount. */
  const topOf = (parent: Mount | undefined, place: string): Mount | undefined => {
    let top: Mount | undefined;
    for (const mount of mounts) {
      if (mount.parent === (top ?? parent) && mount.place === place) top = mount;
    }
    return top;
  };

  const spotOf = (mount: Mount, node: HostNode, place: string): Spot => ({
    place,
    node,
    access: mount.access,
    baseline: mount.baseline,
    ...(mount.source === undefined ? {} : { hostPath: rebase(place, mount.place, mount.source) }),
  });

  /** A place as such: no link on the way is followed. */
  const at = (place: string): { spot: Spot; mount: Mount } | undefined => {
    let mount = topOf(undefined, "/");
    if (mount === undefined) return undefined;
    let node = mount.root;
    let here = "/";
    for (const part of place.split("/").filter((piece) => piece !== "")) {
      const child = node.children.get(part);
      if (child === undefined) return undefined;
      here = join(here, part);
      node = child;
      for (let top = topOf(mount, here); top !== undefined; top = topOf(mount, here)) {
        mount = top;
        node = top.root;
      }
    }
    return { spot: spotOf(mount, node, here), mount };
  };

  const mountAt = (
    step: Step,
    root: HostNode,
    access: Shown,
    source?: string,
    baseline = false,
  ) => {
    const target = step.target ?? "/";
    const found = at(target);
    if (found === undefined) throw new Error(`nothing to mount over: ${target}`);
    if (found.spot.node.type === "link") throw new Error(`a link in the way: ${target}`);
    const isFolder = root.type === "directory";
    if (isFolder !== (found.spot.node.type === "directory")) {
      throw new Error(`another type: ${target}`);
    }
    const parent = found.mount;
    mounts.push({
      parent,
      place: target,
      root,
      access,
      baseline,
      ...(source === undefined ? {} : { source }),
    });
  };

  const make = (target: string, node: HostNode) => {
    const parent = at(parentOf(target));
    if (parent === undefined) throw new Error(`no folder for ${target}`);
    if (parent.mount.source !== undefined) throw new Error(`made on the host: ${target}`);
    const name = target.slice(target.lastIndexOf("/") + 1);
    const known = parent.spot.node.children.get(name);
    if (known !== undefined) {
      // What is there already will do, as long as it is of the same kind.
      if (known.type === node.type && node.type !== "link") return;
      throw new Error(`made twice: ${target}`);
    }
    parent.spot.node.children.set(name, node);
  };

  let workingFolder: string | undefined;
  let entered = false;
  for (const step of planSteps(plan)) {
    const flags = step.flags ?? 0;
    const target = step.target ?? "";
    const optional = (flags & BindFlag.optional) !== 0;
    if (entered && ["bind", "deny", "screen", "directory", "file", "tmpfs"].includes(step.kind)) {
      throw new Error(`after the root was entered: ${step.kind} ${target}`);
    }
    switch (step.kind) {
      case "root":
        mounts.push({
          parent: undefined,
          place: "/",
          root: own("directory"),
          access: "private",
          baseline: false,
        });
        break;
      case "standIns":
        break;
      case "directory":
        make(target, own("directory"));
        break;
      case "file":
        make(target, own("file"));
        break;
      case "symlink":
        make(target, own("link", step.source));
        break;
      case "mirror": {
        const node = hostAt(target);
        if (node === undefined) break;
        for (let above = parentOf(target); above !== "/"; above = parentOf(above)) {
          if (at(above) === undefined) makeAll(above, make);
        }
        if (node.type === "link") make(target, own("link", node.text));
        else {
          make(target, own(node.type === "directory" ? "directory" : "file"));
          mountAt(step, node, "read", target, true);
        }
        break;
      }
      case "bind": {
        const source = step.source as string;
        const node = hostAt(source);
        if (node === undefined) throw new Error(`not on the host: ${source}`);
        if (step.inode !== undefined && step.inode !== node.inode) throw new Error("it changed");
        if (target === "/") {
          mounts.push({
            parent: topOf(undefined, "/"),
            place: "/",
            root: node,
            access: (flags & BindFlag.readOnly) === 0 ? "write" : "read",
            source,
            baseline: false,
          });
          break;
        }
        if ((flags & BindFlag.sameObject) !== 0) {
          const there = at(target)?.spot.node;
          if (there?.inode !== step.inode) throw new Error(`another object at ${target}`);
        }
        // What is not the policy's own is the opening's: the devices that every sandbox has.
        const access = (flags & BindFlag.readOnly) === 0 ? "write" : "read";
        mountAt(step, node, access, source, !plan.steps.includes(step));
        break;
      }
      case "tmpfs":
      case "proc":
      case "devpts":
      case "mqueue":
        if (at(target) === undefined) make(target, own("directory"));
        mountAt(step, own("directory"), "private");
        break;
      case "deny":
      case "screen": {
        const found = at(target);
        if (found === undefined) {
          if (optional) break;
          throw new Error(`nothing to deny: ${target}`);
        }
        if (step.inode !== undefined && step.inode !== found.spot.node.inode) {
          throw new Error(`another object at ${target}`);
        }
        const type = found.spot.node.type;
        mountAt(step, own(type), step.kind === "deny" ? "denied" : "private");
        break;
      }
      case "seal":
      case "protect":
        if (at(target) === undefined && !optional) throw new Error(`nothing to seal: ${target}`);
        break;
      case "enterRoot":
        entered = true;
        break;
      case "workingFolder":
        workingFolder = target;
        break;
      default:
    }
  }

  const look = (path: string): Spot | undefined => {
    let place = "/";
    let spot = at("/")?.spot;
    const rest = path
      .split("/")
      .filter((part) => part !== "" && part !== ".")
      .reverse();
    for (let followed = 0; rest.length > 0; ) {
      const part = rest.pop() as string;
      place = part === ".." ? parentOf(place) : join(place, part);
      spot = at(place)?.spot;
      if (spot === undefined) return undefined;
      if (spot.node.type !== "link") continue;
      followed += 1;
      if (followed > 40) return undefined;
      const { text } = spot.node;
      place = text.startsWith("/") ? "/" : parentOf(place);
      spot = at(place)?.spot;
      rest.push(
        ...text
          .split("/")
          .filter((piece) => piece !== "" && piece !== ".")
          .reverse(),
      );
    }
    return spot;
  };

  const all = (): readonly Spot[] => {
    const out: Spot[] = [];
    const pending = ["/"];
    while (pending.length > 0) {
      const spot = at(pending.pop() as string)?.spot;
      if (spot === undefined || spot.node.type === "link") continue;
      out.push(spot);
      if (spot.access === "denied") continue;
      for (const name of spot.node.children.keys()) pending.push(join(spot.place, name));
    }
    return out;
  };

  return { look, all, workingFolder };
}

/** The folder and those above it, as mkdir -p. */
function makeAll(path: string, make: (target: string, node: HostNode) => void): void {
  for (const folder of foldersTo(path)) make(folder, own("directory"));
}

function foldersTo(path: string): string[] {
  const out: string[] = [];
  for (let folder = path; folder !== "/"; folder = parentOf(folder)) out.unshift(folder);
  return out;
}

/** What of a policy's view a spot is: for messages. */
export function describeSpot({ place, hostPath, access }: Spot): string {
  return `${place}: ${access}${hostPath === undefined || isWithin(hostPath, place) ? "" : ` of ${hostPath}`}`;
}
