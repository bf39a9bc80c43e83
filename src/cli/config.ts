/** Reads a config from a file, stdin or a flag, and parses it. */

import { closeSync, openSync, readSync } from "node:fs";
import { MAX_CONFIG_BYTES, parseRequest } from "../contract/parse.ts";
import type { Issue, Request } from "../contract/request.ts";
import { MxcError, type Refusal } from "../errors.ts";

export type ConfigSource = string | { readonly base64: string };

export async function readConfig(source: ConfigSource): Promise<Request> {
  const text = typeof source === "string" ? readText(source) : decode(source.base64);
  const parsed = await parseRequest(text, { os: "linux" });
  if (parsed.ok) return parsed.request;
  const refusals = parsed.issues.map(toRefusal);
  throw new MxcError(...(refusals as [Refusal, ...Refusal[]]));
}

function toRefusal(issue: Issue): Refusal {
  const at = issue.line === undefined ? "" : ` (line ${issue.line}, column ${issue.column})`;
  const found = issue.value === undefined ? "" : `, found ${issue.value}`;
  const expected = issue.expected === undefined ? "" : `: expected ${issue.expected}${found}`;
  return {
    code: "malformed_request",
    field: issue.path,
    message: `${issue.message}${expected}${at}`,
    ...(issue.nearest === undefined ? {} : { remedy: `Did you mean '${issue.nearest}'?` }),
  };
}

/** Never more than the limit, whatever the file's size says: it may be a pipe. */
export function readText(path: string): string {
  const chunks: Buffer[] = [];
  let total = 0;
  let fd: number;
  try {
    fd = path === "-" ? 0 : openSync(path, "r");
  } catch (error) {
    throw unreadable(path, error as NodeJS.ErrnoException);
  }
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(64 * 1024);
      const count = readSync(fd, chunk, 0, chunk.length, null);
      if (count === 0) break;
      total += count;
      if (total > MAX_CONFIG_BYTES) {
        throw new MxcError({
          code: "malformed_request",
          field: "",
          message: `the config is larger than ${MAX_CONFIG_BYTES} bytes`,
        });
      }
      chunks.push(chunk.subarray(0, count));
    }
  } catch (error) {
    throw error instanceof MxcError ? error : unreadable(path, error as NodeJS.ErrnoException);
  } finally {
    if (fd !== 0) closeSync(fd);
  }
  return decodeUtf8(Buffer.concat(chunks));
}

function decode(base64: string): string {
  // Standard alphabet, padded, nothing else (contract §5); Buffer would pass over what is not.
  if (
    base64.length > (MAX_CONFIG_BYTES / 3) * 4 + 4 ||
    !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)
  ) {
    throw new MxcError({
      code: "malformed_request",
      field: "",
      message: "--config-base64 is not padded base64",
    });
  }
  return decodeUtf8(Buffer.from(base64, "base64"));
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new MxcError({
      code: "malformed_request",
      field: "",
      message: "the config is not UTF-8",
    });
  }
}

function unreadable(path: string, error: NodeJS.ErrnoException): MxcError {
  const message =
    error.code === "ENOENT"
      ? `Configuration file not found: ${path}`
      : `cannot read ${path}: ${error.code ?? error.message}`;
  return new MxcError({ code: "config_unreadable", field: "", message });
}
