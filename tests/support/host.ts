/** What the host looks like from outside a sandbox: processes, mounts, kernel settings. */

import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Host pids of the processes whose environment or arguments contain the text. */
export function processesWith(token: string): number[] {
  const out: number[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    if (read(`/proc/${name}/environ`).includes(token) || read(`/proc/${name}/cmdline`).includes(token)) {
      out.push(Number(name));
    }
  }
  return out;
}

/** Host pids of live processes that run this very executable; the kernel's own view of it. */
export function processesRunning(executable: string): number[] {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readlinkSync(`/proc/${name}/exe`).replace(" (deleted)", "") === executable;
    } catch {
      return false;
    }
  }).map(Number);
}

export function isAlive(pid: number): boolean {
  const state = read(`/proc/${pid}/stat`).replace(/^.*\) /s, "")[0];
  return state !== undefined && state !== "Z" && state !== "X";
}

export function mounts(): string {
  // Without the order and ids, which other programs change.
  return read("/proc/self/mountinfo").split("\n").map((line) => line.split(" ").slice(3).join(" ")).sort().join("\n");
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
  return [...nodes, ...["/", "/dev", "/etc", "/usr/bin", "/home", "/root"].map((path) => {
    try {
      return `${path}: ${readdirSync(path).sort().join(" ")}`;
    } catch {
      return path;
    }
  })].join("\n");
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
