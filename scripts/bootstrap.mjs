// Brings the pinned tools (packages, bun, zig) into the checkout and then runs a task with them.
// Plain Node, since on a fresh machine there is nothing else. Does nothing that is done already,
// so it works offline afterwards; writes nothing outside the checkout.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Exact, as PyPI has it. build.zig checks it too. */
const ZIG_VERSION = "0.17.1";

const TASKS = ["start", "test", "fuzz", "build", "generate", "bench", "tidy", "typecheck", "lint"];

/** Caches stay here too: a home folder may be missing, read-only or somebody else's. */
const TOOL_ENVIRONMENT = {
  ...process.env,
  npm_config_cache: join(root, ".tools", "cache", "npm"),
  npm_config_update_notifier: "false",
  PIP_DISABLE_PIP_VERSION_CHECK: "1",
  PIP_NO_CACHE_DIR: "1",
  PIP_ROOT_USER_ACTION: "ignore",
  ZIG_GLOBAL_CACHE_DIR: join(root, ".tools", "cache", "zig"),
  // Zig compiles its own build program first: unoptimised that takes seconds, not two minutes.
  ZIG_DEBUG_CMD: "1",
};

const [task, ...args] = process.argv.slice(2);
if (task !== undefined && !TASKS.includes(task))
  fail(`unknown task ${task}; there are ${TASKS.join(", ")}`);

installPackages();
const bun = findBun();
const zig = installZig();
if (task !== undefined) {
  const env = { ...TOOL_ENVIRONMENT, MXC_ZIG: zig };
  const { status, signal } = spawnSync(bun, [join(root, "scripts", `${task}.ts`), ...args], {
    stdio: "inherit",
    cwd: root,
    env,
  });
  process.exit(signal === null ? (status ?? 1) : 1);
}

function installPackages() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const stamp = join(root, "node_modules", ".mxc-lock");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  say("packages: npm install");
  // Versions and checksums are the lock file's. `npm ci` refuses it, since it names no registry.
  // No package needs its install script, and none gets to run one.
  run(process.platform === "win32" ? "npm.cmd" : "npm", [
    "install",
    "--no-save",
    "--ignore-scripts",
    "--loglevel=error",
  ]);
  writeFileSync(stamp, lock);
}

/** The executable that bun's platform package ships; the `bun` package only points to it. */
function findBun() {
  const { platform, arch } = process;
  const os = platform === "win32" ? "windows" : platform;
  const cpu = arch === "arm64" ? "aarch64" : arch;
  const musl =
    platform === "linux" && process.report?.getReport().header.glibcVersionRuntime === undefined;
  const name = platform === "win32" ? "bun.exe" : "bun";
  const options = [
    join(root, "node_modules", "@oven", `bun-${os}-${cpu}${musl ? "-musl" : ""}`, "bin", name),
    join(
      root,
      "node_modules",
      "@oven",
      `bun-${os}-${cpu}${musl ? "-musl" : ""}-baseline`,
      "bin",
      name,
    ),
    join(root, "node_modules", "bun", "bin", "bun.exe"),
  ];
  const found = options.find((path) => existsSync(path));
  if (found === undefined)
    fail(`no bun for ${os}-${cpu} among the installed packages: ${options.join(", ")}`);
  return found;
}

function installZig() {
  const folder = join(root, ".tools", `zig-${ZIG_VERSION}`);
  const zig = join(folder, "ziglang", process.platform === "win32" ? "zig.exe" : "zig");
  if (existsSync(join(folder, ".complete"))) return zig;
  say(`zig ${ZIG_VERSION}: pip install (about 90 MB)`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run(pythonWithPip(), [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--no-deps",
    "--no-compile",
    "--target",
    folder,
    `ziglang==${ZIG_VERSION}`,
  ]);
  const version = spawnSync(zig, ["version"], { encoding: "utf8" }).stdout?.trim();
  if (version !== ZIG_VERSION) fail(`${zig} says it is version ${version}, not ${ZIG_VERSION}`);
  writeFileSync(join(folder, ".complete"), "");
  return zig;
}

/** Debian splits pip from python3, but a virtual environment brings its own. */
function pythonWithPip() {
  const windows = process.platform === "win32";
  const python = windows ? "python" : "python3";
  if (spawnSync(python, ["-m", "pip", "--version"], { stdio: "ignore" }).status === 0)
    return python;
  const folder = join(root, ".tools", "python");
  run(python, ["-m", "venv", "--clear", folder]);
  return windows ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python");
}

function run(command, words) {
  const { status, error } = spawnSync(command, words, {
    stdio: ["ignore", "inherit", "inherit"],
    cwd: root,
    env: TOOL_ENVIRONMENT,
    // Node starts a .cmd file through a shell only; every word here is ours.
    shell: command.endsWith(".cmd"),
  });
  if (status !== 0)
    fail(`${command} ${words.join(" ")} failed: ${error?.message ?? `exit code ${status}`}`);
}

function say(message) {
  process.stderr.write(`bootstrap: ${message}\n`);
}

function fail(message) {
  process.stderr.write(`bootstrap: ${message}\n`);
  process.exit(1);
}
