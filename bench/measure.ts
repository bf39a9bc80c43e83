/** Wall time of a command, started and waited for; rounds are interleaved, medians are taken. */

import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";

/** The last word may name a file with bwrap's arguments, which go to its stdin. */
export function start(words: readonly string[], stdout: "ignore" | "pipe" = "ignore") {
  const file = words.at(-1)?.endsWith(".args") === true ? words.at(-1) : undefined;
  const stdin = file === undefined ? "ignore" : openSync(file, "r");
  const child = Bun.spawn(file === undefined ? [...words] : words.slice(0, -1), {
    stdin,
    stdout,
    stderr: "ignore",
  });
  if (typeof stdin === "number") closeSync(stdin);
  return child;
}

/** Milliseconds; throws where the command fails, which no time can stand for. */
export async function timeOf(words: readonly string[]): Promise<number> {
  const before = Bun.nanoseconds();
  const code = await start(words).exited;
  const time = (Bun.nanoseconds() - before) / 1e6;
  if (code !== 0) throw new Error(`exit code ${code}: ${words.join(" ").slice(0, 300)}`);
  return time;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/**
 * One median per command, from `rounds` rounds in which each runs once, in another order each time:
 * what one leaves behind (namespaces still being taken down) is not always the same one's burden.
 */
export async function compare(
  commands: readonly (readonly string[])[],
  rounds: number,
): Promise<number[]> {
  const times = commands.map((): number[] => []);
  for (let round = -2; round < rounds; round += 1) {
    for (const index of shuffled(commands.length)) {
      const time = await timeOf(commands[index] as readonly string[]);
      if (round >= 0) times[index]?.push(time); // the first two warm up
    }
  }
  return times.map(median);
}

/** The numbers below `count`, in random order (Fisher and Yates). */
function shuffled(count: number): readonly number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [order[last], order[other]] = [order[other] as number, order[last] as number];
  }
  return order;
}

/** KiB of proportional memory of a process and all below it, but for those called `except`. */
export function memoryOf(root: number, except: string): number {
  let total = 0;
  for (const pid of familyOf(root)) {
    try {
      if (readFileSync(`/proc/${pid}/comm`, "utf8").trim() === except) continue;
      const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
      total += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
    } catch {
      // It ended meanwhile.
    }
  }
  return total;
}

function familyOf(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Number(
        /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1],
      );
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // It ended meanwhile.
    }
  }
  const out = [root];
  for (const pid of out) out.push(...(children.get(pid) ?? []));
  return out;
}
