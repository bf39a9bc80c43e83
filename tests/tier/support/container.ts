/**
 * A container as Docker starts one: its default capabilities, masked and read-only paths, and what its
 * default seccomp profile refuses; the host's own files as its root, so that tests find themselves in
 * it. Made by crun.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchRoot } from "../../support/paths.ts";

/** docs.docker.com, "Runtime privilege and Linux capabilities": kept by default. */
const CAPABILITIES = [
  ...["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"],
  ...["NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"],
].map((name) => `CAP_${name}`);

const MASKED = [
  ...["acpi", "asound", "interrupts", "kcore", "keys", "latency_stats", "sched_debug", "scsi"],
  ...["timer_list", "timer_stats"],
].map((name) => `/proc/${name}`);

const READ_ONLY = ["bus", "fs", "irq", "sys", "sysrq-trigger"].map((name) => `/proc/${name}`);

/**
 * What the default profile does not allow to these capabilities, as far as this kernel has it; the
 * newest calls among them, which an older profile does not know.
 */
const REFUSED = [
  ...["mount", "umount2", "pivot_root", "fsopen", "fsconfig", "fsmount", "fspick", "move_mount"],
  ...["open_tree", "mount_setattr", "statmount", "listmount", "unshare", "setns", "sethostname"],
  ...["setdomainname", "swapon", "swapoff", "quotactl", "quotactl_fd", "acct", "reboot", "syslog"],
  ...["bpf", "perf_event_open", "fanotify_init", "lookup_dcookie", "userfaultfd", "kcmp"],
  ...["pidfd_getfd", "process_madvise", "open_by_handle_at", "add_key", "keyctl", "request_key"],
  ...["init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "iopl"],
  ...["ioperm", "settimeofday", "clock_settime", "vhangup", "mbind", "get_mempolicy"],
  ...["set_mempolicy", "set_mempolicy_home_node", "migrate_pages", "move_pages", "uselib"],
  ...["ustat", "sysfs", "nfsservctl", "io_uring_setup", "io_uring_enter", "io_uring_register"],
  ...["fchmodat2", "cachestat", "map_shadow_stack"],
];

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (linux/sched.h). */
const NAMESPACES = [
  0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000,
];

const EPERM = 1;
const ENOSYS = 38;

function bundle(
  words: readonly string[],
  env: readonly string[],
  cwd: string,
  allowed: readonly string[],
) {
  const refuse = (names: readonly string[], errnoRet: number, args?: readonly object[]) => ({
    names,
    action: "SCMP_ACT_ERRNO",
    errnoRet,
    ...(args === undefined ? {} : { args }),
  });
  return {
    ociVersion: "1.0.2",
    root: { path: "rootfs", readonly: false },
    hostname: "container",
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: words,
      env,
      cwd,
      capabilities: {
        bounding: CAPABILITIES,
        effective: CAPABILITIES,
        permitted: CAPABILITIES,
      },
    },
    mounts: [
      {
        destination: "/proc",
        type: "proc",
        source: "proc",
        options: ["nosuid", "noexec", "nodev"],
      },
      {
        destination: "/dev",
        type: "tmpfs",
        source: "tmpfs",
        options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
      },
      {
        destination: "/dev/pts",
        type: "devpts",
        source: "devpts",
        options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
      },
      {
        destination: "/dev/shm",
        type: "tmpfs",
        source: "shm",
        options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
      },
      {
        destination: "/dev/mqueue",
        type: "mqueue",
        source: "mqueue",
        options: ["nosuid", "noexec", "nodev"],
      },
    ],
    linux: {
      namespaces: ["pid", "ipc", "uts", "mount"].map((type) => ({ type })),
      maskedPaths: MASKED,
      readonlyPaths: READ_ONLY,
      seccomp: {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [
          refuse(
            REFUSED.filter((name) => !allowed.includes(name)),
            EPERM,
          ),
          refuse(["clone3"], ENOSYS),
          ...NAMESPACES.map((flag) =>
            refuse(["clone"], EPERM, [
              { index: 0, value: flag, valueTwo: flag, op: "SCMP_CMP_MASKED_EQ" },
            ]),
          ),
        ],
      },
    },
  };
}

/**
 * In mounts of its own: crun takes a host with both versions of control groups for one it cannot
 * serve, even if told to leave them alone. One of version 2 in their place shows it another host.
 */
const START = `
set -e
mount -t cgroup2 none /sys/fs/cgroup
mount --rbind / "$1/rootfs"
ip link set lo up
exec crun --root "$1/state" --cgroup-manager=disabled run --bundle "$1" "$2"`;

export interface ContainerResult {
  readonly exitCode: number | null;
  readonly output: string;
}

/** As the container's root; stdout and stderr together. */
export async function runInContainer(
  words: readonly string[],
  options: {
    readonly cwd: string;
    readonly limitMs: number;
    /** Calls that the profile allows besides. */
    readonly allowed?: readonly string[];
  },
): Promise<ContainerResult> {
  const folder = mkdtempSync(join(scratchRoot(), "mxc-test-container-"));
  try {
    mkdirSync(join(folder, "rootfs"));
    const env = [
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "HOME=/root",
      ...(process.env.MXC_BINARY === undefined ? [] : [`MXC_BINARY=${process.env.MXC_BINARY}`]),
    ];
    writeFileSync(
      join(folder, "config.json"),
      JSON.stringify(bundle(words, env, options.cwd, options.allowed ?? [])),
    );
    const name = `mxc-test-${crypto.randomUUID()}`;
    const child = Bun.spawn(
      [
        // A pid namespace around crun's: its end is the end of all, however it comes.
        ...["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"],
        ...["--mount", "--net", "--propagation=private"],
        ...["sh", "-c", START, "sh", folder, name],
      ],
      { stdin: "ignore", stdout: "pipe", stderr: "pipe" },
    );
    const limit = setTimeout(() => child.kill("SIGKILL"), options.limitMs);
    const [stdout, stderr] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    await child.exited;
    clearTimeout(limit);
    return { exitCode: child.exitCode, output: stdout + stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
