/** The tracked files, and what the TypeScript among them imports. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { repositoryRoot } from "../support/paths.ts";

/** Tracked, and about to be: whatever git does not ignore. */
export function sourceFiles(): readonly string[] {
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    [
      "git",
      "-c",
      `safe.directory=${repositoryRoot}`,
      "ls-files",
      "-z",
      "--cached",
      "--others",
      "--exclude-standard",
    ],
    { cwd: repositoryRoot },
  );
  if (exitCode !== 0) throw new Error(stderr.toString());
  const files = [...new Set(stdout.toString().split("\0"))].filter(
    (file) => file !== "" && existsSync(join(repositoryRoot, file)),
  );
  if (files.length < 100) throw new Error(`only ${files.length} files: is this the checkout?`);
  return files.sort();
}

export function textOf(file: string): string {
  return readFileSync(join(repositoryRoot, file), "utf8");
}

const IMPORT = /^\s*(?:import|export)\b[^;"']*?\bfrom\s*["']([^"']+)["']/gm;
const BARE = /^\s*import\s*["']([^"']+)["']/gm;
const DYNAMIC = /\bimport\(\s*["']([^"']+)["']\s*\)/g;

/** Specifiers; relative ones as paths from the checkout's root. */
export function importsOf(file: string, text = textOf(file)): readonly string[] {
  const out: string[] = [];
  for (const pattern of [IMPORT, BARE, DYNAMIC]) {
    for (const [, specifier = ""] of text.matchAll(pattern)) {
      const path = specifier.startsWith(".")
        ? relative(repositoryRoot, join(repositoryRoot, dirname(file), specifier))
        : specifier;
      out.push(path);
    }
  }
  return out;
}
