/** Which backend a request means on an operating system (contract §1.2), or why none. */

import type { Containment, Request } from "../contract/request.ts";
import type { Refusal } from "../errors.ts";

/** MXC's name of the namespace container. */
export type Backend = "bubblewrap";

const NAMES: Readonly<Record<string, string>> = {
  linux: "Linux",
  darwin: "macOS",
  win32: "Windows",
};

/** What MXC runs only with `--experimental`. */
const EXPERIMENTAL: ReadonlySet<Containment> = new Set([
  "microvm",
  "hyperlight",
  "windows_sandbox",
]);

const ELSEWHERE: Readonly<Partial<Record<Containment, string>>> = {
  processcontainer: "It needs Windows.",
  windows_sandbox: "It needs Windows with the Windows Sandbox feature.",
  wslc: "It needs Windows with WSL containers.",
  isolation_session: "It needs Windows with isolation sessions.",
  seatbelt: "It needs macOS.",
};

export function resolveBackend(
  request: Request,
  platform: string,
  experimental: boolean,
): Backend | Refusal {
  const { containment } = request;
  const host = NAMES[platform] ?? platform;
  if (platform === "linux" && (containment === "process" || containment === "bubblewrap")) {
    return "bubblewrap";
  }
  if (EXPERIMENTAL.has(containment) && !experimental) {
    return {
      code: "backend_unavailable",
      field: "containment",
      message: `the '${containment}' backend is experimental; enable experimental features to use it`,
      remedy: "Add --experimental.",
    };
  }
  return {
    code: "backend_unavailable",
    field: "containment",
    message: `the '${containment}' backend is not available on ${host} in this version of mxc`,
    remedy: `${ELSEWHERE[containment] ?? ""} On Linux, 'process' is.`.trim(),
  };
}
