/** Policies on made-up hosts, by the name of their golden file. */

import type { Extensions, NetworkFlags, NetworkRequest } from "../../src/contract/request.ts";
import type { Refusal } from "../../src/errors.ts";
import type { ResolverFacts } from "../../src/host/facts.ts";
import { NO_REPORTS, type ReportOptions, toNetworkPolicy } from "../../src/policy/network.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { type Given, policyOf, type Tree } from "./fake-host.ts";

export interface PlanCase {
  /** On top of `BASE`. */
  readonly tree?: Tree;
  /** `ro`, `rw` or `no`, and a path. */
  readonly grants: readonly string[];
  readonly policy?: Partial<Policy>;
  readonly given?: Given;
  /** What the workload must find where; `absent` for nothing. */
  readonly seen?: Readonly<Record<string, "read" | "write" | "private" | "denied" | "absent">>;
}

const HOME: Tree = {
  "/home/me/p/src/main.c": "file",
  "/home/me/p/out": "directory",
  "/home/me/p/.env": "file",
  "/home/me/.ssh/id": "file",
};

const DEEP: Tree = { "/w/a/b/c/file": "file", "/w/a/b/other": "file", "/w/a/x": "file" };

const SYSTEM: Tree = {
  "/sys/kernel": "directory",
  "/sys/fs/cgroup/cpu": "directory",
  "/jail/etc/hosts": "file",
  "/jail/proc/1": "directory",
  "/usr/share/proc": "directory",
};

const KERNEL_MOUNTS = [
  { point: "/dev", type: "devtmpfs" },
  { point: "/dev/pts", type: "devpts" },
  { point: "/sys", type: "sysfs" },
  { point: "/sys/fs/cgroup", type: "cgroup2" },
  { point: "/jail/proc", type: "proc" },
  { point: "/usr/share/proc", type: "proc" },
];

const process = (more: Partial<Policy["process"]>): Partial<Policy> => ({
  process: { ...policyOf([]).process, ...more },
});

const CLOSED: NetworkRequest = {
  kind: "directional",
  egress: { default: "deny", allow: [], deny: [] },
  ingress: { default: "deny", hostLoopback: "deny" },
};

/** As the policy layer makes it of a request. */
function network(
  asked: {
    readonly network?: NetworkRequest;
    readonly extensions?: Extensions["network"];
    readonly flags?: Partial<NetworkFlags>;
  },
  reports: Partial<ReportOptions> = {},
): Partial<Policy> {
  const refusals: Refusal[] = [];
  const flags = {
    allow: [],
    deny: [],
    listen: false,
    hostLoopback: false,
    proxy: false,
    ...asked.flags,
  };
  const made = toNetworkPolicy(
    {
      network: asked.network ?? CLOSED,
      networkFlags: flags,
      version: "1.0.0",
      extensions: asked.extensions === undefined ? {} : { network: asked.extensions },
    },
    { ...NO_REPORTS, ...reports },
    refusals,
  );
  if (refusals.length > 0) throw new Error(refusals.map(({ message }) => message).join());
  return { network: made };
}

const RESOLVER: ResolverFacts = {
  canonical: "/etc/resolv.conf",
  search: ["corp.test", "test"],
  options: ["ndots:2"],
};

export const CASES: Readonly<Record<string, PlanCase>> = {
  nothing: {
    grants: [],
    seen: {
      "/etc/passwd": "read",
      "/etc/shadow": "denied",
      "/bin/cat": "read",
      "/home": "absent",
      "/usr/local": "absent",
      "/tmp": "private",
    },
  },
  "read-write-denied": {
    tree: HOME,
    grants: ["ro /home/me/p", "rw /home/me/p/out", "no /home/me/p/.env"],
    seen: {
      "/home/me/p/src/main.c": "read",
      "/home/me/p/out": "write",
      "/home/me/p/.env": "denied",
      "/home/me/.ssh": "absent",
    },
  },
  "most-specific-wins": {
    tree: DEEP,
    grants: ["rw /w", "ro /w/a", "rw /w/a/b", "no /w/a/b/c"],
    seen: {
      "/w": "write",
      "/w/a/x": "read",
      "/w/a/b/other": "write",
      "/w/a/b/c": "denied",
      "/w/a/b/c/file": "absent",
    },
  },
  "grant-below-denied": {
    tree: DEEP,
    grants: ["rw /w", "no /w/a", "ro /w/a/b/c"],
    seen: { "/w": "write", "/w/a": "private", "/w/a/x": "absent", "/w/a/b/c/file": "read" },
  },
  "file-below-denied": {
    tree: DEEP,
    grants: ["rw /w", "no /w/a", "rw /w/a/b/other", "rw /w/a/x"],
    seen: { "/w/a/b/other": "write", "/w/a/x": "write", "/w/a/b/c": "absent" },
  },
  "denied-below-denied": {
    tree: DEEP,
    grants: ["rw /w", "no /w/a", "no /w/a/b", "no /w/a/b/c/file"],
    seen: { "/w/a": "denied", "/w/a/b": "absent" },
  },
  "grant-between-denied": {
    tree: DEEP,
    grants: ["rw /w", "no /w/a", "rw /w/a/b", "no /w/a/b/c"],
    seen: { "/w/a/b/other": "write", "/w/a/b/c": "denied", "/w/a/x": "absent" },
  },
  "same-path-twice": {
    tree: DEEP,
    grants: ["rw /w/a", "ro /w/a/", "rw /w/a/b", "no //w/./a/b"],
    seen: { "/w/a": "read", "/w/a/b": "denied" },
  },
  "same-object-by-link": {
    tree: { ...DEEP, "/l": "-> /w/a" },
    grants: ["rw /w/a", "ro /l"],
    seen: { "/w/a/x": "read", "/l/x": "read" },
  },
  "denied-by-link": {
    tree: { ...DEEP, "/l": "-> /w/a/b" },
    grants: ["rw /w", "no /l/c"],
    seen: { "/w/a/b/c": "denied", "/w/a/b/other": "write" },
  },
  "denied-hard-link": {
    tree: { "/w/a/key": "file", "/w/b/copy": "= /w/a/key", "/x/other": "= /w/a/key" },
    grants: ["rw /w", "no /w/a/key"],
    seen: { "/w/a/key": "denied", "/w/b/copy": "denied", "/x": "absent" },
  },
  "denied-bind-alias": {
    tree: { "/w/a/key": "file", "/v/mounted": "= /w/a" },
    grants: ["ro /w", "ro /v", "no /w/a"],
    given: { aliases: new Map([["/w/a", ["/v/mounted", "/elsewhere"]]]) },
    seen: { "/w/a": "denied", "/v/mounted": "denied" },
  },
  "kernel-mounts": {
    tree: SYSTEM,
    grants: ["rw /", "ro /sys/fs/cgroup", "ro /jail"],
    given: { kernelMounts: KERNEL_MOUNTS },
    seen: {
      "/sys": "private",
      "/sys/kernel": "absent",
      "/sys/fs/cgroup/cpu": "read",
      "/jail/etc/hosts": "read",
      "/jail/proc": "denied",
      "/usr/share/proc": "denied",
      "/dev": "private",
    },
  },
  "kernel-mount-granted": {
    tree: SYSTEM,
    grants: ["rw /sys"],
    given: { kernelMounts: KERNEL_MOUNTS },
    seen: { "/sys/kernel": "write", "/sys/fs/cgroup": "denied", "/usr/share/proc": "denied" },
  },
  "proc-mount-granted": {
    tree: SYSTEM,
    grants: ["ro /jail/proc"],
    given: { kernelMounts: KERNEL_MOUNTS },
  },
  "denied-part-elsewhere": {
    tree: { ...DEEP, "/w/secret": "directory" },
    grants: ["rw /w/a", "no /w/secret"],
    given: { aliasParts: new Map([["/w/secret", ["/w/a/b", "/elsewhere"]]]) },
    seen: { "/w/a/x": "write", "/w/a/b": "denied" },
  },
  "denied-part-granted": {
    tree: { ...DEEP, "/w/secret": "directory" },
    grants: ["rw /w/a", "no /w/secret"],
    given: { aliasParts: new Map([["/w/secret", ["/w/a"]]]) },
  },
  "denied-process": {
    tree: {
      "/proc/self": "-> 1",
      "/proc/net": "-> self/net",
      "/proc/1/net": "directory",
      "/dev/stdin": "-> /proc/self/fd/0",
      "/proc/1/fd/0": "-> /dev/null",
      "/w/link": "-> /proc/net",
    },
    grants: ["no /w/link", "no /proc/net", "no /dev/stdin"],
  },
  "denied-in-private": {
    tree: { "/proc/uptime": "file", "/dev/ptmx": "device" },
    grants: ["no /dev/../proc/uptime", "no /dev/ptmx"],
  },
  "unbounded-links": {
    tree: { "/w/key": "file", "/w/copy": "= /w/key" },
    grants: ["rw /w", "no /w/key"],
    given: { unboundedLinks: ["/w/key"] },
  },
  "link-not-shown": {
    tree: { ...DEEP, "/l": "-> w/a" },
    grants: ["ro /l"],
    seen: { "/l/x": "read", "/w": "absent" },
  },
  "link-shown": {
    tree: { "/p/l": "-> ../t/d", "/t/d/f": "file", "/t/secret": "file" },
    grants: ["ro /p", "rw /p/l"],
    seen: { "/p/l/f": "write", "/t/d/f": "write", "/t/secret": "absent" },
  },
  "ancestor-link-not-shown": {
    tree: { "/home": "-> usr/home", "/usr/home/me/p/f": "file" },
    grants: ["rw /home/me/p"],
    seen: { "/home/me/p/f": "write", "/usr/home": "absent" },
  },
  "ancestor-link-shown": {
    tree: { "/g/home": "-> ../t", "/t/me/f": "file", "/t/v": "file" },
    grants: ["ro /g", "rw /g/home/me"],
    seen: { "/g/home/me/f": "write", "/t/me/f": "write", "/t/v": "absent" },
  },
  "link-of-the-baseline": {
    tree: { "/usr/bin/tool": "file" },
    grants: ["rw /bin/tool"],
    seen: { "/bin/tool": "write", "/usr/bin/tool": "write", "/usr/bin/cat": "read" },
  },
  "link-chain": {
    tree: { "/a": "-> b", "/b": "-> /c/d", "/c/d": "-> ../e", "/e/f": "file" },
    grants: ["ro /a"],
    seen: { "/a/f": "read", "/e": "absent" },
  },
  "link-loop": { tree: { "/a": "-> b", "/b": "-> a" }, grants: ["ro /a"] },
  "grant-missing": { grants: ["ro /nowhere", "rw /etc/passwd/x"] },
  "grant-forbidden": {
    tree: HOME,
    grants: ["ro /home/me/.ssh/id"],
    given: { forbidden: ["/home/me/.ssh/id"] },
  },
  "denied-missing-outside": { grants: ["no /nowhere/at/all"] },
  "denied-missing-inside": { tree: DEEP, grants: ["ro /w", "no /w/new", "no /etc/new"] },
  "denied-forbidden": {
    tree: HOME,
    grants: ["ro /home/me", "no /home/me/.ssh/x"],
    given: { forbidden: ["/home/me/.ssh/x"] },
    seen: { "/home/me/p/.env": "read" },
  },
  "root-read": {
    tree: HOME,
    grants: ["ro /", "rw /home/me/p/out", "no /home/me/.ssh"],
    seen: {
      "/home/me/p/src": "read",
      "/home/me/p/out": "write",
      "/home/me/.ssh": "denied",
      "/etc/shadow": "read",
      "/proc": "private",
      "/dev": "private",
    },
  },
  "root-write": {
    tree: HOME,
    grants: ["rw /", "ro /etc"],
    seen: { "/home/me/p": "write", "/etc/passwd": "read", "/tmp": "write", "/proc": "private" },
  },
  "baseline-usr": {
    grants: ["ro /usr"],
    seen: { "/usr/local/bin": "read", "/usr/bin/cat": "read", "/bin/cat": "read" },
  },
  "baseline-etc": {
    grants: ["ro /etc"],
    seen: { "/etc/shadow": "read", "/etc/passwd": "read" },
  },
  "baseline-shadow-by-name": {
    grants: ["ro /etc/shadow"],
    seen: { "/etc/shadow": "read", "/etc/ssh/ssh_host_rsa_key": "denied" },
  },
  "baseline-denied": {
    grants: ["no /etc", "no /usr/bin/cat", "no /tmp", "no /proc", "no /dev/shm"],
    seen: {
      "/etc": "denied",
      "/usr/bin/cat": "denied",
      "/bin/cat": "denied",
      "/tmp": "denied",
      "/proc": "denied",
      "/dev/shm": "denied",
      "/usr/bin": "read",
    },
  },
  "baseline-denied-from-above": {
    grants: ["no /usr", "ro /usr/bin/cat"],
    seen: { "/usr/lib": "denied", "/usr/bin/cat": "read", "/etc/passwd": "read" },
  },
  "baseline-by-its-link": {
    grants: ["rw /bin"],
    seen: { "/usr/bin/cat": "write", "/bin/cat": "write" },
  },
  "root-and-devices": {
    tree: { "/dev/kvm": "device", "/dev/rtc": "device" },
    grants: ["ro /", "rw /dev/kvm", "no /dev/rtc", "no /dev/shm", "no /tmp"],
    seen: { "/dev/kvm": "write", "/dev/rtc": "absent", "/dev/shm": "denied", "/tmp": "denied" },
  },
  "root-and-dev": {
    tree: { "/dev/kvm": "device" },
    grants: ["ro /", "rw /dev"],
    seen: { "/dev/kvm": "write", "/proc": "private" },
  },
  "tmp-inside-denied-grant-below": {
    tree: { "/tmp/job/in/f": "file" },
    grants: ["no /tmp/job", "rw /tmp/job/in"],
    seen: { "/tmp/job/in/f": "write", "/tmp": "private" },
  },
  "baseline-denied-secret": { grants: ["no /etc/shadow"], seen: { "/etc/shadow": "denied" } },
  "baseline-grant-below-denied": {
    tree: { "/etc/ssl/certs/ca.pem": "file" },
    grants: ["no /etc", "ro /etc/ssl/certs"],
    seen: { "/etc/ssl/certs/ca.pem": "read", "/etc/passwd": "absent" },
  },
  "baseline-made-writable": {
    grants: ["rw /usr/share"],
    seen: { "/usr/share": "write", "/usr/bin/cat": "read" },
  },
  "inside-tmp": {
    tree: { "/tmp/job/in": "file", "/tmp/other": "file" },
    grants: ["rw /tmp/job"],
    seen: { "/tmp/job/in": "write", "/tmp/other": "absent", "/tmp": "private" },
  },
  "tmp-itself": {
    tree: { "/tmp/job/in": "file" },
    grants: ["rw /tmp", "no /tmp/job"],
    seen: { "/tmp": "write", "/tmp/job": "denied" },
  },
  "tmp-denied-grant-below": {
    tree: { "/tmp/job/in": "file" },
    grants: ["no /tmp", "rw /tmp/job"],
    seen: { "/tmp/job/in": "write" },
  },
  "inside-dev": {
    tree: { "/dev/kvm": "device", "/dev/sda": "device" },
    grants: ["rw /dev/kvm"],
    seen: { "/dev/kvm": "write", "/dev/sda": "absent" },
  },
  "proc-by-another-name": {
    tree: { "/w/link": "-> /proc", "/w/sys": "-> ../proc/sys" },
    grants: ["ro /w/link", "rw /w/sys", "ro /usr/../proc"],
  },
  sockets: {
    tree: { "/run/app.sock": "socket", "/w/fifo": "fifo" },
    grants: ["rw /run/app.sock", "ro /w/fifo"],
    seen: { "/run/app.sock": "write", "/w/fifo": "read" },
  },
  "dots-through-a-link": {
    tree: { "/l": "-> /w/a", "/w/other/f": "file", "/w/a/x": "file" },
    grants: ["ro /l/../other"],
    seen: { "/w/other": "absent", "/other": "read" },
  },
  "cwd-caller": { tree: DEEP, grants: ["rw /w"], given: { cwd: "/w/a" } },
  "cwd-caller-not-shown": { tree: DEEP, grants: ["rw /w/a/b"], given: { cwd: "/elsewhere" } },
  "cwd-caller-denied": { tree: DEEP, grants: ["rw /w", "no /w/a"], given: { cwd: "/w/a/b" } },
  "cwd-home": {
    tree: HOME,
    grants: ["rw /home/me/p"],
    policy: process({ env: [["HOME", "/home/me/p"]] }),
    given: { cwd: "/elsewhere" },
  },
  "cwd-home-climbs": {
    tree: HOME,
    grants: ["rw /home/me/p"],
    policy: process({ env: [["HOME", "/home/me/p/../.ssh"]] }),
    given: { cwd: "/elsewhere" },
  },
  "cwd-asked": { tree: DEEP, grants: ["rw /w"], policy: process({ cwd: "/w/a/b/../b" }) },
  "cwd-grant-below-denied": {
    tree: DEEP,
    grants: ["rw /w", "no /w/a", "rw /w/a/b"],
    policy: process({ cwd: "/w/a/b" }),
  },
  "cwd-missing": { tree: DEEP, grants: ["rw /w"], policy: process({ cwd: "/home" }) },
  "cwd-denied": { tree: DEEP, grants: ["rw /w", "no /w/a"], policy: process({ cwd: "/w/a" }) },
  "cwd-by-link": {
    tree: { ...DEEP, "/l": "-> /w/a" },
    grants: ["rw /w"],
    policy: process({ cwd: "/l" }),
  },
  environment: {
    grants: [],
    policy: process({
      env: [
        ["A", "1"],
        ["PWD", "/lies"],
        ["EMPTY", ""],
        ["LINES", "a\nb=c"],
      ],
    }),
  },
  shell: {
    grants: [],
    policy: process({ command: { kind: "shell", commandLine: "echo 'a b' | cat" }, timeoutMs: 5 }),
  },
  argv: {
    grants: [],
    policy: process({ command: { kind: "argv", argv: ["printf", "%s\n", "", "a b", "-n"] } }),
  },
  limits: {
    grants: [],
    policy: { limits: { pids: 10, diskMb: 5, openFiles: 64, fileSizeMb: 3 } },
  },
  "limits-root": {
    grants: [],
    policy: { limits: { pids: 400, diskMb: 1024 } },
    given: { uid: 0, kernel: [6, 14] },
  },
  "limits-root-old-kernel": {
    grants: [],
    policy: { limits: { pids: 400, diskMb: 1024 } },
    given: { uid: 0, kernel: [6, 13] },
  },
  "limits-root-too-few": {
    grants: [],
    policy: { limits: { pids: 299, diskMb: 1024 } },
    given: { uid: 0, kernel: [7, 0] },
  },
  "network-host": {
    grants: [],
    policy: { network: { kind: "host" } },
  },
  "network-rules": {
    grants: [],
    policy: network({
      network: {
        ...CLOSED,
        egress: {
          default: "deny",
          allow: [
            {
              to: [{ cidr: "10.0.0.0/8", except: ["10.1.0.0/16", "10.2.0.1"] }, { cidr: "::/0" }],
              ports: [
                { protocol: "tcp", port: 443 },
                { port: 8000, endPort: 8010 },
              ],
            },
            { ports: [{ protocol: "icmp" }] },
          ],
          deny: [{ to: [{ cidr: "2001:db8::/32" }] }],
        },
      },
    }),
    given: { resolver: RESOLVER },
  },
  "network-open": {
    tree: { "/etc/resolv.conf": "file" },
    grants: [],
    policy: network({ network: { ...CLOSED, egress: { default: "allow", allow: [], deny: [] } } }),
    given: { resolver: RESOLVER },
  },
  "network-ingress": {
    grants: [],
    policy: network({
      network: { ...CLOSED, ingress: { default: "allow", hostLoopback: "allow" } },
    }),
  },
  "network-names": {
    tree: {
      "/etc/resolv.conf": "-> ../run/systemd/resolve/stub-resolv.conf",
      "/run/systemd/resolve/stub-resolv.conf": "file",
    },
    grants: [],
    policy: network(
      {
        extensions: {
          allow: ["api.test:443", "*.a.test:8000-8100", "localhost:5432", "10.0.0.0/8:53/udp"],
          deny: ["bad.test"],
          proxy: true,
        },
        flags: { allow: ["b\u00fccher.example"], listen: true, hostLoopback: true },
      },
      { events: "/home/me/events", summary: true, debug: "stdout" },
    ),
    given: { resolver: { ...RESOLVER, canonical: "/run/systemd/resolve/stub-resolv.conf" } },
  },
  "network-names-any-head": {
    grants: [],
    policy: network(
      { extensions: { allow: ["git.test:22"], requireServerName: false } },
      { logFile: "/home/me/log" },
    ),
    given: { resolver: { canonical: "/var/lib/resolver/resolv.conf", search: [], options: [] } },
  },
  "network-resolver-denied": {
    tree: { "/etc/resolv.conf": "file" },
    grants: ["no /etc/resolv.conf"],
    policy: network({ flags: { allow: ["a.test"] } }),
    given: { resolver: RESOLVER },
    seen: { "/etc/resolv.conf": "denied" },
  },
  "network-resolver-granted": {
    tree: { "/etc/resolv.conf": "file" },
    grants: ["rw /etc"],
    policy: network({ flags: { allow: ["a.test"] } }),
    given: { resolver: { canonical: "/etc/resolv.conf", search: [], options: [] } },
    seen: { "/etc/passwd": "write" },
  },
  "network-root": {
    tree: { "/etc/resolv.conf": "-> /var/run/resolv.conf", "/var/run/resolv.conf": "file" },
    grants: ["ro /"],
    policy: network({ flags: { allow: ["a.test"] } }),
    given: { resolver: { ...RESOLVER, canonical: "/var/run/resolv.conf" } },
  },
  "network-proxy": {
    grants: [],
    policy: network({ network: { ...CLOSED, proxy: "http://localhost:8080" } }),
    given: { resolver: RESOLVER },
  },
};
