/** Flags on top of a config. */

import { describe, expect, test } from "bun:test";
import { CONTRACT_VERSIONS, type Request } from "../contract/request.ts";
import { MxcError } from "../errors.ts";
import { toEnvironment } from "../policy/environment.ts";
import { parseFlags } from "./flags.ts";
import { mergeFlags, reportsOf } from "./merge-flags.ts";
import { RUN_FLAGS } from "./run-flags.ts";

const flags = (...args: string[]) => parseFlags(args, RUN_FLAGS);
const alone = (...args: string[]) => mergeFlags(undefined, flags(...args, "--", "cmd", "arg"));

const CONFIG: Request = {
  ...alone(),
  process: {
    command: { kind: "shell", commandLine: "from config" },
    cwd: "/config",
    env: ["A=1"],
    inheritDefaultEnv: false,
    timeoutMs: 7,
  },
  filesystem: { readonlyPaths: ["/r"], readwritePaths: ["/w"], deniedPaths: ["/d"] },
};

describe("flags alone", () => {
  test("nothing is granted, and there is no network", () => {
    const request = alone();
    expect(request.filesystem).toEqual({ readonlyPaths: [], readwritePaths: [], deniedPaths: [] });
    expect(request.network).toEqual({
      kind: "directional",
      egress: { default: "deny", allow: [], deny: [] },
      ingress: { default: "deny", hostLoopback: "deny" },
    });
    expect(request.process).toEqual({
      command: { kind: "argv", argv: ["cmd", "arg"] },
      inheritDefaultEnv: true,
      timeoutMs: 0,
    });
  });

  test("paths: relative, home, all, and each list", () => {
    const here = process.cwd();
    const { filesystem } = alone(
      "--allow-read=a,/b",
      "--allow-write=c",
      "--deny=d,~/e",
      "--deny-write=f",
    );
    expect(filesystem).toEqual({
      readonlyPaths: [`${here}/a`, "/b", `${here}/f`],
      readwritePaths: [`${here}/c`],
      deniedPaths: [`${here}/d`, `${process.env.HOME ?? `${here}/~`}/e`],
    });
    expect(alone("--allow-read").filesystem.readonlyPaths).toEqual(["/"]);
    expect(alone("--allow-write").filesystem.readwritePaths).toEqual(["/"]);
  });

  test("the network is given only by its flag", () => {
    const open = alone("--allow-net").network;
    expect(open).toEqual({
      kind: "directional",
      egress: { default: "allow", allow: [], deny: [] },
      ingress: { default: "allow", hostLoopback: "allow" },
    });
    expect(alone("--allow-read", "--allow-write", "--allow-env").network).toEqual(alone().network);
    const some = alone("--allow-net=a.test:443,b.test", "--allow-net=10.0.0.0/8", "--deny-net=c");
    expect(some.network).toEqual(alone().network);
    expect(some.networkFlags).toEqual({
      allow: ["a.test:443", "b.test", "10.0.0.0/8"],
      deny: ["c"],
      listen: false,
      hostLoopback: false,
      proxy: false,
    });
    expect(alone("--allow-listen").networkFlags?.listen).toBe(true);
    expect(alone("--allow-host-loopback").networkFlags?.hostLoopback).toBe(true);
    expect(alone("--net-proxy").networkFlags?.proxy).toBe(true);
    expect(alone().networkFlags).toBeUndefined();
    expect(() => flags("--deny-net")).toThrow("needs a value");
    expect(() => flags("--allow-net=")).toThrow("is empty");
  });

  test("records of decisions: from the caller's folder, a summary unless the config says no", () => {
    expect(reportsOf(flags())).toEqual({ summary: true, debug: "none" });
    expect(reportsOf(flags("--debug")).debug).toBe("stderr");
    expect(reportsOf(flags("--events=e", "--log-file=/l"))).toEqual({
      events: `${process.cwd()}/e`,
      logFile: "/l",
      summary: true,
      debug: "none",
    });
  });

  test("variables: named ones that are set, then those given", () => {
    process.env.MXC_TEST_SET = "x=y";
    delete process.env.MXC_TEST_UNSET;
    const { env } = alone(
      "--allow-env=MXC_TEST_SET,MXC_TEST_UNSET",
      "--env=A=1",
      "--env=B=",
    ).process;
    expect(env).toEqual(["MXC_TEST_SET=x=y", "A=1", "B="]);
    expect(alone("--allow-env").process.env).toContain("MXC_TEST_SET=x=y");
    delete process.env.MXC_TEST_SET;
  });

  test("mistakes of use", () => {
    for (const words of [
      ["--timeout=1.5"],
      ["--timeout=1e3"],
      ["--timeout="],
      ["--env=X"],
      ["--env==1"],
    ]) {
      expect(() => alone(...words)).toThrow(MxcError);
    }
    expect(() => mergeFlags(undefined, flags("--"))).toThrow("no command");
    expect(() => mergeFlags(undefined, flags())).toThrow("no command");
  });
});

describe("flags on top of a config", () => {
  test("none change nothing", () => expect(mergeFlags(CONFIG, flags())).toEqual(CONFIG));

  test("lists grow, single settings are replaced", () => {
    const merged = mergeFlags(
      CONFIG,
      flags("--allow-read=/r2", "--deny=/d2", "--cwd=/x", "--timeout=9", "--env=A=2", "--", "c"),
    );
    expect(merged.filesystem).toEqual({
      readonlyPaths: ["/r", "/r2"],
      readwritePaths: ["/w"],
      deniedPaths: ["/d", "/d2"],
    });
    expect(merged.process).toMatchObject({
      command: { kind: "argv", argv: ["c"] },
      cwd: "/x",
      env: ["A=1", "A=2"],
      timeoutMs: 9,
    });
  });

  test("a variable on top of none keeps the defaults of the contract", () => {
    const { env: _, ...none } = CONFIG.process;
    for (const version of CONTRACT_VERSIONS) {
      const config: Request = { ...CONFIG, version, process: none };
      const merged = mergeFlags(config, flags("--env=A=1"));
      const without = toEnvironment(config.process, version) as readonly unknown[];
      expect(toEnvironment(merged.process, version)).toEqual([...without, ["A", "1"]] as never);
      expect(without.length).toBe(version < "0.9" ? 0 : 2);
    }
  });

  test("--allow-net opens what a config does not deny", () => {
    const rule = { to: [{ cidr: "10.0.0.0/8", except: [] }] };
    const network = {
      kind: "directional",
      egress: { default: "deny", allow: [rule], deny: [rule] },
      ingress: { default: "deny", hostLoopback: "deny" },
      proxy: "http://localhost:1",
    } as const;
    expect(mergeFlags({ ...CONFIG, network }, flags("--allow-net")).network).toEqual({
      kind: "directional",
      egress: { default: "allow", allow: [], deny: [rule] },
      ingress: { default: "allow", hostLoopback: "allow" },
    });
    const older = {
      kind: "legacy",
      defaultPolicy: "block",
      enforcementMode: "both",
      allowedHosts: ["a"],
      blockedHosts: ["b"],
      allowLocalNetwork: false,
      proxy: { kind: "localhost", port: 1 },
    } as const;
    expect(mergeFlags({ ...CONFIG, network: older }, flags("--allow-net")).network).toEqual({
      kind: "legacy",
      defaultPolicy: "allow",
      enforcementMode: "both",
      allowedHosts: [],
      blockedHosts: ["b"],
      allowLocalNetwork: true,
    });
    expect(mergeFlags({ ...CONFIG, network }, flags("--allow-net=a")).network).toEqual(network);
  });

  test("--timeout=0 takes a limit away", () => {
    expect(mergeFlags(CONFIG, flags("--timeout=0")).process.timeoutMs).toBe(0);
  });
});
