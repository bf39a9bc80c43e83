/** Every file that a release has. */

export interface Target {
  /** Name of the file in dist/. */
  readonly file: string;
  /** `--target` of zig; its natives are embedded where there are any. */
  readonly zig: string;
  /** Package with bun's executable, and the file in it. */
  readonly bun: string;
  readonly bunFile: string;
  readonly os: "linux" | "darwin" | "windows";
}

export const TARGETS: readonly Target[] = [
  linux("x64", "x86_64", "x64", ""),
  linux("arm64", "aarch64", "aarch64", ""),
  linux("x64", "x86_64", "x64", "-musl"),
  linux("arm64", "aarch64", "aarch64", "-musl"),
  {
    file: "mxc-darwin-x64",
    zig: "x86_64-macos",
    bun: "@oven/bun-darwin-x64",
    bunFile: "bin/bun",
    os: "darwin",
  },
  {
    file: "mxc-darwin-arm64",
    zig: "aarch64-macos",
    bun: "@oven/bun-darwin-aarch64",
    bunFile: "bin/bun",
    os: "darwin",
  },
  {
    file: "mxc-windows-x64.exe",
    zig: "x86_64-windows",
    bun: "@oven/bun-windows-x64",
    bunFile: "bin/bun.exe",
    os: "windows",
  },
  {
    file: "mxc-windows-arm64.exe",
    zig: "aarch64-windows",
    bun: "@oven/bun-windows-aarch64",
    bunFile: "bin/bun.exe",
    os: "windows",
  },
];

/** The natives are static and call no libc: the same serve glibc and musl. */
function linux(name: string, zigArch: string, bunArch: string, libc: "" | "-musl"): Target {
  return {
    file: `mxc-linux-${name}${libc}`,
    zig: `${zigArch}-linux-musl`,
    bun: `@oven/bun-linux-${bunArch}${libc}`,
    bunFile: "bin/bun",
    os: "linux",
  };
}

export function hostTarget(): Target {
  const os = process.platform === "win32" ? "windows" : process.platform;
  const musl =
    process.platform === "linux" &&
    !(process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined)
      ?.header?.glibcVersionRuntime;
  const wanted = `mxc-${os}-${process.arch}${musl ? "-musl" : ""}${os === "windows" ? ".exe" : ""}`;
  const found = TARGETS.find((target) => target.file === wanted);
  if (found === undefined) throw new Error(`no target for this host: ${wanted}`);
  return found;
}
