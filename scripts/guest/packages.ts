/**
 * Debian's packages of any architecture, unpacked in .tools/guest/ and kept there. Nothing is
 * installed: apt works on lists and a database of its own, so root is not needed either.
 */

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, say } from "../tools.ts";

export type GuestArch = "x64" | "arm64";

const DEBIAN: Readonly<Record<GuestArch, string>> = { x64: "amd64", arm64: "arm64" };

export const GUEST_FOLDER = join(ROOT, ".tools", "guest");

/** The folder with the packages' files; the packages' own scripts are not run. */
export function unpackPackages(arch: GuestArch, names: readonly string[]): string {
  const debian = DEBIAN[arch];
  const folder = join(GUEST_FOLDER, `packages-${debian}-${names.join("-")}`);
  if (existsSync(folder)) return folder;
  say(`guest: downloading ${names.join(", ")} for ${debian}`);
  const work = join(GUEST_FOLDER, `work-${debian}`);
  rmSync(work, { recursive: true, force: true });
  const archives = join(work, "archives");
  for (const path of ["state/lists/partial", "cache/archives/partial", "archives", "files"]) {
    mkdirSync(join(work, path), { recursive: true });
  }
  writeFileSync(join(work, "status"), "");
  const apt = (program: string, ...words: string[]) =>
    output([program, ...aptOptions(work, debian), ...words], archives);
  apt("apt-get", "update", "-q");
  const wanted = names.map((name) => resolve(name, (...words) => apt("apt-cache", ...words)));
  apt("apt-get", "download", "-q", ...wanted);
  for (const archive of readdirSync(archives)) {
    output(["dpkg-deb", "--extract", join(archives, archive), join(work, "files")], work);
  }
  renameSync(join(work, "files"), folder);
  rmSync(work, { recursive: true, force: true });
  return folder;
}

function aptOptions(work: string, architecture: string): string[] {
  const options = {
    "Dir::State": join(work, "state"),
    "Dir::State::status": join(work, "status"),
    "Dir::Cache": join(work, "cache"),
    "APT::Architecture": architecture,
    "APT::Architectures": architecture,
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
    "Acquire::Retries": "3",
  };
  return Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/** A kernel's general package only depends on the one with the kernel in it. */
function resolve(name: string, cache: (...words: string[]) => string): string {
  if (!name.startsWith("linux-image-")) return name;
  const kernel = /Depends: (linux-image-\d\S+)/.exec(cache("depends", name))?.[1];
  if (kernel === undefined) throw new Error(`${name} depends on no kernel`);
  return kernel;
}

function output(words: readonly string[], cwd: string): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...words], {
    cwd,
    stdin: "ignore",
    env: { ...process.env, LC_ALL: "C" },
  });
  if (exitCode !== 0) throw new Error(`${words.join(" ")} failed:\n${stderr}`);
  return stdout.toString();
}
