/**
 * Boots Debian's own kernel in QEMU with a small system of busybox and glibc, runs a shell script
 * there as root and hands back what it said: a second machine, of another architecture or with an
 * older kernel, with cgroup v2 and an ordinary user. Without KVM a boot takes some seconds.
 */

import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type GuestArch, unpackPackages } from "./packages.ts";
import { GUEST_UID, Tree } from "./tree.ts";

export type { GuestArch } from "./packages.ts";

export interface GuestRun {
  readonly arch: GuestArch;
  /** Path in the guest, to a file or folder of the host's; permissions are kept. */
  readonly files?: Readonly<Record<string, string>>;
  /** For /bin/sh, as root in /; `su user -c` is the way to the ordinary user. */
  readonly script: string;
  readonly timeoutMs?: number;
}

export interface GuestResult {
  /** The script's; undefined when the guest died or did not end in time. */
  readonly exitCode: number | undefined;
  /** Of the script, both streams. */
  readonly output: string;
  /** The whole console, for a guest that went wrong. */
  readonly console: string;
}

interface Machine {
  readonly program: string;
  readonly words: readonly string[];
  readonly console: string;
  readonly kernel: string;
}

const MACHINES: Readonly<Record<GuestArch, Machine>> = {
  x64: {
    program: "qemu-system-x86_64",
    // The microvm machine type hung now and then without KVM; pc never did.
    words: ["-M", "pc", "-cpu", "max"],
    console: "ttyS0",
    kernel: "linux-image-cloud-amd64",
  },
  arm64: {
    program: "qemu-system-aarch64",
    // The architecture's own pointer authentication is slow to emulate.
    words: ["-M", "virt,gic-version=3", "-cpu", "max,pauth-impdef=on"],
    console: "ttyAMA0",
    kernel: "linux-image-cloud-arm64",
  },
};

const BEGIN = "===== guest script =====";
const END = "===== guest exit code";

/** Why no guest can be had here; undefined where one can. */
export function guestUnavailable(arch: GuestArch): string | undefined {
  for (const program of [MACHINES[arch].program, "apt-get", "dpkg-deb"]) {
    if (Bun.which(program) === null) return `${program} is not installed`;
  }
  return undefined;
}

export async function runInGuest(run: GuestRun): Promise<GuestResult> {
  const machine = MACHINES[run.arch];
  const kernelFiles = unpackPackages(run.arch, [machine.kernel]);
  const kernel = readdirSync(join(kernelFiles, "boot")).find((name) => name.startsWith("vmlinuz-"));
  if (kernel === undefined) throw new Error(`${machine.kernel} has no kernel`);
  const folder = mkdtempSync(join(tmpdir(), "mxc-guest-"));
  try {
    const archive = join(folder, "initramfs");
    writeArchive(archive, guestTree(run));
    const words = [
      machine.program,
      ...machine.words,
      ...["-accel", "tcg", "-smp", "2", "-m", "3072"],
      ...["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio"],
      ...["-kernel", join(kernelFiles, "boot", kernel), "-initrd", archive],
      ...["-append", `console=${machine.console} loglevel=1 panic=-1`],
    ];
    const child = Bun.spawn(words, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const limit = setTimeout(() => child.kill("SIGKILL"), run.timeoutMs ?? 120_000);
    const [stdout, stderr] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    await child.exited;
    clearTimeout(limit);
    return readConsole(stdout.replaceAll("\r\n", "\n") + stderr);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readConsole(console: string): GuestResult {
  const begin = console.indexOf(`${BEGIN}\n`);
  if (begin < 0) return { exitCode: undefined, output: "", console };
  const rest = console.slice(begin + BEGIN.length + 1);
  const end = new RegExp(`\n?${END} (\\d+)\n`).exec(rest);
  if (end === null) return { exitCode: undefined, output: rest, console };
  return { exitCode: Number(end[1]), output: rest.slice(0, end.index), console };
}

/** A new file system is the root: the one from boot cannot be pivoted away from. */
const INIT = `#!/usr/bin/busybox sh
export PATH=/usr/bin
/usr/bin/busybox --install -s /usr/bin
mkdir /new
mount -t tmpfs -o mode=755,size=75% root /new
for place in /*; do
  case $place in /init|/new|/dev|/usr) ;; *) mv $place /new/ ;; esac
done
mv /usr /new/
exec /new/usr/bin/busybox switch_root /new /guest/start
`;

const START = `#!/usr/bin/busybox sh
export PATH=/usr/sbin:/usr/bin HOME=/root
cd /
mkdir -p proc sys dev tmp run var/tmp
mount -t proc proc proc
mount -t sysfs sys sys
mount -t devtmpfs dev dev
mkdir -p dev/pts dev/shm
mount -t devpts -o ptmxmode=666 devpts dev/pts
mount -t tmpfs -o mode=1777 shm dev/shm
mount -t tmpfs -o mode=1777 tmp tmp
mount -t tmpfs run run
mount -t cgroup2 cgroup sys/fs/cgroup
chmod 1777 var/tmp
ip link set lo up
hostname guest
stty -F /dev/console -onlcr 2>/dev/null
echo '${BEGIN}'
setsid sh /guest/script < /dev/null 2>&1
code=$?
echo
echo '${END}' $code
sync
poweroff -f
`;

function guestTree({ arch, files = {}, script }: GuestRun): Tree {
  const tree = new Tree()
    .directory("usr")
    .directory("usr/bin")
    .directory("usr/sbin")
    .directory("usr/lib")
    .directory("usr/lib64")
    .link("bin", "usr/bin")
    .link("sbin", "usr/sbin")
    .link("lib", "usr/lib")
    .link("lib64", "usr/lib64")
    .directory("root", { mode: 0o700 })
    .directory("home/user", { uid: GUEST_UID })
    // Where the kernel's first process finds its streams.
    .directory("dev")
    .file(
      "etc/passwd",
      `root:x:0:0::/root:/bin/sh\nuser:x:${GUEST_UID}:${GUEST_UID}::/home/user:/bin/sh\n`,
    )
    .file("etc/group", `root:x:0:\nuser:x:${GUEST_UID}:\n`)
    .file("etc/shadow", "root:!:1::::::\nuser:!:1::::::\n", { mode: 0o640 })
    .file("etc/hosts", "127.0.0.1 localhost\n")
    .file("init", INIT, { mode: 0o755 })
    .file("guest/start", START, { mode: 0o755 })
    .file("guest/script", script);
  // The loader and the libraries that bun is linked to.
  const packages = unpackPackages(arch, ["busybox-static", "libc6"]);
  for (const name of ["bin", "lib", "lib64", "usr/lib"]) {
    try {
      tree.copy(name, join(packages, name));
    } catch (error) {
      // Not every architecture or release has each of them.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  for (const [path, source] of Object.entries(files)) tree.copy(path, source);
  return tree;
}

function writeArchive(path: string, tree: Tree): void {
  const fd = openSync(path, "w", 0o600);
  try {
    for (const part of tree.archive()) {
      for (let at = 0; at < part.byteLength; ) at += writeSync(fd, part, at);
    }
  } finally {
    closeSync(fd);
  }
}
