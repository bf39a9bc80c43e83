/** mxc and what it is measured against: one command line each for the same job. */

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Job {
  /** Words of the command in the sandbox. */
  readonly command: readonly string[];
  /** Folders of the host, each granted read-only. */
  readonly grants: readonly string[];
}

export interface Peer {
  readonly name: string;
  /** Absent when the job is not comparable in this peer. */
  prepare(job: Job, folder: string): readonly string[] | undefined;
  readonly missing?: string;
}

/** What mxc's baseline shows, so that the others mount as much. */
const BASELINE = [
  "/usr/bin",
  "/usr/sbin",
  "/usr/lib",
  "/usr/lib32",
  "/usr/lib64",
  "/usr/libexec",
  "/usr/share",
  "/etc",
];
const LINKS = ["/bin", "/sbin", "/lib", "/lib64"];

export function peers(root: string): readonly Peer[] {
  const mxc = join(root, "dist", "mxc");
  const reference = join(root, "node_modules/mxc-reference-1.0/bin/x64/lxc-exec");
  return [
    {
      name: "mxc run",
      prepare: ({ command, grants }) => [
        mxc,
        "run",
        ...(grants.length > 0 ? [`--allow-read=${grants.join(",")}`] : []),
        "--",
        ...command,
      ],
    },
    {
      name: "mxc, landlock tier",
      prepare: ({ command, grants }) => [
        mxc,
        "run",
        "--tier=landlock",
        ...(grants.length > 0 ? [`--allow-read=${grants.join(",")}`] : []),
        "--",
        ...command,
      ],
    },
    {
      name: "mxc as lxc-exec",
      prepare: (job, folder) => [join(root, "dist", "lxc-exec"), config(job, folder)],
    },
    {
      name: "MXC lxc-exec 1.0.1",
      ...unless(existsSync(reference) && Bun.which("bwrap") !== null),
      prepare: (job, folder) => [reference, config(job, folder)],
    },
    {
      name: "bwrap",
      ...unless(Bun.which("bwrap") !== null),
      prepare: (job, folder) => [
        "bwrap",
        "--args",
        "0",
        ...job.command,
        bwrapArguments(job, folder),
      ],
    },
    {
      name: "firejail",
      ...unless(Bun.which("firejail") !== null),
      prepare: ({ command, grants }) =>
        grants.length > 0
          ? undefined
          : [
              "firejail",
              "--quiet",
              "--noprofile",
              "--net=none",
              "--private-dev",
              "--private-tmp",
              "--caps.drop=all",
              "--seccomp",
              "--nonewprivs",
              ...command,
            ],
    },
    {
      name: "crun",
      ...unless(Bun.which("crun") !== null && process.getuid?.() === 0, "needs root"),
      prepare: ({ command, grants }, folder) =>
        grants.length > 0
          ? undefined
          : ["crun", "run", "--bundle", bundle(command, folder), `mxc-bench-${process.pid}`],
    },
  ];
}

function unless(there: boolean, why = "not installed"): { missing?: string } {
  return there ? {} : { missing: why };
}

let files = 0;

function config({ command, grants }: Job, folder: string): string {
  files += 1;
  const path = join(folder, `config-${files}.json`);
  writeFileSync(
    path,
    JSON.stringify({
      version: "1.0.0",
      process: { commandLine: `exec ${command.join(" ")}` },
      filesystem: { readonlyPaths: grants },
    }),
  );
  return path;
}

/** Its arguments on stdin (`--args 0`): a thousand grants do not fit a command line. */
function bwrapArguments({ grants }: Job, folder: string): string {
  files += 1;
  const path = join(folder, `bwrap-${files}.args`);
  const words = [
    "--unshare-all",
    "--die-with-parent",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--tmpfs",
    "/tmp",
  ];
  for (const part of BASELINE) if (existsSync(part)) words.push("--ro-bind", part, part);
  for (const link of LINKS) if (existsSync(link)) words.push("--symlink", `usr${link}`, link);
  for (const grant of grants) words.push("--ro-bind", grant, grant);
  writeFileSync(path, words.map((word) => `${word}\0`).join(""));
  return path;
}

/** An OCI bundle whose root is the host's, read-only, with the same namespaces. */
function bundle(command: readonly string[], folder: string): string {
  const path = join(folder, "bundle");
  mkdirSync(path, { recursive: true });
  const bind = (place: string) => ({
    destination: place,
    type: "bind",
    source: place,
    options: ["rbind", "ro"],
  });
  const rootfs = join(path, "rootfs");
  mkdirSync(rootfs, { recursive: true });
  writeFileSync(
    join(path, "config.json"),
    JSON.stringify({
      ociVersion: "1.0.2",
      process: {
        terminal: false,
        user: { uid: 0, gid: 0 },
        args: command,
        cwd: "/",
        noNewPrivileges: true,
        env: ["PATH=/usr/bin:/bin"],
      },
      root: { path: rootfs, readonly: false },
      mounts: [
        { destination: "/proc", type: "proc", source: "proc" },
        { destination: "/dev", type: "tmpfs", source: "tmpfs" },
        { destination: "/tmp", type: "tmpfs", source: "tmpfs" },
        ...[...BASELINE, ...LINKS].filter((place) => existsSync(place)).map(bind),
      ],
      linux: {
        namespaces: ["pid", "network", "ipc", "uts", "mount", "cgroup"].map((type) => ({ type })),
      },
    }),
  );
  return path;
}
