/** What a contract asks beyond shapes: contract §2. The first thing that is wrong, or nothing. */

import { checkProxyUrl, checkRules } from "./addresses.ts";
import { MAX_PATHS, MAX_RULES } from "./json.ts";
import { containmentOf, type Document, legacyFieldsOf, type SectionDocument } from "./migrate.ts";
import { type Problem, problem } from "./problem.ts";
import type { Containment, ContractVersion } from "./request.ts";

type Os = "linux" | "windows" | "macos";

export function checkMeaning(
  document: Document,
  version: ContractVersion,
  os: Os,
): Problem | undefined {
  const rolling =
    version === "0.6.0-alpha" || version === "0.7.0-alpha" || version === "0.8.0-alpha";
  const backend = resolve(containmentOf(document), os);
  return (
    (rolling ? checkLifecycleFields(document) : undefined) ??
    checkCommand(document) ??
    checkSections(document, backend) ??
    checkPaths(document) ??
    (rolling ? checkDialects(document, version) : undefined) ??
    checkNetwork(document, backend, rolling)
  );
}

/** What `process` and `vm` stand for on this system. */
function resolve(containment: Containment, os: Os): Containment {
  if (containment === "process") {
    return os === "linux" ? "bubblewrap" : os === "macos" ? "seatbelt" : "processcontainer";
  }
  return containment === "vm" && os === "windows" ? "windows_sandbox" : containment;
}

function checkLifecycleFields(document: Document): Problem | undefined {
  for (const name of ["phase", "sandboxId", "correlationVector"] as const) {
    if (document[name] == null) continue;
    const message = "only a state-aware lifecycle request has it, and these are not run here";
    return {
      kind: "state-aware",
      issue: { path: name, message },
      mxcMessage: `'${name}' is only valid on state-aware lifecycle requests`,
    };
  }
  return undefined;
}

function checkCommand({ process }: Document): Problem | undefined {
  if (process == null) return problem("process", "is required", "'process' section is required");
  const { commandLine } = process;
  if (commandLine == null) {
    return problem(
      "process.commandLine",
      "is required",
      "Missing required field: process.commandLine",
    );
  }
  if (commandLine === "") {
    return problem("process.commandLine", "is empty", "process.commandLine cannot be empty");
  }
  if (commandLine.includes("\0")) {
    return problem(
      "process.commandLine",
      "contains a NUL character",
      "process.commandLine must not contain null bytes",
    );
  }
  return undefined;
}

const SECTION_BACKENDS: Readonly<Record<string, Containment>> = {
  processContainer: "processcontainer",
  appContainer: "processcontainer",
  lxc: "lxc",
  seatbelt: "seatbelt",
  macos_sandbox: "seatbelt",
  wslc: "wslc",
  hyperlight: "hyperlight",
  windowsSandbox: "windows_sandbox",
  "experimental.wslc": "wslc",
  "experimental.windows_sandbox": "windows_sandbox",
  "experimental.isolation_session": "isolation_session",
};

function sectionAt(document: Document, path: string): SectionDocument | null | undefined {
  if (path.startsWith("experimental."))
    return document.experimental?.[path.slice("experimental.".length)];
  return (document as Readonly<Record<string, SectionDocument | null | undefined>>)[path];
}

function checkSections(document: Document, backend: Containment): Problem | undefined {
  if (document.experimental?.seatbelt != null) {
    return problem(
      "experimental.seatbelt",
      "has moved to 'seatbelt'",
      "'experimental.seatbelt' has moved to the stable section; use top-level 'seatbelt' instead.",
    );
  }
  for (const [old, now] of [
    ["appContainer", "processContainer"],
    ["macos_sandbox", "seatbelt"],
  ] as const) {
    if (document[old] != null && document[now] != null) {
      return problem(
        old,
        `is another name of '${now}', which is there too`,
        `Invalid configuration: duplicate field \`${now}\``,
      );
    }
  }
  const foreign = Object.entries(SECTION_BACKENDS).filter(
    ([path, owner]) => sectionAt(document, path) != null && owner !== backend,
  );
  const [first] = foreign;
  if (first !== undefined) {
    const names = foreign.map(([path]) => path).join(", ");
    return problem(
      first[0],
      `is for '${first[1]}', and 'containment' is '${backend}'; only its own section may be there`,
      `Multiple containment backends configured: 'containment' is '${backend}', but the config includes backend section(s): ${names}. Only one backend section is allowed; remove the unused section(s).`,
    );
  }
  return checkProcessContainer(document) ?? checkPortMappings(document);
}

const RESERVED_CAPABILITIES = ["learningmodelogging", "permissivelearningmode"];

function checkProcessContainer(document: Document): Problem | undefined {
  const section = document.processContainer ?? document.appContainer;
  const capabilities = (section?.capabilities ?? []) as readonly string[];
  for (const [index, name] of capabilities.entries()) {
    const path = `processContainer.capabilities[${index}]`;
    if (name.includes(","))
      return problem(path, "contains a comma; each capability is an entry of its own");
    if (RESERVED_CAPABILITIES.includes(name.toLowerCase())) {
      return problem(path, "is reserved; use learningMode or captureDenials");
    }
  }
  return undefined;
}

function checkPortMappings(document: Document): Problem | undefined {
  const section = document.wslc ?? document.experimental?.wslc;
  const mappings = (section?.portMappings ?? []) as readonly { windowsPort: number }[];
  const seen = new Set<number>();
  for (const [index, { windowsPort }] of mappings.entries()) {
    if (seen.has(windowsPort)) {
      return problem(`wslc.portMappings[${index}].windowsPort`, `maps port ${windowsPort} again`);
    }
    seen.add(windowsPort);
  }
  return undefined;
}

function checkPaths({ filesystem }: Document): Problem | undefined {
  let count = 0;
  for (const list of ["readwritePaths", "readonlyPaths", "deniedPaths"] as const) {
    const paths = filesystem?.[list] ?? [];
    count += paths.length;
    if (count > MAX_PATHS)
      return problem(`filesystem.${list}`, `more than ${MAX_PATHS} paths in all`);
    for (const [index, path] of paths.entries()) {
      const where = `filesystem.${list}[${index}]`;
      if (path.trim() === "") return problem(where, "is empty", "Filesystem path is empty");
      if (path.includes("\0")) {
        return problem(
          where,
          "contains a NUL character",
          `Filesystem path '${path.replaceAll("\0", "\\u{0}")}' contains an embedded NUL character`,
        );
      }
      if (path.includes('"')) {
        return problem(
          where,
          "contains a double quote",
          `Filesystem path '${path}' contains invalid character '"'`,
        );
      }
    }
  }
  return undefined;
}

/** The directional network came with 0.8 and is not mixed with what it replaced. */
function checkDialects(document: Document, version: ContractVersion): Problem | undefined {
  const { network } = document;
  const stated = (value: object | null | undefined, name: string) =>
    value != null && Object.hasOwn(value, name);
  const field = stated(network, "egress")
    ? "network.egress"
    : stated(network, "ingress")
      ? "network.ingress"
      : Object.hasOwn(document, "runtimeConfig")
        ? "runtimeConfig"
        : (document.processContainer ?? document.appContainer)?.network != null
          ? "processContainer.network"
          : undefined;
  if (field === undefined) return undefined;
  if (version !== "0.8.0-alpha") {
    return problem(
      field,
      "needs version 0.8 or later",
      "network.egress, network.ingress, runtimeConfig, and processContainer.network require schema version 0.8 or later",
    );
  }
  const [legacy] = legacyFieldsOf(network);
  if (legacy === undefined) return undefined;
  return problem(
    `network.${legacy}`,
    `cannot be mixed with ${field}, which replaced it`,
    "network configuration cannot mix defaultPolicy, enforcementMode, allowLocalNetwork, allowedHosts, blockedHosts, or proxy with egress, ingress, runtimeConfig, or processContainer.network",
  );
}

function checkNetwork(
  document: Document,
  backend: Containment,
  rolling: boolean,
): Problem | undefined {
  const { network } = document;
  const { allow, deny } = network?.egress ?? {};
  if ((allow?.length ?? 0) + (deny?.length ?? 0) > MAX_RULES) {
    return problem("network.egress", `more than ${MAX_RULES} rules`);
  }
  return (
    checkRules(allow ?? [], "network.egress.allow") ??
    checkRules(deny ?? [], "network.egress.deny") ??
    checkProxy(document) ??
    (rolling ? checkLegacyProxy(document, backend) : undefined) ??
    checkBackendNetwork(document, backend)
  );
}

function checkProxy(document: Document): Problem | undefined {
  const url = document.runtimeConfig?.networkProxy;
  if (url == null) return undefined;
  const path = "runtimeConfig.networkProxy";
  const wrong = checkProxyUrl(url, path, true);
  if (wrong !== undefined) return wrong;
  const { egress } = document.network ?? {};
  const rules = (egress?.allow?.length ?? 0) + (egress?.deny?.length ?? 0);
  if ((egress?.default ?? "deny") === "deny" && rules === 0) return undefined;
  return problem(path, "is the only way out: network.egress.default must be 'deny', without rules");
}

function checkLegacyProxy({ network }: Document, backend: Containment): Problem | undefined {
  const proxy = network?.proxy;
  if (proxy == null) return undefined;
  const path = "network.proxy";
  if (proxy.builtinTestServer === true) return undefined;
  if (proxy.localhost == null && proxy.url == null) {
    return problem(path, "must specify builtinTestServer, localhost, or url");
  }
  if (proxy.localhost === 0) {
    return problem(`${path}.localhost`, "must be a port between 1 and 65535");
  }
  if (proxy.localhost == null && proxy.url != null) {
    const wrong = checkProxyUrl(proxy.url, `${path}.url`, false);
    if (wrong !== undefined) return wrong;
  }
  if (backend !== "bubblewrap") return undefined;
  const lists = (network?.allowedHosts?.length ?? 0) + (network?.blockedHosts?.length ?? 0);
  if (lists > 0 || (network?.defaultPolicy ?? "block") === "block") {
    return problem(
      path,
      "cannot be combined with allowedHosts, blockedHosts or defaultPolicy 'block' (the default)",
    );
  }
  if (network?.enforcementMode === "firewall" || network?.enforcementMode === "both") {
    return problem(path, `cannot be combined with enforcementMode '${network.enforcementMode}'`);
  }
  return undefined;
}

/** Two backends take only the whole network or none of it (contract §2.6). */
function checkBackendNetwork(document: Document, backend: Containment): Problem | undefined {
  if (backend !== "isolation_session" && backend !== "wslc") return undefined;
  const { egress, ingress, ...legacy } = document.network ?? {};
  const rules = (egress?.allow?.length ?? 0) + (egress?.deny?.length ?? 0);
  const isLegacy = legacyFieldsOf(legacy).length > 0;
  const axes = isLegacy
    ? [legacy.defaultPolicy === "allow", legacy.allowLocalNetwork === true]
    : [egress?.default, ingress?.default, ingress?.hostLoopback].map((axis) => axis === "allow");
  if (backend === "isolation_session") {
    if (document.version == null || /^0\.[678]\./.test(document.version)) return undefined;
    if (rules === 0 && axes.every(Boolean) && document.runtimeConfig?.networkProxy == null)
      return undefined;
    return problem(
      "network",
      "must allow egress.default, ingress.default and ingress.hostLoopback, without rules or proxy, for isolation_session",
    );
  }
  if (rules === 0 && (axes.every(Boolean) || !axes.some(Boolean))) return undefined;
  return problem("network", "must be all allow or all deny, without rules, for wslc");
}
