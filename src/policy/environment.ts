/** The workload's environment (contract §5.2): never the caller's. */

import type { ProcessRequest, Request } from "../contract/request.ts";
import type { Refusal } from "../errors.ts";
import type { ProxyPolicy } from "./policy.ts";

/** What contracts from 0.9 on give a workload that asks for nothing. */
export const DEFAULT_ENVIRONMENT: readonly (readonly [string, string])[] = [
  ["PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
  ["TERM", "xterm-256color"],
];

export function toEnvironment(
  process: ProcessRequest,
  version: Request["version"],
  proxy?: ProxyPolicy,
): readonly (readonly [string, string])[] | Refusal {
  const legacy =
    version === "0.6.0-alpha" || version === "0.7.0-alpha" || version === "0.8.0-alpha";
  const withDefaults = process.env === undefined ? !legacy : process.inheritDefaultEnv;
  const variables = new Map<string, string>(withDefaults ? DEFAULT_ENVIRONMENT : []);
  for (const [index, entry] of (process.env ?? []).entries()) {
    const equals = entry.indexOf("=");
    if (equals < 0) continue; // as MXC: no '=', no variable
    if (equals === 0 || entry.includes("\0")) {
      return {
        code: "malformed_request",
        field: `process.env[${index}]`,
        message:
          equals === 0 ? "the variable has no name" : "the variable contains a NUL character",
      };
    }
    const name = entry.slice(0, equals);
    variables.delete(name); // the last one wins, in its own place
    variables.set(name, entry.slice(equals + 1));
  }
  if (proxy !== undefined) pointAt(proxy, variables);
  return [...variables];
}

/** As the contract has them (§6): each in both cases, since programs read one or the other. */
const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY"];

/** The request's own, which would lead around the proxy or to another one, go. */
function pointAt({ url, direct }: ProxyPolicy, variables: Map<string, string>): void {
  for (const name of ["NO_PROXY", ...PROXY_VARIABLES]) {
    variables.delete(name);
    variables.delete(name.toLowerCase());
  }
  const set = (name: string, value: string) => {
    variables.set(name, value);
    variables.set(name.toLowerCase(), value);
  };
  for (const name of PROXY_VARIABLES) set(name, url);
  if (direct !== undefined) set("NO_PROXY", direct);
}
