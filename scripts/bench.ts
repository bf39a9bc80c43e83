/**
 * `npm run bench`: mxc beside its peers in one run, as ratios. `--quick` takes fewer rounds,
 * `--network` measures the network instead, `--tiers` the tiers, `--json` prints for programs. Times of two runs are not to
 * be compared; ratios of one run are.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { compare, median, memoryOf, start } from "../bench/measure.ts";
import { type Job, type Peer, peers } from "../bench/peers.ts";
import { ROOT, say } from "./tools.ts";

const quick = process.argv.includes("--quick");
const folder = mkdtempSync(join(tmpdir(), "mxc-bench-"));
const all = await Promise.all(peers(ROOT).map(tried));
const here = all.filter((peer) => peer.missing === undefined);
const results: Record<string, Record<string, number>> = {};

const part = ["--network", "--tiers"].find((flag) => process.argv.includes(flag));
if (part !== undefined) {
  const rows =
    part === "--network"
      ? await (await import("../bench/network/run.ts")).benchNetwork(quick)
      : await (await import("../bench/tiers/run.ts")).benchTiers(ROOT, quick);
  if (process.argv.includes("--json")) console.log(JSON.stringify(rows, undefined, 2));
  else {
    for (const [title, row] of Object.entries(rows)) {
      const cells = Object.entries(row).map(([name, value]) => `${name} ${value}`);
      console.log(`${title.padEnd(38)}${cells.join("   ")}`);
    }
  }
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}

try {
  await launches("launch, ms", 0, quick ? 20 : 100);
  for (const [count, rounds] of [
    [10, 40],
    [100, 20],
    [1000, 5],
  ] as const) {
    await launches(
      `launch with ${count} granted paths, ms`,
      count,
      quick ? Math.ceil(rounds / 4) : rounds,
    );
  }
  await memory();
  await parallel();
  print();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** A peer that is there and still cannot run (crun on mixed cgroups, say) is shown as such. */
async function tried(peer: Peer): Promise<Peer> {
  if (peer.missing !== undefined) return peer;
  const words = peer.prepare({ command: ["/bin/true"], grants: [] }, folder);
  if (words === undefined || (await start(words).exited) === 0) return peer;
  return { ...peer, missing: "cannot run here" };
}

async function launches(title: string, count: number, rounds: number): Promise<void> {
  say(title);
  const grants = Array.from({ length: count }, (_, index) => join(folder, "grants", `d${index}`));
  for (const grant of grants) mkdirSync(grant, { recursive: true });
  const job: Job = { command: ["/bin/true"], grants };
  const able: [Peer, readonly string[]][] = [];
  for (const peer of here) {
    const words = peer.prepare(job, folder);
    if (words !== undefined) able.push([peer, words]);
  }
  const medians = await compare(
    able.map(([, words]) => words),
    rounds,
  );
  results[title] = Object.fromEntries(
    able.map(([peer], index) => [peer.name, medians[index] as number]),
  );
}

async function memory(): Promise<void> {
  const title = "memory beside the workload, KiB";
  say(title);
  const row: Record<string, number> = {};
  for (const peer of here) {
    const words = peer.prepare({ command: ["/bin/sleep", "1.5"], grants: [] }, folder);
    if (words === undefined) continue;
    const child = start(words);
    await Bun.sleep(700);
    row[peer.name] = memoryOf(child.pid, "sleep");
    await child.exited;
  }
  results[title] = row;
}

async function parallel(): Promise<void> {
  const title = "100 launches at once, ms";
  say(title);
  const row: Record<string, number> = {};
  for (const peer of here) {
    if (peer.name === "crun") continue; // one name, one container
    const words = peer.prepare({ command: ["/bin/true"], grants: [] }, folder);
    if (words === undefined) continue;
    const times: number[] = [];
    for (let round = 0; round < (quick ? 1 : 3); round += 1) {
      const before = Bun.nanoseconds();
      const codes = await Promise.all(Array.from({ length: 100 }, () => start(words).exited));
      if (codes.some((code) => code !== 0)) throw new Error(`${peer.name}: a launch failed`);
      times.push((Bun.nanoseconds() - before) / 1e6);
    }
    row[peer.name] = median(times);
  }
  results[title] = row;
}

function print(): void {
  const size = statSync(join(ROOT, "dist", "mxc")).size;
  const host = {
    kernel: release(),
    cores: cpus().length,
    processor: cpus()[0]?.model ?? "",
    load: readFileSync("/proc/loadavg", "utf8").split(" ")[0],
    date: new Date().toISOString().slice(0, 10),
  };
  if (process.argv.includes("--json")) {
    console.log(JSON.stringify({ host, binaryBytes: size, results }, undefined, 2));
    return;
  }
  console.log(
    `Linux ${host.kernel}, ${host.cores} cores, load ${host.load}, ${host.date}; medians, ratio to mxc run\n`,
  );
  const names = all.map(({ name }) => name);
  const width = Math.max(...Object.keys(results).map((title) => title.length));
  console.log([" ".repeat(width), ...names.map((name) => name.padStart(20))].join(""));
  for (const [title, row] of Object.entries(results)) {
    const base = row["mxc run"] ?? Number.NaN;
    const cells = names.map((name) => {
      const value = row[name];
      const { missing } = all.find((peer) => peer.name === name) as Peer;
      const text =
        value === undefined
          ? (missing ?? "–")
          : `${value.toFixed(1)} (${(value / base).toFixed(2)}x)`;
      return text.padStart(20);
    });
    console.log([title.padEnd(width), ...cells].join(""));
  }
  console.log(`\nbinary: ${(size / 1024 / 1024).toFixed(1)} MiB`);
}
