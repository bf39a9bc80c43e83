/** Tries what a sandbox needs, by doing it, and explains what fails. */

import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { VERSION } from "../version.ts";

export interface Feature {
  readonly name: string;
  readonly ok: boolean;
  /** Without it nothing runs. */
  readonly required: boolean;
  readonly detail: string;
  readonly remedy?: string;
}

export interface BackendReport {
  readonly name: string;
  readonly available: boolean;
  readonly reason: string;
  readonly capabilities?: readonly Capability[];
}

/** As MXC names what can be had of a backend. */
export type Capability = "proxyEnforcement";

export interface DoctorReport {
  readonly version: string;
  readonly host: string;
  readonly features: readonly Feature[];
  readonly backends: readonly BackendReport[];
}

const BROKERED_NETWORK = "network by rules";
const NAMESPACE_TIER = "namespaces and private file systems";

export async function examineHost(): Promise<DoctorReport> {
  const features = process.platform === "linux" ? await linuxFeatures() : [unsupported()];
  return {
    version: VERSION,
    host: hostName(),
    features,
    backends: listBackends(
      features.every((feature) => feature.ok || !feature.required),
      has(features, NAMESPACE_TIER),
      has(features, NAMESPACE_TIER) && has(features, BROKERED_NETWORK),
    ),
  };
}

function has(features: readonly Feature[], wanted: string): boolean {
  return features.some(({ name, ok }) => name === wanted && ok);
}

function hostName(): string {
  if (process.platform !== "linux") return `${process.platform} ${process.arch}`;
  return `Linux ${setting("/proc/sys/kernel/osrelease") ?? "?"} ${process.arch}, ${process.getuid?.() === 0 ? "root" : `uid ${process.getuid?.()}`}`;
}

function unsupported(): Feature {
  return {
    name: "native library",
    ok: false,
    required: true,
    detail: `this build has none for ${process.platform}; it refuses to run anything`,
    remedy: "Run mxc on Linux; on this system it validates configs only.",
  };
}

async function linuxFeatures(): Promise<readonly Feature[]> {
  const { probeNative } = await import("../native/library.ts");
  const { openingSteps } = await import("../native/abi.generated.ts");
  const { describeStep } = await import("../plan/print.ts");
  const probe = probeNative();
  const failed = probe.failure;
  const failedStep = failed?.stage === "opening" ? openingSteps()[failed.step] : undefined;
  const where =
    failed === undefined
      ? ""
      : failed.stage === "namespaces"
        ? "creating them"
        : `the step '${failedStep === undefined ? failed.step : describeStep(failedStep)}'`;
  return [
    {
      name: NAMESPACE_TIER,
      ok: failed === undefined,
      // The landlock tier does without, for what it can enforce.
      required: probe.landlockAbi === 0 || !probe.seccomp,
      detail:
        failed === undefined
          ? "all made and dropped again for this report"
          : `${where} failed with errno ${failed.errno} (system call ${failed.syscall})`,
      ...(failed === undefined ? {} : { remedy: namespaceRemedy(failed.errno, failed.stage) }),
    },
    {
      name: "seccomp filters",
      ok: probe.seccomp,
      required: true,
      detail: probe.seccomp ? "available" : "not in this kernel",
      ...(probe.seccomp ? {} : { remedy: "Use a kernel with CONFIG_SECCOMP_FILTER." }),
    },
    {
      name: "Landlock",
      ok: probe.landlockAbi >= 2,
      required: false,
      detail: landlockDetail(probe.landlockAbi),
      ...(probe.landlockAbi >= 6
        ? {}
        : {
            remedy: "Linux 6.12 or later, with landlock in the boot parameter lsm=, has all of it.",
          }),
    },
    brokeredNetwork(probe.seccomp, probe.takesDescriptors),
    datagrams(),
    {
      name: "limit on processes for root",
      // Linux 6.14: kernel.pid_max of a pid namespace.
      ok: isKernel(6, 14),
      required: false,
      detail: isKernel(6, 14)
        ? "kernel.pid_max of the sandbox's own pid namespace"
        : "this kernel counts no processes of root's",
      ...(isKernel(6, 14)
        ? {}
        : { remedy: "Linux 6.14 or later, or run mxc as an ordinary user." }),
    },
  ];
}

/** Linux 5.14: SECCOMP_ADDFD_FLAG_SEND, with which the broker answers (seccomp_unotify(2)). */
function brokeredNetwork(seccomp: boolean, takesDescriptors: boolean): Feature {
  const isNew = seccomp && isKernel(5, 14);
  const ok = isNew && takesDescriptors;
  const detail = ok
    ? "the broker can decide on every connection"
    : `${isNew ? "pidfd_getfd(2) is refused here" : "not with this kernel"}: no network, or the host's, are all there is`;
  const remedy = isNew
    ? "Give the container around mxc a seccomp profile that allows pidfd_getfd; Docker's own does with CAP_SYS_PTRACE."
    : "Linux 5.14 or later, with CONFIG_SECCOMP_FILTER.";
  return { name: BROKERED_NETWORK, ok, required: false, detail, ...(ok ? {} : { remedy }) };
}

/** They go through a device of the sandbox's own (tun, linux/if_tun.h). */
function datagrams(): Feature {
  const problem = openTun();
  return {
    name: "UDP and ICMP by rules",
    ok: problem === undefined,
    required: false,
    detail: problem === undefined ? "/dev/net/tun can be opened" : `/dev/net/tun: ${problem}`,
    ...(problem === undefined
      ? {}
      : {
          remedy:
            "modprobe tun; in a container, pass the device on (--device /dev/net/tun). Rules for TCP do without.",
        }),
  };
}

function openTun(): string | undefined {
  try {
    closeSync(openSync("/dev/net/tun", "r+"));
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

function landlockDetail(abi: number): string {
  if (abi === 0)
    return "not in this kernel, or switched off; the mounts hold alone, and there is no landlock tier";
  if (abi === 1)
    return "ABI 1, used by the landlock tier alone: it refuses every rename between folders";
  const scopes =
    abi >= 6
      ? ""
      : "; with the host's network there are no Unix sockets, since abstract ones cannot be told apart";
  return `ABI ${abi}${scopes}`;
}

export function namespaceRemedy(errno: number, stage: "namespaces" | "opening"): string {
  const EPERM = 1;
  const ENOSPC = 28;
  const EROFS = 30;
  const folder = stage === "namespaces" && errno === EPERM ? chrootFolder() : undefined;
  if (folder !== undefined) {
    return `This is a chroot${folder === "" ? "" : ` (${folder})`}, in which the kernel lets nobody make user namespaces: start mxc outside of it, or enter the folder with pivot_root in a mount namespace, as containers do.`;
  }
  if (
    setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") === "1" &&
    errno !== ENOSPC
  ) {
    return "AppArmor forbids it: install the profile that 'mxc doctor --apparmor-profile' prints, or set kernel.apparmor_restrict_unprivileged_userns=0.";
  }
  if (errno === EROFS) {
    return "/proc is read-only, and a user namespace is set up by writing to it: remount it (mount -o remount,rw /proc), or start the container around mxc with --security-opt systempaths=unconfined.";
  }
  const covered = stage === "opening" && errno === EPERM ? coveredProc() : [];
  if (covered.length > 0) {
    return `Parts of /proc are covered (${covered.join(", ")}), and nobody may mount a whole one then: unmount what covers them, or start the container around mxc with --security-opt systempaths=unconfined.`;
  }
  if (setting("/proc/sys/kernel/unprivileged_userns_clone") === "0") {
    return "Set kernel.unprivileged_userns_clone=1.";
  }
  if (setting("/proc/sys/user/max_user_namespaces") === "0") {
    return "Set user.max_user_namespaces to some thousands.";
  }
  if (errno === ENOSPC)
    return "Raise user.max_user_namespaces, user.max_net_namespaces and the like.";
  if (existsSync("/.dockerenv") || existsSync("/run/.containerenv")) {
    return "A container around this one forbids it: give it a seccomp profile that allows user namespaces and an unmasked /proc.";
  }
  return "A security module or seccomp forbids it; on another kernel, CONFIG_USER_NS and the other namespaces are needed, and Linux 5.12.";
}

/**
 * Where something is mounted inside /proc; the first three. Not the kernel's own place for
 * binfmt_misc, which hides nothing.
 */
function coveredProc(): readonly string[] {
  return mountsOf(setting("/proc/self/mountinfo") ?? "")
    .map(({ place }) => place)
    .filter((place) => place.startsWith("/proc/") && place !== "/proc/sys/fs/binfmt_misc")
    .slice(0, 3);
}

/** Whoever entered it is usually outside of it, or was started by someone who is. */
function chrootFolder(): string | undefined {
  const own = setting("/proc/self/mountinfo");
  if (own === undefined) return undefined;
  const ancestors: string[] = [];
  for (let pid = parentOf("self"); pid !== undefined && pid !== "0"; pid = parentOf(pid)) {
    ancestors.push(setting(`/proc/${pid}/mountinfo`) ?? "");
  }
  return chrootOf(own, ancestors);
}

function parentOf(pid: string): string | undefined {
  return /^PPid:\s+(\d+)$/m.exec(setting(`/proc/${pid}/status`) ?? "")?.[1];
}

/**
 * Whether the process of the first mountinfo (proc_pid_mountinfo(5)) is in a chroot that one of the
 * others is not in: its folder, "" where only that much is known. Each process is shown the mounts
 * below its own root, from there; their numbers are unique on the host.
 */
export function chrootOf(own: string, others: readonly string[]): string | undefined {
  const root = mountsOf(own).findLast(({ place }) => place === "/");
  // A folder that is no mount of its own.
  if (root === undefined) return "";
  for (const other of others) {
    const place = mountsOf(other).find(({ id }) => id === root.id)?.place;
    if (place !== undefined && place !== "/") return place;
  }
  return undefined;
}

function mountsOf(mountinfo: string): readonly { readonly id: string; readonly place: string }[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [id, , , , place] = line.split(" ");
    return id === undefined || place === undefined ? [] : [{ id, place }];
  });
}

function setting(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

function isKernel(major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = (setting("/proc/sys/kernel/osrelease") ?? "")
    .split(".")
    .map((word) => Number.parseInt(word, 10));
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/** Every backend of the contracts, and why it does or does not run here. */
function listBackends(
  works: boolean,
  namespaces: boolean,
  brokered: boolean,
): readonly BackendReport[] {
  const linux = process.platform === "linux";
  const later = "not in this version of mxc";
  return [
    {
      name: "bubblewrap",
      available: linux && works,
      reason: !linux
        ? "needs Linux"
        : works
          ? namespaces
            ? "own namespace container; needs no bwrap"
            : "in the landlock tier, without namespaces: what it cannot enforce is refused"
          : "'mxc doctor' says what is missing",
      ...(linux && works && brokered ? { capabilities: ["proxyEnforcement"] } : {}),
    },
    { name: "lxc", available: false, reason: later },
    { name: "microvm", available: false, reason: later },
    { name: "hyperlight", available: false, reason: later },
    {
      name: "processcontainer",
      available: false,
      reason: process.platform === "win32" ? later : "needs Windows",
    },
    {
      name: "windows_sandbox",
      available: false,
      reason: process.platform === "win32" ? later : "needs Windows",
    },
    {
      name: "wslc",
      available: false,
      reason: process.platform === "win32" ? later : "needs Windows",
    },
    {
      name: "isolation_session",
      available: false,
      reason: process.platform === "win32" ? later : "needs Windows",
    },
    {
      name: "seatbelt",
      available: false,
      reason: process.platform === "darwin" ? later : "needs macOS",
    },
  ];
}
