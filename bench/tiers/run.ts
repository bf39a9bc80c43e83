/**
 * `npm run bench -- --tiers`: the landlock tier beside the namespace tier, bwrap and, where it is
 * installed, sandlock: launches, launches with many granted paths, and work that is mostly system
 * calls beside the same work without a sandbox.
 */

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compare } from "../measure.ts";

export type Row = Readonly<Record<string, string>>;

type Way = (
  command: readonly string[],
  read: readonly string[],
  write?: string,
) => readonly string[];

const FILES = 2_000;

export async function benchTiers(root: string, quick: boolean): Promise<Record<string, Row>> {
  const folder = mkdtempSync(join(tmpdir(), "mxc-bench-"));
  try {
    return {
      "launch of /bin/true": await launches(root, [], quick ? 20 : 100),
      ...(await grants(root, folder, quick)),
      ...(await work(root, folder, quick)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function ways(root: string): Readonly<Record<string, Way>> {
  const mxc = (tier: string): Way => {
    return (command, read, write) => [
      ...[join(root, "dist", "mxc"), "run", `--tier=${tier}`],
      ...inParts(read).map((part) => `--allow-read=${part.join(",")}`),
      ...(write === undefined
        ? []
        : [`--allow-write=${write}`, `--cwd=${write}`, `--env=HOME=${write}`]),
      "--",
      ...command,
    ];
  };
  return { "namespace tier": mxc("namespace"), "landlock tier": mxc("landlock") };
}

/** One word of a command is 128 KiB at most (execve(2), MAX_ARG_STRLEN). */
function inParts(paths: readonly string[]): readonly (readonly string[])[] {
  const size = 500;
  return Array.from({ length: Math.ceil(paths.length / size) }, (_, part) =>
    paths.slice(part * size, (part + 1) * size),
  );
}

function others(): Readonly<Record<string, readonly string[]>> {
  const bwrap = Bun.which("bwrap");
  const shared = ["/usr", "/etc", "/bin", "/lib", "/lib64"];
  return {
    ...(bwrap === null
      ? {}
      : {
          bwrap: [
            ...[bwrap, "--unshare-all", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"],
            ...shared.flatMap((path) => ["--ro-bind", path, path]),
            "/bin/true",
          ],
        }),
  };
}

async function launches(root: string, read: readonly string[], rounds: number): Promise<Row> {
  const commands: Record<string, readonly string[]> = {};
  for (const [name, way] of Object.entries(ways(root))) commands[name] = way(["/bin/true"], read);
  if (read.length > 0) return toRow(commands, rounds, "namespace tier");
  const sandlock = installSandlock(root);
  const script = join(import.meta.dir, "sandlock.py");
  Object.assign(commands, others());
  if (sandlock !== undefined) {
    commands["python3 with sandlock"] = ["python3", script, sandlock, "1"];
  }
  const row = await toRow(commands, rounds, "namespace tier");
  if (sandlock === undefined) return { ...row, sandlock: "cannot be installed here" };
  const { exitCode, stdout } = Bun.spawnSync(["python3", script, sandlock, String(rounds)]);
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}: python3 ${script}`);
  return { ...row, "sandlock, from a running python3": `${Number(`${stdout}`).toFixed(1)} ms` };
}

/** The folder with sandlock's package; undefined where there is none for this python3. */
function installSandlock(root: string): string | undefined {
  const wanted = "sandlock==0.9.0";
  const folder = join(root, ".tools", "python", wanted);
  if (existsSync(folder)) return folder;
  const pip = ["python3", "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder];
  if (Bun.spawnSync([...pip, wanted]).exitCode === 0) return folder;
  rmSync(folder, { recursive: true, force: true });
  return undefined;
}

async function grants(root: string, folder: string, quick: boolean): Promise<Record<string, Row>> {
  const out: Record<string, Row> = {};
  for (const [count, rounds] of [
    [10, 40],
    [100, 20],
    [1_000, 8],
    [5_000, 4],
    [10_000, 4],
  ] as const) {
    const paths = Array.from({ length: count }, (_, index) => join(folder, "g", `d${index}`));
    for (const path of paths) mkdirSync(path, { recursive: true });
    out[`launch with ${count} granted paths`] = await launches(root, paths, quick ? 3 : rounds);
  }
  return out;
}

/** Each alone long enough that the launch is a small part of it. */
async function work(root: string, folder: string, quick: boolean): Promise<Record<string, Row>> {
  const place = join(folder, "work");
  mkdirSync(place);
  for (let index = 0; index < FILES; index += 1) {
    mkdirSync(join(place, `d${index % 50}`), { recursive: true });
    writeFileSync(join(place, `d${index % 50}`, `f${index}`), `${index}\n`);
  }
  for (let index = 0; index < 40; index += 1) {
    writeFileSync(join(place, `u${index}.c`), `int f${index}(int a) { return a + ${index}; }\n`);
  }
  writeFileSync(
    join(place, "Makefile"),
    "OBJECTS := $(patsubst %.c,%.o,$(wildcard u*.c))\nall: $(OBJECTS)\nclean:\n\trm -f u*.o\n",
  );
  const setUp =
    "git init -q . && git -c user.name=a -c user.email=a@b add . && git -c user.name=a -c user.email=a@b commit -qm a";
  const { exitCode } = Bun.spawnSync(["sh", "-c", setUp], {
    cwd: place,
    env: { ...process.env, HOME: place },
  });
  if (exitCode !== 0) throw new Error("git cannot be set up");
  const scripts = {
    "git status, 40 times": "for i in $(seq 40); do git status --short >/dev/null; done",
    "find, 40 times": "for i in $(seq 40); do find . /usr/share/doc >/dev/null 2>&1; done",
    "make, 40 small files": "make -s clean all",
    "chmod of 2,000 files": "chmod -R u+w d*",
  };
  const out: Record<string, Row> = {};
  for (const [title, script] of Object.entries(scripts)) {
    const command = ["/bin/sh", "-c", script];
    const plain = ["/bin/sh", "-c", `cd ${place} && export HOME=${place} && ${script}`];
    const commands: Record<string, readonly string[]> = { "no sandbox": plain };
    for (const [name, way] of Object.entries(ways(root))) {
      commands[name] = way(command, ["/usr/include"], place);
    }
    out[title] = await toRow(commands, quick ? 2 : 9, "no sandbox");
  }
  return out;
}

async function toRow(
  commands: Readonly<Record<string, readonly string[]>>,
  rounds: number,
  base: string,
): Promise<Row> {
  const names = Object.keys(commands);
  const medians = await compare(Object.values(commands), rounds);
  const unit = medians[names.indexOf(base)] as number;
  return Object.fromEntries(
    names.map((name, index) => {
      const value = medians[index] as number;
      return [name, `${value.toFixed(1)} ms (${(value / unit).toFixed(2)})`];
    }),
  );
}
