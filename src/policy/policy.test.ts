/** Requests to policies: every default, and everything that is refused. */

import { describe, expect, test } from "bun:test";
import {
  CONTRACT_VERSIONS,
  type ContractVersion,
  type DirectionalNetwork,
  type ProcessRequest,
  type Request,
} from "../contract/request.ts";
import { resolveBackend } from "./backend.ts";
import { DEFAULT_ENVIRONMENT, toEnvironment } from "./environment.ts";
import { strictest, toPolicy } from "./to-policy.ts";

const CLOSED: DirectionalNetwork = {
  kind: "directional",
  egress: { default: "deny", allow: [], deny: [] },
  ingress: { default: "deny", hostLoopback: "deny" },
};

const REQUEST: Request = {
  version: "1.0.0",
  containment: "process",
  lifecycle: { destroyOnExit: true, preservePolicy: false },
  process: {
    command: { kind: "shell", commandLine: "true" },
    inheritDefaultEnv: false,
    timeoutMs: 0,
  },
  filesystem: { readonlyPaths: [], readwritePaths: [], deniedPaths: [] },
  network: CLOSED,
  ui: { disable: true, clipboard: "none", injection: false },
  fallback: { allowDaclMutation: true },
  sections: {},
  extensions: {},
};

describe("environment", () => {
  const LEGACY: readonly ContractVersion[] = ["0.6.0-alpha", "0.7.0-alpha", "0.8.0-alpha"];
  const process = (more: Partial<ProcessRequest>): ProcessRequest => ({
    ...REQUEST.process,
    ...more,
  });

  for (const version of CONTRACT_VERSIONS) {
    const legacy = LEGACY.includes(version);
    test(`${version}: none asked for gives ${legacy ? "none" : "PATH and TERM"}`, () => {
      expect(toEnvironment(process({}), version)).toEqual(legacy ? [] : [...DEFAULT_ENVIRONMENT]);
    });
    test(`${version}: an empty list is exact`, () => {
      expect(toEnvironment(process({ env: [] }), version)).toEqual([]);
    });
  }

  test("defaults below the request's own", () => {
    const env = ["A=1", "PATH=/own"];
    expect(toEnvironment(process({ env, inheritDefaultEnv: true }), "1.0.0")).toEqual([
      ["TERM", "xterm-256color"],
      ["A", "1"],
      ["PATH", "/own"],
    ]);
  });

  test("the last of a name wins; what has no '=' is no variable; values are bytes", () => {
    const env = ["A=1", "B", "A=2=3", "C=", "D=\n"];
    expect(toEnvironment(process({ env }), "1.0.0")).toEqual([
      ["A", "2=3"],
      ["C", ""],
      ["D", "\n"],
    ]);
  });

  test("a proxy: its variables in both cases, the request's own gone", () => {
    const env = ["http_proxy=x", "NO_PROXY=*", "A=1", "no_proxy=*", "ALL_PROXY=y"];
    const found = toEnvironment(process({ env }), "1.0.0", { url: "http://10.0.2.2:1/" });
    expect(Object.fromEntries(found as never)).toEqual({
      A: "1",
      ...Object.fromEntries(
        ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY"].flatMap((name) => [
          [name, "http://10.0.2.2:1/"],
          [name.toLowerCase(), "http://10.0.2.2:1/"],
        ]),
      ),
    });
    expect(
      toEnvironment(process({ env }), "1.0.0", { url: "http://127.0.0.1:1", direct: "localhost" }),
    ).toContainEqual(["no_proxy", "localhost"]);
  });

  test.each(["=x", "A=\0"])("%j is refused", (entry) => {
    expect(toEnvironment(process({ env: ["A=1", entry] }), "1.0.0")).toMatchObject({
      code: "malformed_request",
      field: "process.env[1]",
    });
  });
});

describe("backend", () => {
  const asked = (containment: Request["containment"], platform = "linux", experimental = false) =>
    resolveBackend({ ...REQUEST, containment }, platform, experimental);

  test("process and bubblewrap, on Linux only", () => {
    for (const containment of ["process", "bubblewrap"] as const) {
      expect(asked(containment)).toBe("bubblewrap");
      for (const platform of ["darwin", "win32", "freebsd"]) {
        expect(asked(containment, platform)).toMatchObject({ code: "backend_unavailable" });
      }
    }
  });

  test("nothing else runs, experimental or not", () => {
    for (const containment of ["lxc", "microvm", "hyperlight", "vm", "seatbelt", "wslc"] as const) {
      for (const experimental of [true, false]) {
        expect(asked(containment, "linux", experimental)).toMatchObject({
          code: "backend_unavailable",
          field: "containment",
        });
      }
    }
    expect(asked("microvm")).toMatchObject({ remedy: "Add --experimental." });
  });
});

describe("paths and limits", () => {
  const files = (more: Partial<Request["filesystem"]>) =>
    toPolicy({ ...REQUEST, filesystem: { ...REQUEST.filesystem, ...more } });

  test("one path in several lists: the strictest", () => {
    const result = files({
      readwritePaths: ["/a", "/b/", "/c"],
      readonlyPaths: ["/a", "//b", "/d"],
      deniedPaths: ["/a/."],
    });
    expect(result.ok && result.policy.grants.map(({ path, access }) => [path, access])).toEqual([
      ["/a", "denied"],
      ["/b", "read"],
      ["/d", "read"],
      ["/c", "write"],
    ]);
    expect(strictest("write", "read")).toBe("read");
    expect(strictest("denied", "write")).toBe("denied");
  });

  test.each([
    ["readonlyPaths", "rel", "path_unavailable"],
    ["readwritePaths", "~/x", "path_unavailable"],
    ["deniedPaths", "", "path_unavailable"],
    ["deniedPaths", "/", "path_unavailable"],
    ["deniedPaths", "//./", "path_unavailable"],
    ["deniedPaths", "/proc/self/environ", "not_enforceable"],
    ["deniedPaths", "/proc/1", "not_enforceable"],
    ["readonlyPaths", "/proc", "not_enforceable"],
    ["readwritePaths", "//proc/./sys", "not_enforceable"],
  ] as const)("%s: %j is refused", (list, path, code) => {
    const result = files({ [list]: ["/etc", path] });
    expect(result).toMatchObject({
      ok: false,
      refusals: [{ code, field: `filesystem.${list}[1]` }],
    });
  });

  test("every refusal is told, not only the first", () => {
    const result = toPolicy({
      ...REQUEST,
      filesystem: { ...REQUEST.filesystem, readonlyPaths: ["a", "b"] },
      network: { ...CLOSED, proxy: "x" },
      process: { ...REQUEST.process, env: ["=x"] },
    });
    expect(!result.ok && result.refusals.map(({ field }) => field)).toEqual([
      "filesystem.readonlyPaths[0]",
      "filesystem.readonlyPaths[1]",
      "runtimeConfig.networkProxy",
      "process.env[0]",
    ]);
  });

  test("a relative folder counts from the root", () => {
    const at = (cwd: string) => {
      const result = toPolicy({ ...REQUEST, process: { ...REQUEST.process, cwd } });
      return result.ok ? result.policy.process.cwd : undefined;
    };
    expect([at("a/b"), at("/a"), at("."), at("/a/../b")]).toEqual(["/a/b", "/a", "/", "/a/../b"]);
  });

  test("limits: defaults, and what is stated", () => {
    const of = (limits: object) => {
      const result = toPolicy({ ...REQUEST, extensions: { limits } });
      return result.ok ? result.policy.limits : undefined;
    };
    expect(of({})).toEqual({ pids: 4096, diskMb: 1024 });
    const all = { pids: 2, openFiles: 8, fileSizeMb: 1, diskMb: 1 };
    expect(of(all)).toEqual(all);
  });
});
