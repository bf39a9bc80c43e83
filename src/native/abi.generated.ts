// Written by `zig build abi` from native/abi/structs.zig and native/linux/opening.zig.

export const PLAN_MAGIC = 0x5043584d;
export const ABI_DIGEST = 0x25b6d92a6502ada9n;
export const PLAN_BYTES_MAX = 16777216;
export const PLAN_STEPS_MAX = 200000;
export const PLAN_FD = 1000;

export const PlanHeader = {
  size: 0,
  magic: 4,
  digest: 8,
  totalSize: 16,
  stepCount: 20,
  reserved0: 24,
  options: 28,
  timeoutMs: 32,
  reserved: 40,
  sizeOf: 48,
} as const;

export const Step = {
  kind: 0,
  flags: 4,
  source: 8,
  target: 16,
  device: 24,
  inode: 32,
  argument: 40,
  extra: 48,
  sizeOf: 56,
} as const;

export const Setback = {
  stage: 0,
  step: 4,
  syscall: 8,
  errno: 12,
  landlockAbi: 16,
  sizeOf: 20,
} as const;

export const StepKind = {
  namespaces: 1,
  root: 2,
  directory: 3,
  symlink: 4,
  bind: 5,
  tmpfs: 6,
  proc: 7,
  devpts: 8,
  standIns: 9,
  deny: 10,
  protect: 11,
  loopback: 12,
  tunable: 13,
  enterRoot: 14,
  landlockRule: 15,
  limit: 16,
  seccomp: 17,
  workingFolder: 18,
  environment: 19,
  word: 20,
  file: 21,
  screen: 22,
  seal: 23,
  mirror: 24,
  mqueue: 25,
  content: 26,
  network: 27,
  networkRule: 28,
  events: 29,
  landlockTier: 30,
  scratch: 31,
  kernelMounts: 32,
  controlGroup: 33,
  sandboxLimit: 34,
  statistics: 35,
} as const;

export const ObjectType = {
  file: 0,
  directory: 1,
  fifo: 2,
  socket: 3,
  any: 4,
} as const;

export const Access = {
  list: 0,
  read: 1,
  write: 2,
  use: 3,
} as const;

export const SeccompProfile = {
  networkNone: 0,
  networkHost: 1,
  networkBrokered: 2,
  landlockNone: 3,
  landlockHost: 4,
  landlockBrokered: 5,
} as const;

export const SandboxLimit = {
  memory: 1,
  cpus: 2,
  pids: 3,
  cpuTime: 4,
  output: 5,
  wall: 6,
} as const;

export const PlanOption = {
  envelope: 1,
  debugTrailer: 2,
  shell: 4,
  constantOpening: 8,
  hasAlternative: 16,
} as const;

export const BindFlag = {
  readOnly: 1,
  noExec: 2,
  devices: 4,
  recursive: 8,
  optional: 16,
  sameObject: 32,
  follow: 64,
} as const;

export const NetworkFlag = {
  defaultAllow: 1,
  ingress: 2,
  hostLoopback: 4,
  datagrams: 8,
  resolver: 16,
  summary: 32,
  debug: 64,
  listen: 128,
  trace: 256,
} as const;

export const RuleFlag = {
  deny: 1,
  except: 2,
  tcp: 4,
  udp: 8,
  icmp: 16,
  subdomains: 32,
  anyHead: 64,
  hostLoopback: 128,
} as const;

export const ControlFlag = {
  unified: 1,
  memory: 2,
  cpu: 4,
  accounting: 8,
  pids: 16,
} as const;

export const MeansFlag = {
  controlGroup: 1,
  sampling: 2,
} as const;

export const StatisticsFlag = {
  json: 1,
} as const;

/** What of the host every sandbox sees, read-only, where it exists. */
export const BASELINE_PATHS = [
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/usr/bin",
  "/usr/sbin",
  "/usr/lib",
  "/usr/lib32",
  "/usr/lib64",
  "/usr/libexec",
  "/usr/share",
  "/etc",
  "/run/systemd/resolve/resolv.conf",
  "/run/systemd/resolve/stub-resolv.conf",
  "/run/NetworkManager/resolv.conf",
  "/run/resolvconf/resolv.conf",
  "/mnt/wsl/resolv.conf",
] as const;

/** Secrets below the baseline, denied. */
export const SENSITIVE_PATHS = [
  "/etc/shadow",
  "/etc/shadow-",
  "/etc/gshadow",
  "/etc/gshadow-",
  "/etc/sudoers",
  "/etc/sudoers.d",
  "/etc/security/opasswd",
  "/etc/krb5.keytab",
  "/etc/ssl/private",
  "/etc/ssh/ssh_host_rsa_key",
  "/etc/ssh/ssh_host_ecdsa_key",
  "/etc/ssh/ssh_host_ed25519_key",
  "/etc/ssh/ssh_host_dsa_key",
  "/etc/NetworkManager/system-connections",
  "/etc/wireguard",
  "/etc/docker/key.json",
  "/etc/kubernetes",
  "/etc/rancher",
  "/etc/ppp",
  "/etc/letsencrypt",
  "/etc/pki/tls/private",
  "/etc/openvpn",
] as const;

/** File systems whose files are the kernel's controls, as /proc/filesystems names them. */
export const KERNEL_FILE_SYSTEMS = [
  "proc",
  "sysfs",
  "cgroup",
  "cgroup2",
  "cpuset",
  "securityfs",
  "selinuxfs",
  "smackfs",
  "debugfs",
  "tracefs",
  "bpf",
  "configfs",
  "efivarfs",
  "binfmt_misc",
  "devpts",
  "mqueue",
  "devtmpfs",
  "fusectl",
  "pstore",
  "resctrl",
  "nfsd",
  "rpc_pipefs",
  "xenfs",
] as const;

/** The constant first steps of a plan; a function, so that a run that only names them makes none. */
export const openingSteps = () => [
  {
    kind: "namespaces" as const,
    flags: 2114060288,
  },
  {
    kind: "loopback" as const,
  },
  {
    kind: "root" as const,
    argument: 16777216,
    extra: 16384,
  },
  {
    kind: "standIns" as const,
    target: "/.stand-ins",
  },
  {
    kind: "directory" as const,
    target: "/proc",
    argument: 493,
  },
  {
    kind: "proc" as const,
    target: "/proc",
  },
  {
    kind: "tunable" as const,
    flags: 16,
    source: "4096",
    target: "/proc/sys/kernel/pid_max",
  },
  {
    kind: "protect" as const,
    flags: 17,
    target: "/proc/sys",
  },
  {
    kind: "protect" as const,
    flags: 17,
    target: "/proc/irq",
  },
  {
    kind: "protect" as const,
    flags: 17,
    target: "/proc/bus",
  },
  {
    kind: "protect" as const,
    flags: 17,
    target: "/proc/fs",
  },
  {
    kind: "protect" as const,
    flags: 17,
    target: "/proc/tty",
  },
  {
    kind: "protect" as const,
    flags: 17,
    target: "/proc/driver",
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/acpi",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/asound",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/config.gz",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/dynamic_debug",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/iomem",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/ioports",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/kallsyms",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/kcore",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/key-users",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/keys",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/kmsg",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/kpagecgroup",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/kpagecount",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/kpageflags",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/latency_stats",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/modules",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/sched_debug",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/scsi",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/slabinfo",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/sysrq-trigger",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/timer_list",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/timer_stats",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/vmallocinfo",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/cmdline",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/diskstats",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/partitions",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/interrupts",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/softirqs",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/pagetypeinfo",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/zoneinfo",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/schedstat",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/proc/allocinfo",
    argument: 4,
  },
  {
    kind: "directory" as const,
    target: "/dev",
    argument: 493,
  },
  {
    kind: "file" as const,
    target: "/dev/null",
  },
  {
    kind: "bind" as const,
    flags: 7,
    source: "/dev/null",
    target: "/dev/null",
  },
  {
    kind: "file" as const,
    target: "/dev/zero",
  },
  {
    kind: "bind" as const,
    flags: 7,
    source: "/dev/zero",
    target: "/dev/zero",
  },
  {
    kind: "file" as const,
    target: "/dev/full",
  },
  {
    kind: "bind" as const,
    flags: 7,
    source: "/dev/full",
    target: "/dev/full",
  },
  {
    kind: "file" as const,
    target: "/dev/random",
  },
  {
    kind: "bind" as const,
    flags: 7,
    source: "/dev/random",
    target: "/dev/random",
  },
  {
    kind: "file" as const,
    target: "/dev/urandom",
  },
  {
    kind: "bind" as const,
    flags: 7,
    source: "/dev/urandom",
    target: "/dev/urandom",
  },
  {
    kind: "file" as const,
    target: "/dev/tty",
  },
  {
    kind: "bind" as const,
    flags: 7,
    source: "/dev/tty",
    target: "/dev/tty",
  },
  {
    kind: "directory" as const,
    target: "/dev/pts",
    argument: 493,
  },
  {
    kind: "devpts" as const,
    target: "/dev/pts",
  },
  {
    kind: "directory" as const,
    target: "/dev/shm",
    argument: 493,
  },
  {
    kind: "tmpfs" as const,
    flags: 2,
    target: "/dev/shm",
    argument: 268435456,
    extra: 65536,
  },
  {
    kind: "directory" as const,
    target: "/dev/mqueue",
    argument: 493,
  },
  {
    kind: "mqueue" as const,
    target: "/dev/mqueue",
  },
  {
    kind: "symlink" as const,
    source: "pts/ptmx",
    target: "/dev/ptmx",
  },
  {
    kind: "symlink" as const,
    source: "/proc/self/fd",
    target: "/dev/fd",
  },
  {
    kind: "symlink" as const,
    source: "/proc/self/fd/0",
    target: "/dev/stdin",
  },
  {
    kind: "symlink" as const,
    source: "/proc/self/fd/1",
    target: "/dev/stdout",
  },
  {
    kind: "symlink" as const,
    source: "/proc/self/fd/2",
    target: "/dev/stderr",
  },
  {
    kind: "directory" as const,
    target: "/tmp",
    argument: 493,
  },
  {
    kind: "tmpfs" as const,
    target: "/tmp",
    argument: 1073741824,
    extra: 262144,
  },
  {
    kind: "directory" as const,
    target: "/run",
    argument: 493,
  },
  {
    kind: "directory" as const,
    target: "/var",
    argument: 493,
  },
  {
    kind: "symlink" as const,
    source: "../run",
    target: "/var/run",
  },
  {
    kind: "mirror" as const,
    target: "/bin",
  },
  {
    kind: "mirror" as const,
    target: "/sbin",
  },
  {
    kind: "mirror" as const,
    target: "/lib",
  },
  {
    kind: "mirror" as const,
    target: "/lib32",
  },
  {
    kind: "mirror" as const,
    target: "/lib64",
  },
  {
    kind: "mirror" as const,
    target: "/libx32",
  },
  {
    kind: "mirror" as const,
    target: "/usr/bin",
  },
  {
    kind: "mirror" as const,
    target: "/usr/sbin",
  },
  {
    kind: "mirror" as const,
    target: "/usr/lib",
  },
  {
    kind: "mirror" as const,
    target: "/usr/lib32",
  },
  {
    kind: "mirror" as const,
    target: "/usr/lib64",
  },
  {
    kind: "mirror" as const,
    target: "/usr/libexec",
  },
  {
    kind: "mirror" as const,
    target: "/usr/share",
  },
  {
    kind: "mirror" as const,
    target: "/etc",
  },
  {
    kind: "mirror" as const,
    target: "/run/systemd/resolve/resolv.conf",
  },
  {
    kind: "mirror" as const,
    target: "/run/systemd/resolve/stub-resolv.conf",
  },
  {
    kind: "mirror" as const,
    target: "/run/NetworkManager/resolv.conf",
  },
  {
    kind: "mirror" as const,
    target: "/run/resolvconf/resolv.conf",
  },
  {
    kind: "mirror" as const,
    target: "/mnt/wsl/resolv.conf",
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/shadow",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/shadow-",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/gshadow",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/gshadow-",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/sudoers",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/sudoers.d",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/security/opasswd",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/krb5.keytab",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/ssl/private",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/ssh/ssh_host_rsa_key",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/ssh/ssh_host_ecdsa_key",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/ssh/ssh_host_ed25519_key",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/ssh/ssh_host_dsa_key",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/NetworkManager/system-connections",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/wireguard",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/docker/key.json",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/kubernetes",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/rancher",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/ppp",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/letsencrypt",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/pki/tls/private",
    argument: 4,
  },
  {
    kind: "deny" as const,
    flags: 16,
    target: "/etc/openvpn",
    argument: 4,
  },
  {
    kind: "kernelMounts" as const,
  },
];
