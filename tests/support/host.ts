/** What the host looks like from outside a sandbox: processes, mounts, kernel settings. */

import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Host pids of the processes whose environment or arguments contain the text. */
export function processesWith(token: string): number[] {
  const out: number[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    if (
      read(`/proc/${name}/environ`).includes(token) ||
      read(`/proc/${name}/cmdline`).includes(token)
    ) {
      out.push(Number(name));
    }
  }
  return out;
}

/**
 * Host pids of sandbox inits whose supervisor is gone. An init has erased its arguments and
 * environment, so that `processesWith` does not find it; its name and its parent tell.
 */
export function orphanedInits(): number[] {
  return readdirSync("/proc")
    .filter((name) => {
      if (!/^\d+$/.test(name) || read(`/proc/${name}/comm`) !== "mxc-init\n") return false;
      const parent = /^PPid:\s+(\d+)/m.exec(read(`/proc/${name}/status`))?.[1];
      // Gone since it was listed.
      if (parent === undefined || !isAlive(Number(name))) return false;
      return !/mxc/.test(executableOf(parent));
    })
    .map(Number);
}

function executableOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return "";
  }
}

export function descendants(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`)
    .split(" ")
    .filter((word) => word !== "");
  return children.flatMap((word) => [Number(word), ...descendants(Number(word))]);
}

export function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1]);
}

/** Its number in its own pid namespace. */
export function namespacePid(pid: number): number {
  return Number(/^NSpid:.*\s(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1]);
}

export function isAlive(pid: number): boolean {
  const state = read(`/proc/${pid}/stat`).replace(/^.*\) /s, "")[0];
  return state !== undefined && state !== "Z" && state !== "X";
}

export function mounts(): string {
  // Without the order and ids, which other programs change.
  return read("/proc/self/mountinfo")
    .split("\n")
    .map((line) => line.split(" ").slice(3).join(" "))
    .sort()
    .join("\n");
}

/** Settings that an escape would change. */
export function kernelSettings(): string {
  const files = ["hostname", "core_pattern", "modprobe", "domainname", "sysrq"];
  return [
    ...files.map((file) => `${file}=${read(`/proc/sys/kernel/${file}`)}`),
    `swappiness=${read("/proc/sys/vm/swappiness")}`,
    `uevent_helper=${read("/sys/kernel/uevent_helper")}`,
  ].join("");
}

/** Names and kinds in the host's own folders, and the nodes that everything needs. */
export function systemPlaces(): string {
  const nodes = ["/dev/null", "/dev/zero", "/dev/tty", "/dev/urandom"].map((path) => {
    const status = lstatSync(path);
    return `${path} ${status.mode.toString(8)} ${status.rdev}`;
  });
  return [
    ...nodes,
    ...["/", "/dev", "/etc", "/usr/bin", "/home", "/root"].map((path) => {
      try {
        return `${path}: ${readdirSync(path).sort().join(" ")}`;
      } catch {
        return path;
      }
    }),
  ].join("\n");
}

/** Waits until it holds; whether it did within the time. */
export async function within(milliseconds: number, holds: () => boolean): Promise<boolean> {
  const end = performance.now() + milliseconds;
  for (;;) {
    if (holds()) return true;
    if (performance.now() >= end) return false;
    await Bun.sleep(5);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
