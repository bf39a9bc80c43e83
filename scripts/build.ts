/**
 * Builds dist/: this host's executable, those named (`mxc-linux-arm64`), or with `--all` every
 * target's and SHA256SUMS.
 */

import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { attachPrelude } from "./attach-prelude.ts";
import { signAdHoc } from "./sign-mach-o.ts";
import { hostTarget, TARGETS, type Target } from "./targets.ts";
import { ROOT, run, say, ZIG } from "./tools.ts";

const DIST = join(ROOT, "dist");

/** What of the folder it is started in, or of its owner, must not reach the runtime. */
const CLOSED = [
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-tsconfig",
  "--no-compile-autoload-package-json",
];

if (import.meta.main) {
  const names = process.argv.slice(2);
  const all = names.includes("--all");
  const targets = all ? TARGETS : names.length > 0 ? names.map(targetOf) : [hostTarget()];
  for (const target of targets) build(target);
  if (all) {
    const sums = targets.map(({ file }) => `${sha256(join(DIST, file))}  ${file}\n`).join("");
    writeFileSync(join(DIST, "SHA256SUMS"), sums);
    say("dist/SHA256SUMS");
  }
}

export function build(target: Target, dist = DIST): string {
  const output = join(dist, target.file);
  mkdirSync(dist, { recursive: true });
  const natives = buildNatives(target);
  const own = target.file === hostTarget().file;
  run(process.execPath, [
    "build",
    "--compile",
    "--bytecode",
    // Each front door loads its own part: a launch reads no schema, help or validator.
    "--splitting",
    "--minify",
    "--format=esm",
    `--target=bun-${target.os}-${target.zig.startsWith("aarch64") ? "arm64" : "x64"}`,
    ...CLOSED,
    `--compile-executable-path=${own ? process.execPath : bunOf(target)}`,
    "--define",
    `BUILD_HAS_NATIVES=${natives !== undefined}`,
    "src/main.ts",
    "--outfile",
    output,
  ]);
  if (natives !== undefined) {
    const image = readFileSync(join(natives, "prelude.bin"));
    writeFileSync(output, attachPrelude(readFileSync(output), image));
  }
  // Bun signs for arm64 anew; the signature of its own x64 executable would stay, for other bytes.
  if (target.os === "darwin" && !target.zig.startsWith("aarch64")) {
    writeFileSync(output, signAdHoc(readFileSync(output), "mxc"));
  }
  chmodSync(output, 0o755);
  say(`dist/${target.file}`);
  if (own && dist === DIST) link(target);
  return output;
}

function targetOf(name: string): Target {
  const found = TARGETS.find(({ file }) => file === name);
  if (found !== undefined) return found;
  const known = TARGETS.map(({ file }) => file).join(", ");
  throw new Error(`no target ${name}; there are ${known}, or --all`);
}

/** The folder with the target's natives, and the library where the bundler embeds it from. */
function buildNatives(target: Target): string | undefined {
  const prefix = join(ROOT, "zig-out", target.zig);
  const embedded = join(ROOT, "zig-out", "libmxc");
  if (target.os !== "linux") {
    // There is none yet for this system: an empty file is embedded, and nothing is ever run.
    mkdirSync(join(ROOT, "zig-out"), { recursive: true });
    writeFileSync(embedded, "");
    return undefined;
  }
  run(ZIG, ["build", `-Dtarget=${target.zig}`, "-Dcpu=baseline", "--prefix", prefix]);
  writeFileSync(embedded, readFileSync(join(prefix, "libmxc")));
  return prefix;
}

/** Another target's bun, from its package, kept in .tools/. */
function bunOf(target: Target): string {
  const version = Bun.version;
  const folder = join(ROOT, ".tools", `bun-${version}`, target.bun.replace("@oven/", ""));
  const executable = join(folder, "package", target.bunFile);
  if (existsSync(executable)) return executable;
  say(`${target.bun}@${version}: npm pack`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run("npm", ["pack", "--silent", "--pack-destination", folder, `${target.bun}@${version}`]);
  const [archive] = new Bun.Glob("*.tgz").scanSync(folder);
  if (archive === undefined) throw new Error(`npm pack brought nothing for ${target.bun}`);
  run("tar", ["-xzf", join(folder, archive), "-C", folder]);
  rmSync(join(folder, archive));
  return executable;
}

function link(target: Target): void {
  for (const name of ["mxc", "lxc-exec"]) {
    const path = join(DIST, name);
    rmSync(path, { force: true });
    symlinkSync(target.file, path);
  }
}

export function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
