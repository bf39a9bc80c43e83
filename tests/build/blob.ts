/** Assembles blob.S into the flat image that attachPrelude takes. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ZIG } from "../../scripts/tools.ts";

export function assembleBlob(arch: "x86_64" | "aarch64", folder: string): Uint8Array {
  const object = join(folder, `blob-${arch}.o`);
  const image = join(folder, `blob-${arch}.bin`);
  const source = join(import.meta.dir, "blob.S");
  zig(["cc", "-target", `${arch}-linux-musl`, "-c", "-o", object, source]);
  zig(["objcopy", "-O", "binary", "-j", ".text", object, image]);
  return readFileSync(image);
}

function zig(words: readonly string[]): void {
  const { exitCode, stderr } = Bun.spawnSync([ZIG, ...words]);
  if (exitCode !== 0) throw new Error(`zig ${words.join(" ")}: ${stderr}`);
}
