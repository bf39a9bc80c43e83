/**
 * `npm run bench -- --network`: what a network policy costs, beside the host itself, slirp4netns and
 * pasta; and launches with rules beside MXC's own lxc-exec. Loopback only; ratios of one run.
 */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, say, ZIG } from "../../scripts/tools.ts";
import { compare, median, memoryOf, start } from "../measure.ts";

const PORT = 18_097;

/** How a client is run so that it reaches the host's loopback, and at which address. */
interface Road {
  readonly name: string;
  readonly address: string;
  readonly words: (command: readonly string[]) => readonly string[];
  readonly missing?: string;
}

const mxc = join(ROOT, "dist", "mxc");

function roads(folder: string): readonly Road[] {
  const grant = `--allow-read=${folder}`;
  return [
    { name: "host", address: "127.0.0.1", words: (command) => command },
    {
      name: "mxc",
      address: "10.0.2.2",
      words: (command) => [mxc, "run", `--allow-net=localhost:${PORT}`, grant, "--", ...command],
    },
    {
      name: "slirp4netns",
      address: "10.0.2.2",
      ...unless("slirp4netns"),
      words: (command) => [join(import.meta.dir, "slirp.sh"), ...command],
    },
    {
      name: "pasta",
      address: "169.254.1.1",
      ...unless("pasta"),
      words: (command) => [
        "pasta",
        "--quiet",
        "--config-net",
        "--map-host-loopback",
        "169.254.1.1",
        "--",
        ...command,
      ],
    },
  ];
}

function unless(program: string): { readonly missing?: string } {
  return Bun.which(program) === null ? { missing: "not installed" } : {};
}

export async function benchNetwork(
  quick: boolean,
): Promise<Record<string, Record<string, string>>> {
  const folder = mkdtempSync(join(tmpdir(), "mxc-bench-network-"));
  const load = join(folder, "load");
  const results: Record<string, Record<string, string>> = {};
  await succeed([ZIG, "cc", "-O2", "-o", load, join(import.meta.dir, "load.c")]);
  const server = start([load, "serve", String(PORT)], "pipe");
  try {
    await Bun.sleep(200);
    const rounds = quick ? 3 : 9;
    const able: Road[] = [];
    for (const road of roads(folder)) {
      if (road.missing === undefined && (await numberOf(road, load, "connect", 10)) === undefined) {
        results["cannot run here"] = { ...results["cannot run here"], [road.name]: "yes" };
      } else if (road.missing === undefined) able.push(road);
    }
    for (const [title, job, count] of [
      ["connections, 1/s", "connect", 2000],
      ["throughput up, Gbit/s", "up", 0],
      ["throughput down, Gbit/s", "down", 0],
    ] as const) {
      say(title);
      const values = new Map(able.map((road) => [road.name, [] as number[]]));
      for (let round = 0; round < rounds; round += 1) {
        for (const road of able) {
          const value = await numberOf(road, load, job, count);
          if (value !== undefined) values.get(road.name)?.push(value);
        }
      }
      const host = median(values.get("host") ?? []);
      results[title] = Object.fromEntries(
        able.map(({ name }) => {
          const value = median(values.get(name) ?? []);
          return [name, `${value.toFixed(1)} (${(value / host).toFixed(2)}x)`];
        }),
      );
    }
    results["memory with 10,000 connections, KiB"] = await held(able, load);
    Object.assign(results, await launches(folder, quick));
    return results;
  } finally {
    server.kill("SIGKILL");
    await server.exited;
    rmSync(folder, { recursive: true, force: true });
  }
}

async function succeed(words: readonly string[]): Promise<void> {
  const code = await start(words).exited;
  if (code !== 0) throw new Error(`exit code ${code}: ${words.join(" ")}`);
}

async function numberOf(
  road: Road,
  load: string,
  job: string,
  count: number,
): Promise<number | undefined> {
  const child = start(road.words([load, job, road.address, String(PORT), String(count)]), "pipe");
  const text = await new Response(child.stdout as ReadableStream).text();
  return (await child.exited) === 0 ? Number(text) : undefined;
}

async function held(able: readonly Road[], load: string): Promise<Record<string, string>> {
  const road = able.find(({ name }) => name === "mxc");
  if (road === undefined) return {};
  const words = road.words([load, "hold", road.address, String(PORT), "10000"]);
  const child = Bun.spawn([...words], { stdin: "pipe", stdout: "pipe", stderr: "ignore" });
  const reader = (child.stdout as ReadableStream<Uint8Array>).getReader();
  const first = await reader.read();
  const text = first.done ? "it failed" : String(memoryOf(child.pid, "load"));
  child.stdin.end();
  await child.exited;
  return { mxc: text };
}

/** CIDR rules of one address each; the same for both. */
async function launches(
  folder: string,
  quick: boolean,
): Promise<Record<string, Record<string, string>>> {
  const reference = join(ROOT, "node_modules/mxc-reference-1.0/bin/x64/lxc-exec");
  const out: Record<string, Record<string, string>> = {};
  for (const count of [1, 100, 10_000]) {
    const title = `launch with ${count} rules, ms`;
    say(title);
    const config = join(folder, `rules-${count}.json`);
    const allow = Array.from({ length: count }, (_, index) => ({
      to: [{ cidr: `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}/32` }],
      ports: [{ protocol: "tcp", port: 443 }],
    }));
    writeFileSync(
      config,
      JSON.stringify({
        version: "1.0.0",
        containment: "bubblewrap",
        process: { commandLine: "true" },
        network: { egress: { default: "deny", allow } },
      }),
    );
    const commands: [string, readonly string[]][] = [
      ["mxc", [join(ROOT, "dist", "lxc-exec"), config]],
    ];
    if (Bun.which("bwrap") !== null) {
      commands.push([
        "bwrap",
        ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--", "/bin/sh", "-c", "true"],
      ]);
    }
    if (existsSync(reference) && (await start([reference, config]).exited) === 0) {
      commands.push(["MXC lxc-exec 1.0.1", [reference, config]]);
    }
    const medians = await compare(
      commands.map(([, words]) => words),
      quick ? 5 : 20,
    );
    out[title] = Object.fromEntries(
      commands.map(([name], index) => {
        const value = medians[index] as number;
        return [name, `${value.toFixed(1)} (${(value / (medians[0] as number)).toFixed(2)}x)`];
      }),
    );
  }
  return out;
}
