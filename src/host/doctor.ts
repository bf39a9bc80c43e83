/** Tries what a sandbox needs, by doing it, and explains what fails. */

import { existsSync, readFileSync } from "node:fs";
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
}

export interface DoctorReport {
  readonly version: string;
  readonly host: string;
  readonly features: readonly Feature[];
  readonly backends: readonly BackendReport[];
}

export async function examineHost(): Promise<DoctorReport> {
  const features = process.platform === "linux" ? await linuxFeatures() : [unsupported()];
  return {
    version: VERSION,
    host: hostName(),
    features,
    backends: listBackends(features.every((feature) => feature.ok || !feature.required)),
  };
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
      name: "namespaces and private file systems",
      ok: failed === undefined,
      required: true,
      detail:
        failed === undefined
          ? "all made and dropped again for this report"
          : `${where} failed with errno ${failed.errno} (system call ${failed.syscall})`,
      ...(failed === undefined ? {} : { remedy: namespaceRemedy(failed.errno) }),
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
    {
      name: "limit on processes for root",
      ok: hasNamespacePidMax(),
      required: false,
      detail: hasNamespacePidMax()
        ? "kernel.pid_max of the sandbox's own pid namespace"
        : "this kernel counts no processes of root's",
      ...(hasNamespacePidMax()
        ? {}
        : { remedy: "Linux 6.14 or later, or run mxc as an ordinary user." }),
    },
  ];
}

function landlockDetail(abi: number): string {
  if (abi === 0) return "not in this kernel, or switched off; the mounts hold alone";
  if (abi === 1) return "ABI 1, not used: it would refuse every rename between folders";
  const scopes =
    abi >= 6
      ? ""
      : "; with the host's network there are no Unix sockets, since abstract ones cannot be told apart";
  return `ABI ${abi}${scopes}`;
}

function namespaceRemedy(errno: number): string {
  const ENOSPC = 28;
  if (
    setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") === "1" &&
    errno !== ENOSPC
  ) {
    return "AppArmor forbids it: install the profile that 'mxc doctor --apparmor-profile' prints, or set kernel.apparmor_restrict_unprivileged_userns=0.";
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

function setting(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

function hasNamespacePidMax(): boolean {
  const [major = 0, minor = 0] = (setting("/proc/sys/kernel/osrelease") ?? "")
    .split(".")
    .map(Number.parseFloat);
  return major > 6 || (major === 6 && minor >= 14);
}

/** Every backend of the contracts, and why it does or does not run here. */
export function listBackends(namespacesWork: boolean): readonly BackendReport[] {
  const linux = process.platform === "linux";
  const later = "not in this version of mxc";
  return [
    {
      name: "bubblewrap",
      available: linux && namespacesWork,
      reason: !linux
        ? "needs Linux"
        : namespacesWork
          ? "own namespace container; needs no bwrap"
          : "see above",
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
