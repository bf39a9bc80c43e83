/** Compiles the C programs of the tests, static, with the pinned Zig; kept by content. */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { repositoryRoot } from "./paths.ts";

const target = `${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-musl`;
const FLAGS = [
  "-static",
  "-target",
  target,
  "-O1",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-Wno-unused-function",
  "-Wno-missing-field-initializers",
];

const cache = join(repositoryRoot, ".zig-cache", "test-programs");

/** `MXC_ZIG`: the words of another Zig. */
function zig(): { words: string[]; env: Record<string, string> } {
  const other = process.env.MXC_ZIG;
  if (other !== undefined) return { words: other.split(" "), env: {} };
  const tools = join(repositoryRoot, ".tools", "zig-0.17.1");
  for (const path of [
    join(tools, "bin", "zig"),
    join(tools, "ziglang", "zig"),
    join(tools, "zig"),
  ]) {
    if (existsSync(path)) return { words: [path], env: {} };
  }
  if (existsSync(join(tools, "bin", "python"))) {
    return { words: [join(tools, "bin", "python"), "-m", "ziglang"], env: {} };
  }
  throw new Error("no Zig: `npm start` brings it, or name one in MXC_ZIG");
}

/** The executable's path. Headers beside the source belong to its content. */
export async function compileC(source: string, headers: readonly string[] = []): Promise<string> {
  const hash = createHash("sha256").update(FLAGS.join(" "));
  for (const file of [source, ...headers]) hash.update(readFileSync(file));
  const name = `${basename(source, ".c")}-${hash.digest("hex").slice(0, 16)}`;
  const out = join(cache, name);
  if (existsSync(out)) return out;
  mkdirSync(cache, { recursive: true });
  const { words, env } = zig();
  const includes = [...new Set(headers.map((header) => dirname(header)))].flatMap((folder) => [
    "-I",
    folder,
  ]);
  const partial = `${out}.${process.pid}`;
  const child = Bun.spawn([...words, "cc", ...FLAGS, ...includes, "-o", partial, source], {
    env: { ...process.env, ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const errors = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`${source}:\n${errors}`);
  renameSync(partial, out);
  return out;
}

/** Two at a time: a compiler each, on machines with few cores. */
export async function compileAll(
  sources: readonly string[],
  headers: readonly string[],
): Promise<Map<string, string>> {
  const out = new Map<string, string>();
  const rest = [...sources];
  const worker = async () => {
    for (let source = rest.pop(); source !== undefined; source = rest.pop()) {
      out.set(source, await compileC(source, headers));
    }
  };
  await Promise.all([worker(), worker()]);
  return out;
}
