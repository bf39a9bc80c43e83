/**
 * MXC's own Linux executor, as a front door: its flags, streams, messages and exit codes
 * (contract §5). Reached by the name `lxc-exec`.
 */

import { appendFileSync, existsSync } from "node:fs";
import { resolve } from "node:path";
import { readText } from "../cli/config.ts";
import { write } from "../cli/output.ts";
import { prepare, toPolicyHere } from "../cli/prepare.ts";
import { parseRequest } from "../contract/parse.ts";
import type { Request } from "../contract/request.ts";
import { MxcError, type Refusal } from "../errors.ts";
import type { BackendReport } from "../host/doctor.ts";

interface Options {
  readonly config?: string;
  readonly base64?: string;
  readonly positional?: string;
  readonly logFile?: string;
  readonly containerName?: string;
  readonly switches: ReadonlySet<string>;
}

const SWITCHES = [
  "--debug",
  "--experimental",
  "--dry-run",
  "--delete",
  "--available-backends",
  "--allow-testing-features",
  "--setup-hyperlight",
  "--force",
] as const;

const VALUES = ["--config", "--config-base64", "--log-file", "--containername"] as const;

const USAGE = `Usage: lxc-exec [OPTIONS] [CONFIG_PATH]

Arguments:
  [CONFIG_PATH]  Path of the JSON configuration

Options:
      --config <PATH>         Path of the JSON configuration
      --config-base64 <TEXT>  The configuration, base64-encoded
      --debug                 Print log lines to stdout
      --log-file <PATH>       Append log lines to a file
      --dry-run               Validate, run nothing
      --experimental          Allow experimental backends
      --available-backends    Print the backends that work here, as JSON
      --delete                Delete a container (with --containername)
      --containername <NAME>  Name of the container to delete
  -h, --help                  Print help
`;

export async function lxcExec(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  if (options.switches.has("--help")) return write(1, USAGE);
  if (options.switches.has("--available-backends")) return printBackends();
  if (options.switches.has("--delete")) return deleteContainer(options.containerName);
  const log = new Log(options.switches.has("--debug"), options.logFile);
  const text = readSource(options, log);
  const parsed = await parseRequest(text, { os: "linux" });
  if (!parsed.ok) return configError(parsed.mxcMessage, log);
  const { request } = parsed;
  log.lines(requestLines(request));
  const { logFile } = options;
  const reports = {
    ...(logFile === undefined ? {} : { logFile: resolve(logFile) }),
    summary: false,
    debug: options.switches.has("--debug") ? ("stdout" as const) : ("none" as const),
  };
  const settings = { experimental: options.switches.has("--experimental"), reports };
  const dryRun = options.switches.has("--dry-run");
  try {
    if (dryRun) {
      toPolicyHere(request, settings);
      write(1, `${log.buffered()}Dry run completed. Result: validation passed\n`);
      return;
    }
    const { plan, alternative } = await prepare(request, settings);
    const { executePlan } = await import("../backends/linux/execute.ts");
    const debugTrailer = options.switches.has("--debug");
    await executePlan(plan, { envelope: true, debugTrailer }, alternative);
  } catch (error) {
    if (!(error instanceof MxcError)) throw error;
    if (dryRun && error.exitCode === 255) {
      write(
        1,
        `${log.buffered()}Dry run completed. Result: validation failed: ${sentence(error.refusals[0] as Refusal)}\n`,
      );
      process.exit(255);
    }
    refuse(error, log);
  }
}

/** Lines of `--debug` and `--log-file`; kept, for the messages that MXC prints them with. */
class Log {
  readonly #debug: boolean;
  readonly #file: string | undefined;
  #kept = "";

  constructor(debug: boolean, file: string | undefined) {
    this.#debug = debug;
    this.#file = file;
  }

  lines(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}\n`).join("");
    if (this.#debug) write(1, text);
    else this.#kept += text;
    if (this.#file === undefined) return;
    const seconds = Math.floor(Date.now() / 1000);
    try {
      appendFileSync(this.#file, lines.map((line) => `[${seconds}] ${line}\n`).join(""));
    } catch {
      write(2, `Warning: could not open log file: ${this.#file}\n`);
    }
  }

  get debug(): boolean {
    return this.#debug;
  }

  /** What has been logged and not been printed. */
  buffered(): string {
    return this.#kept;
  }
}

function parseOptions(args: readonly string[]): Options {
  const switches = new Set<string>();
  const values = new Map<string, string>();
  let positional: string | undefined;
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] as string;
    const equals = arg.indexOf("=");
    const name = equals < 0 ? arg : arg.slice(0, equals);
    if (arg === "-h" || arg === "--help") switches.add("--help");
    else if (SWITCHES.some((known) => known === name)) {
      if (equals >= 0 && name !== "--setup-hyperlight") {
        usageError(
          `unexpected value '${arg.slice(equals + 1)}' for '${name}' found; no more were expected`,
        );
      }
      switches.add(name);
    } else if (VALUES.some((known) => known === name)) {
      const value = equals < 0 ? args[++index] : arg.slice(equals + 1);
      if (value === undefined)
        usageError(`a value is required for '${name}' but none was supplied`);
      if (values.has(name)) usageError(`the argument '${name}' cannot be used multiple times`);
      values.set(name, value);
    } else if (arg !== "-" && arg.startsWith("-")) usageError(`unexpected argument '${arg}' found`);
    else if (positional !== undefined) usageError(`unexpected argument '${arg}' found`);
    else positional = arg;
  }
  const config = values.get("--config");
  const base64 = values.get("--config-base64");
  const logFile = values.get("--log-file");
  const containerName = values.get("--containername");
  return {
    switches,
    ...(config === undefined ? {} : { config }),
    ...(base64 === undefined ? {} : { base64 }),
    ...(positional === undefined ? {} : { positional }),
    ...(logFile === undefined ? {} : { logFile }),
    ...(containerName === undefined ? {} : { containerName }),
  };
}

function usageError(message: string): never {
  write(2, `error: ${message}\n\n${USAGE}`);
  process.exit(2);
}

/** base64, then --config, then the positional: the first that is there. */
function readSource(options: Options, log: Log): string {
  if (options.base64 !== undefined) {
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(options.base64)) {
      return configError("Invalid base64 configuration", log);
    }
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
        Buffer.from(options.base64, "base64"),
      );
    } catch {
      return configError("Invalid UTF-8 in decoded configuration", log);
    }
  }
  const path = options.config ?? options.positional;
  if (path === undefined) {
    write(2, "Error: No config provided. Use a positional path, --config, or --config-base64\n");
    process.exit(1);
  }
  // '-' is a file name here; only `mxc run` reads stdin by it.
  const file = path === "-" ? "./-" : path;
  if (!existsSync(file)) return configError(`Configuration file not found: ${path}`, log);
  try {
    return readText(file);
  } catch (error) {
    return configError((error as Error).message, log);
  }
}

function configError(message: string, log: Log): never {
  const text = `Configuration parse error: ${message}\n`;
  if (log.debug) {
    write(1, text);
    write(2, "Request error\n");
  } else {
    write(2, `Request error\n${text}`);
  }
  process.exit(1);
}

function requestLines(request: Request): readonly string[] {
  const { command, cwd, timeoutMs } = request.process;
  const length = command.kind === "shell" ? Buffer.byteLength(command.commandLine) : 0;
  return [
    `Script code length: ${length}`,
    `Working directory: ${cwd ?? ""}`,
    `Script timeout: ${timeoutMs}`,
    `Container name: ${request.containerId ?? ""}`,
  ];
}

function sentence({ field, message }: Refusal): string {
  return field === "" ? message : `${field}: ${message}`;
}

/** A backend's refusal: its words, then the error envelope; exit codes of contract §5.1. */
function refuse(error: MxcError, log: Log): never {
  const [first] = error.refusals as readonly [Refusal];
  const message = error.refusals.map(sentence).join("; ");
  if (error.code === "backend_unavailable" || error.code === "unsupported_containment") {
    write(2, `error: ${first.message}\n${log.buffered()}`);
  } else if (error.exitCode === 255) {
    const remediation = first.remedy === undefined ? {} : { remediation: first.remedy };
    write(
      2,
      `${message}${JSON.stringify({ error: { code: "backend_error", message, ...remediation } })}\n`,
    );
  } else {
    write(2, `${message}\n${first.remedy === undefined ? "" : `  ${first.remedy}\n`}`);
  }
  process.exit(error.exitCode);
}

/**
 * Those that this host can run, found out by trying; none is an answer too. Asked of another process
 * of this executable: one of this name has been started without the compiler that bun:ffi needs.
 */
function printBackends(): void {
  const { exitCode, stdout } = Bun.spawnSync([process.execPath, "backends", "--json"], {
    argv0: "mxc",
    stdin: "ignore",
    stderr: "ignore",
  });
  const backends: readonly BackendReport[] = exitCode === 0 ? JSON.parse(`${stdout}`) : [];
  const list = backends
    .filter(({ available }) => available)
    .map(({ name, capabilities }) => ({ backend: name, ...(capabilities && { capabilities }) }));
  write(1, `${JSON.stringify(list, undefined, 2)}\n`);
}

function deleteContainer(name: string | undefined): never {
  if (name === undefined) {
    write(2, "Error: --containername is required with --delete\n");
    process.exit(1);
  }
  write(1, `Container '${name}' does not exist.\n`);
  process.exit(1);
}
