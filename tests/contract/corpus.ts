/** Configs for the comparison with MXC's executors: edge cases by field, for every version. */

export interface CorpusEntry {
  readonly name: string;
  /** Which reference reads it: 0.8.0's executor or 1.0.1's. */
  readonly reference: "0.8" | "1.0";
  readonly text: string;
}

const OLD = ["0.6.0-alpha", "0.7.0-alpha", "0.8.0-alpha"] as const;
const NEW = ["0.9.0-alpha", "1.0.0", "1.1.0-alpha"] as const;

type Json = Record<string, unknown>;
type Case = readonly [name: string, fields: Json];

const rule = (to: unknown, ports?: unknown): Json => ({
  network: {
    egress: {
      allow: [{ ...(to === undefined ? {} : { to }), ...(ports === undefined ? {} : { ports }) }],
    },
  },
});
const cidr = (text: string, except?: readonly string[]): Json =>
  rule([{ cidr: text, ...(except === undefined ? {} : { except }) }]);
const process = (fields: Json): Json => ({ process: { commandLine: "true", ...fields } });

/** Every version. `process` is there unless the case says otherwise. */
const CASES: readonly Case[] = [
  ["minimal", {}],
  ["unknown field", { foo: 1 }],
  ["case of a field", { Process: {} }],
  ["null section", { filesystem: null }],
  ["empty sections", { filesystem: {}, ui: {}, lifecycle: {}, fallback: {} }],
  ["array for object", { filesystem: [] }],
  ["comment", { _comment: [1.5, { a: null }], $schema: "x" }],
  ["schema is a number", { $schema: 1 }],
  ["container id", { containerId: "abc" }],
  ["container id is a number", { containerId: 1 }],
  ["process missing", { process: undefined }],
  ["process null", { process: null }],
  ["process is text", { process: "true" }],
  ["no command", { process: {} }],
  ["command null", { process: { commandLine: null } }],
  ["command empty", { process: { commandLine: "" } }],
  ["command blank", { process: { commandLine: "  " } }],
  ["command with NUL", { process: { commandLine: "a\0b" } }],
  ["command is a list", { process: { commandLine: ["a"] } }],
  ["command unicode", { process: { commandLine: "echo ✓ \u{1f600}" } }],
  ["cwd", process({ cwd: "/tmp" })],
  ["cwd empty", process({ cwd: "" })],
  ["cwd null", process({ cwd: null })],
  ["cwd is a number", process({ cwd: 1 })],
  ["env", process({ env: ["A=b", "C="] })],
  ["env empty", process({ env: [] })],
  ["env null", process({ env: null })],
  ["env without =", process({ env: ["A"] })],
  ["env twice", process({ env: ["A=1", "A=2"] })],
  ["env is an object", process({ env: { A: "b" } })],
  ["env of numbers", process({ env: [1] })],
  ["inheritDefaultEnv", process({ inheritDefaultEnv: true })],
  ["inheritDefaultEnv is text", process({ inheritDefaultEnv: "yes" })],
  ["timeout", process({ timeout: 1000 })],
  ["timeout 0", process({ timeout: 0 })],
  ["timeout at most", process({ timeout: 4294967295 })],
  ["timeout too large", process({ timeout: 4294967296 })],
  ["timeout negative", process({ timeout: -1 })],
  ["timeout fraction", process({ timeout: 1.5 })],
  ["timeout is text", process({ timeout: "1" })],
  ["timeout misspelt", process({ timeuot: 1 })],
  [
    "paths",
    { filesystem: { readwritePaths: ["/tmp"], readonlyPaths: ["/usr"], deniedPaths: ["/etc/x"] } },
  ],
  ["paths null", { filesystem: { readwritePaths: null } }],
  ["path empty", { filesystem: { readonlyPaths: [""] } }],
  ["path blank", { filesystem: { deniedPaths: [" \t"] } }],
  ["path with NUL", { filesystem: { readwritePaths: ["/a\0b"] } }],
  ["path with quote", { filesystem: { readonlyPaths: ['/a"b'] } }],
  [
    "path same in all lists",
    { filesystem: { readwritePaths: ["/tmp"], readonlyPaths: ["/tmp"], deniedPaths: ["/tmp"] } },
  ],
  ["path is a number", { filesystem: { readonlyPaths: [7] } }],
  ["paths is text", { filesystem: { readonlyPaths: "/tmp" } }],
  ["unknown list", { filesystem: { writePaths: [] } }],
  ["lifecycle", { lifecycle: { destroyOnExit: false, preservePolicy: true } }],
  ["lifecycle text", { lifecycle: { destroyOnExit: "no" } }],
  ["ui", { ui: { disable: false, clipboard: "all", injection: true } }],
  ["ui clipboard unknown", { ui: { clipboard: "some" } }],
  ["ui clipboard case", { ui: { clipboard: "All" } }],
  ["fallback", { fallback: { allowDaclMutation: false } }],
  ["telemetry", { telemetry: { enabled: true } }],
  ["network empty", { network: {} }],
  ["network null", { network: null }],
  ["egress deny", { network: { egress: { default: "deny" } } }],
  ["egress unknown", { network: { egress: { default: "block" } } }],
  ["ingress deny", { network: { ingress: { default: "deny", hostLoopback: "deny" } } }],
  ["to empty", rule([])],
  ["ports empty", rule(undefined, [])],
  ["host bits", cidr("10.0.0.1/8")],
  ["prefix too long", cidr("10.0.0.0/33")],
  ["not an address", cidr("example.com")],
  ["leading zero", cidr("10.0.0.01")],
  ["zone", cidr("fe80::1%eth0/128")],
  ["spaces", cidr(" 10.0.0.0/8")],
  ["hole outside", cidr("10.0.0.0/8", ["11.0.0.0/9"])],
  ["hole of other family", cidr("10.0.0.0/8", ["::/64"])],
  ["cidr missing", rule([{}])],
  ["port 0", rule(undefined, [{ port: 0 }])],
  ["port too large", rule(undefined, [{ port: 65536 }])],
  ["end without port", rule(undefined, [{ endPort: 5 }])],
  ["end below port", rule(undefined, [{ port: 9, endPort: 5 }])],
  ["icmp with port", rule(undefined, [{ port: 9, protocol: "icmp" }])],
  ["protocol unknown", rule(undefined, [{ protocol: "sctp" }])],
  ["runtimeConfig empty", { runtimeConfig: {} }],
  ["proxy without port", { runtimeConfig: { networkProxy: "http://localhost" } }],
  ["proxy elsewhere", { runtimeConfig: { networkProxy: "http://example.com:8080" } }],
  ["proxy ftp", { runtimeConfig: { networkProxy: "ftp://localhost:8080" } }],
  ["proxy empty", { runtimeConfig: { networkProxy: "" } }],
  [
    "proxy with allow",
    {
      runtimeConfig: { networkProxy: "http://localhost:8080" },
      network: { egress: { default: "allow" } },
    },
  ],
  ["containment process", { containment: "process" }],
  ["containment bubblewrap", { containment: "bubblewrap" }],
  ["containment unknown", { containment: "docker" }],
  ["containment case", { containment: "Process" }],
  ["containment null", { containment: null }],
  ["containment microvm", { containment: "microvm" }],
  ["containment hyperlight", { containment: "hyperlight" }],
  ["lxc section", { lxc: { distribution: "alpine", release: "3.20" } }],
  ["processContainer section", { processContainer: {} }],
  ["seatbelt section", { seatbelt: {} }],
  ["wslc section", { wslc: {} }],
  ["hyperlight section", { hyperlight: {} }],
  ["windowsSandbox section", { windowsSandbox: {} }],
  ["appContainer section", { appContainer: {} }],
  ["two sections", { processContainer: {}, seatbelt: {} }],
  ["test", { test: { message: "x" } }],
  ["correlation vector", { correlationVector: "x" }],
  ["sandbox id", { sandboxId: "iso:1" }],
  ["phase start", { phase: "start" }],
  ["phase unknown", { phase: "pause" }],
  ["phase number", { phase: 1 }],
  ["experimental", { experimental: { foo: 1 } }],
  ["experimental seatbelt", { experimental: { seatbelt: {} } }],
  ["experimental wslc", { experimental: { wslc: {} } }],
  ["experimental telemetry number", { experimental: { telemetry: 3 } }],
];

/** What only the legacy network has. */
const LEGACY: readonly Case[] = [
  ["block", { network: { defaultPolicy: "block" } }],
  ["policy unknown", { network: { defaultPolicy: "deny" } }],
  ["allow with local", { network: { defaultPolicy: "allow", allowLocalNetwork: true } }],
  ["mode unknown", { network: { enforcementMode: "iptables" } }],
  ["proxy empty", { network: { proxy: {} } }],
  ["proxy port 0", { network: { defaultPolicy: "allow", proxy: { localhost: 0 } } }],
  ["proxy port too large", { network: { defaultPolicy: "allow", proxy: { localhost: 65536 } } }],
  ["proxy with block", { network: { proxy: { localhost: 8080 } } }],
  [
    "proxy with lists",
    { network: { defaultPolicy: "allow", allowedHosts: ["a"], proxy: { url: "http://h:1" } } },
  ],
  [
    "proxy with firewall",
    { network: { defaultPolicy: "allow", enforcementMode: "both", proxy: { url: "http://h:1" } } },
  ],
  ["proxy credentials", { network: { defaultPolicy: "allow", proxy: { url: "http://u:p@h:1" } } }],
  ["proxy scheme", { network: { defaultPolicy: "allow", proxy: { url: "ftp://h" } } }],
  ["allow", { network: { defaultPolicy: "allow" } }],
  ["lists", { network: { defaultPolicy: "allow", allowedHosts: ["example.com"] } }],
  ["proxy", { network: { defaultPolicy: "allow", proxy: { localhost: 8080 } } }],
  ["mixed", { network: { defaultPolicy: "allow", egress: {} } }],
  ["local with block", { network: { allowLocalNetwork: true } }],
  ["lists below block", { network: { allowedHosts: ["example.com", "10.0.0.0/8"] } }],
  ["blocked list", { network: { defaultPolicy: "allow", blockedHosts: ["10.0.0.0/8", "::1"] } }],
  [
    "lists by address in mode firewall",
    { network: { enforcementMode: "firewall", allowedHosts: ["192.0.2.1", "2001:db8::/32"] } },
  ],
  [
    "lists by name in mode firewall",
    { network: { enforcementMode: "firewall", allowedHosts: ["example.com"] } },
  ],
  ["lists with a wildcard", { network: { allowedHosts: ["*.example.com"] } }],
  [
    "lists with a wildcard in mode firewall",
    { network: { enforcementMode: "both", allowedHosts: ["*.example.com"] } },
  ],
  [
    "proxy by address",
    { network: { defaultPolicy: "allow", proxy: { url: "http://192.0.2.1:1" } } },
  ],
  ["proxy by name", { network: { defaultPolicy: "allow", proxy: { url: "http://localhost:1" } } }],
  ["proxy on ::1", { network: { defaultPolicy: "allow", proxy: { url: "http://[::1]:8080" } } }],
  ["built-in proxy", { network: { defaultPolicy: "allow", proxy: { builtinTestServer: true } } }],
];

/** What is enforceable only from 0.8 on, or not yet. */
const DIRECTIONAL: readonly Case[] = [
  [
    "allow all",
    {
      network: {
        egress: { default: "allow" },
        ingress: { default: "allow", hostLoopback: "allow" },
      },
    },
  ],
  ["egress allow", { network: { egress: { default: "allow" } } }],
  ["rule", cidr("10.0.0.0/8", ["10.1.0.0/16"])],
  ["rule for all", { network: { egress: { allow: [{}] } } }],
  ["rule v6", cidr("2001:db8::/32")],
  [
    "rule deny",
    { network: { egress: { default: "allow", deny: [{ to: [{ cidr: "10.0.0.0/8" }] }] } } },
  ],
  ["ports", rule(undefined, [{ port: 80, endPort: 90, protocol: "tcp" }, { protocol: "icmp" }])],
  ["proxy", { runtimeConfig: { networkProxy: "http://localhost:8080" } }],
  ["ingress allow", { network: { ingress: { default: "allow" } } }],
  ["host loopback", { network: { ingress: { hostLoopback: "allow" } } }],
  ["rule for every IPv6 address", cidr("::/0")],
  ["rule for the IPv4-mapped range", cidr("::ffff:10.0.0.0/104")],
  ["proxy on ::1", { runtimeConfig: { networkProxy: "http://[::1]:8080" } }],
  ["proxy on port 0", { runtimeConfig: { networkProxy: "http://localhost:0" } }],
  ["proxy with credentials", { runtimeConfig: { networkProxy: "http://u:p@localhost:8080" } }],
];

const BACKENDS: readonly Case[] = [
  "processcontainer",
  "appcontainer",
  "seatbelt",
  "macos_sandbox",
  "lxc",
  "wslc",
  "vm",
  "windows_sandbox",
  "isolation_session",
].map((containment): Case => [`containment ${containment}`, { containment }]);

/** Texts that are not documents, or not quite. */
const TEXTS: readonly (readonly [string, (version: string) => string])[] = [
  ["empty", () => ""],
  ["not JSON", () => "commandLine: true"],
  ["trailing comma", (v) => `{"version":"${v}","process":{"commandLine":"true"},}`],
  ["trailing text", (v) => `{"version":"${v}","process":{"commandLine":"true"}} x`],
  ["comment", (v) => `// c\n{"version":"${v}","process":{"commandLine":"true"}}`],
  ["byte order mark", (v) => `\ufeff{"version":"${v}","process":{"commandLine":"true"}}`],
  [
    "duplicate",
    (v) => `{"version":"${v}","process":{"commandLine":"true"},"process":{"commandLine":"x"}}`,
  ],
  [
    "duplicate inside",
    (v) => `{"version":"${v}","process":{"commandLine":"true","commandLine":"x"}}`,
  ],
  [
    "duplicate escaped",
    (v) => `{"version":"${v}","process":{"commandLine":"true","\\u0063ommandLine":"x"}}`,
  ],
  ["float", (v) => `{"version":"${v}","process":{"commandLine":"true","timeout":1.0}}`],
  ["exponent", (v) => `{"version":"${v}","process":{"commandLine":"true","timeout":1e3}}`],
  ["minus zero", (v) => `{"version":"${v}","process":{"commandLine":"true","timeout":-0}}`],
  ["text", () => '"x"'],
  ["number", () => "1"],
  ["null", () => "null"],
  ["unclosed", (v) => `{"version":"${v}"`],
  ["whitespace", (v) => ` \n\t{ "version" : "${v}" ,\r\n"process":{"commandLine":"true"}} \n`],
];

const VERSIONS: readonly (readonly [string, "0.8" | "1.0", unknown])[] = [
  ["absent", "0.8", undefined],
  ["null", "0.8", null],
  ["empty", "0.8", ""],
  ["0.6.7", "0.8", "0.6.7"],
  ["0.9.1", "0.8", "0.9.1"],
  ["0.5.0", "0.8", "0.5.0"],
  ["0.10.0", "0.8", "0.10.0"],
  ["two parts", "0.8", "0.6"],
  ["number", "0.8", 6],
  ["2.0.0", "1.0", "2.0.0"],
  ["1.0.1", "1.0", "1.0.1"],
  ["1.1.0", "1.0", "1.1.0"],
  ["1.0.0-alpha", "1.0", "1.0.0-alpha"],
  ["blank", "1.0", " 1.0.0"],
];

export function corpus(): readonly CorpusEntry[] {
  const out: CorpusEntry[] = [];
  const add = (name: string, reference: "0.8" | "1.0", document: Json) =>
    out.push({ name, reference, text: JSON.stringify(document) });
  const documentOf = (version: unknown, fields: Json): Json => ({
    ...(version === undefined ? {} : { version }),
    process: { commandLine: "true" },
    ...fields,
  });
  for (const version of OLD) {
    for (const [name, fields] of [...CASES, ...LEGACY, ...BACKENDS]) {
      add(`${version} ${name}`, "0.8", documentOf(version, fields));
    }
  }
  for (const [name, fields] of DIRECTIONAL)
    add(`0.8 ${name}`, "0.8", documentOf("0.8.0-alpha", fields));
  for (const version of NEW) {
    for (const [name, fields] of [...CASES, ...DIRECTIONAL, ...BACKENDS, ...LEGACY.slice(0, 3)]) {
      add(`${version} ${name}`, "1.0", documentOf(version, fields));
    }
  }
  for (const [name, reference, version] of VERSIONS)
    add(`version ${name}`, reference, documentOf(version, {}));
  for (const [name, write] of TEXTS) {
    out.push({ name: `text 0.8 ${name}`, reference: "0.8", text: write("0.8.0-alpha") });
    out.push({ name: `text 1.0 ${name}`, reference: "1.0", text: write("1.0.0") });
  }
  return out;
}
