/** `mxc doctor`: what this host offers, what is missing, and how to get it. */

import { type DoctorReport, examineHost } from "../host/doctor.ts";
import { type FlagDefs, parseFlags } from "./flags.ts";
import { write } from "./output.ts";

export const DOCTOR_FLAGS: FlagDefs = {
  json: { type: "boolean", description: "Print as JSON" },
  "apparmor-profile": {
    type: "boolean",
    description: "Print an AppArmor profile that lets this executable make user namespaces",
  },
};

export async function doctor(args: readonly string[]): Promise<void> {
  const flags = parseFlags(args, DOCTOR_FLAGS);
  if (flags.switches.has("apparmor-profile")) return write(1, appArmorProfile(process.execPath));
  const report = await examineHost();
  write(
    1,
    flags.switches.has("json") ? `${JSON.stringify(report, undefined, 2)}\n` : toText(report),
  );
  if (!report.features.every((feature) => feature.ok || !feature.required)) process.exitCode = 1;
}

function toText(report: DoctorReport): string {
  const tty = process.stdout.isTTY && process.env.NO_COLOR === undefined;
  const paint = (text: string, color: number) => (tty ? `\u001b[${color}m${text}\u001b[39m` : text);
  const lines = [`mxc ${report.version} on ${report.host}`, ""];
  for (const { name, ok, required, detail, remedy } of report.features) {
    const mark = ok ? paint("ok     ", 32) : required ? paint("missing", 31) : paint("absent ", 33);
    lines.push(`${mark}  ${name}: ${detail}`);
    if (remedy !== undefined) lines.push(`         ${remedy}`);
  }
  lines.push("", "Backends:");
  for (const { name, available, reason } of report.backends) {
    lines.push(`${available ? paint("ok     ", 32) : paint("absent ", 33)}  ${name}: ${reason}`);
  }
  return `${lines.join("\n")}\n`;
}

/** apparmor.d(5), abi 4.0: everything as without a profile, and user namespaces. */
function appArmorProfile(path: string): string {
  if (/["\n\\]/.test(path))
    return "# The path of this executable cannot be written in a profile.\n";
  return `abi <abi/4.0>,
include <tunables/global>

profile mxc "${path}" flags=(unconfined) {
  userns,
}
`;
}
