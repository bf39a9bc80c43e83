/** The host's mounts, as proc_pid_mountinfo(5) lists them, and which of them are seen. Pure. */

import { KERNEL_FILE_SYSTEMS } from "../native/abi.generated.ts";
import { isWithin, rebase } from "../policy/paths.ts";
import type { KernelMount } from "./facts.ts";

export interface HostMount {
  readonly id: string;
  readonly parent: string;
  /** `major:minor`; of btrfs not what stat(2) says. */
  readonly device: string;
  /** What of the file system is mounted. */
  readonly root: string;
  readonly point: string;
}

/** Other paths of what is at and below a path. */
export interface Elsewhere {
  /** Of all of it. */
  readonly whole: readonly string[];
  /** Of a part of it. */
  readonly parts: readonly string[];
}

export class Mounts {
  readonly #all: readonly HostMount[];
  readonly #above = new Map<string, HostMount[]>();
  readonly #first: readonly HostMount[];

  constructor(mountinfo: string) {
    this.#all = parseMounts(mountinfo);
    const ids = new Set(this.#all.map(({ id }) => id));
    for (const mount of this.#all) {
      const known = this.#above.get(mount.parent);
      if (known === undefined) this.#above.set(mount.parent, [mount]);
      else known.push(mount);
    }
    this.#first = this.#all.filter(({ parent }) => !ids.has(parent));
  }

  /** The mount that is seen at a path, as the kernel's walk gets there: from mount to mount. */
  at(path: string): HostMount | undefined {
    let found: HostMount | undefined;
    for (let next: readonly HostMount[] | undefined = this.#first; next !== undefined; ) {
      let nearest: HostMount | undefined;
      for (const mount of next) {
        if (!isWithin(path, mount.point)) continue;
        if (nearest === undefined || isWithin(nearest.point, mount.point)) nearest = mount;
      }
      if (nearest === undefined) break;
      found = nearest;
      next = this.#above.get(nearest.id);
    }
    return found;
  }

  isSeen(mount: HostMount): boolean {
    return this.at(mount.point) === mount;
  }

  /** A name of its own for each hard link, however many mounts show it. */
  insideOf(path: string): string {
    const mount = this.at(path);
    return mount === undefined ? path : rebase(path, mount.point, mount.root);
  }

  /** The devices of what is mounted at a path and below. */
  devicesBelow(path: string): ReadonlySet<string> {
    const out = new Set<string>();
    const own = this.at(path);
    if (own !== undefined) out.add(own.device);
    for (const { point, device } of this.#all) if (isWithin(point, path)) out.add(device);
    return out;
  }

  /** Where something is mounted, at a path or below it. */
  pointsBelow(path: string): readonly string[] {
    return this.#all.filter(({ point }) => isWithin(point, path)).map(({ point }) => point);
  }

  /** Where else the same parts of the same file systems are mounted. */
  elsewhere(path: string): Elsewhere {
    const own = this.at(path);
    const whole: string[] = [];
    const parts: string[] = [];
    if (own === undefined) return { whole, parts };
    const sources = [{ mount: own, inside: rebase(path, own.point, own.root) }];
    for (const mount of this.#all) {
      if (mount !== own && isWithin(mount.point, path) && this.isSeen(mount))
        sources.push({ mount, inside: mount.root });
    }
    for (const { mount: source, inside } of sources) {
      for (const mount of this.#all) {
        if (mount === source || mount.device !== source.device) continue;
        const isPart = !isWithin(inside, mount.root);
        if (isPart && !isWithin(mount.root, inside)) continue;
        const name = isPart ? mount.point : rebase(inside, mount.root, mount.point);
        // Not what has another mount over it, nor a folder that the path itself is in.
        if (isWithin(name, path) || this.at(name) !== mount) continue;
        if (source === own && !isPart) whole.push(name);
        else if (!isWithin(path, name)) parts.push(name);
      }
    }
    return { whole, parts };
  }
}

function parseMounts(mountinfo: string): readonly HostMount[] {
  return mountinfo
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [id = "", parent = "", device = "", root = "", point = ""] = line.split(" ");
      return { id, parent, device, root: plain(root), point: plain(point) };
    });
}

/** mountinfo's octal escapes undone. */
function plain(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/**
 * Where one of the kernel's own file systems is mounted inside one of the folders or around it.
 * Seldom is there any, so the text is not taken apart before there is one.
 */
export function findKernelMounts(
  mountinfo: string,
  folders: readonly string[],
): readonly KernelMount[] {
  const out: KernelMount[] = [];
  let mounts: Mounts | undefined;
  for (const match of mountinfo.matchAll(
    new RegExp(` - (${KERNEL_FILE_SYSTEMS.join("|")}) `, "g"),
  )) {
    const line = mountinfo.slice(mountinfo.lastIndexOf("\n", match.index) + 1, match.index);
    const [id, , , , text = ""] = line.split(" ");
    const point = plain(text);
    // The sandbox has its own.
    if (isWithin(point, "/proc")) continue;
    if (!folders.some((folder) => isWithin(point, folder) || isWithin(folder, point))) continue;
    mounts ??= new Mounts(mountinfo);
    if (mounts.at(point)?.id === id) out.push({ point, type: match[1] as string });
  }
  return out;
}
