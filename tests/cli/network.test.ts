/** The network's flags and extensions, as far as the plan: what is asked, refused and printed. */

import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratch } from "../support/scratch.ts";
import { named, needsRoot } from "../support/skip.ts";
import { mxc, shell } from "./mxc.ts";

const folder = scratch();
afterAll(folder.remove);

const plan = (...flags: string[]) => mxc(["plan", ...flags, "--", "true"]);
const network = (...flags: string[]) =>
  plan(...flags)
    .stdout.split("\n")
    .map((line) => line.slice(6))
    .filter((line) => /^(?:network|allow|deny|records|seccomp)\b/.test(line));

describe("flags", () => {
  test("none: no network, and nobody who decides", () => {
    expect(network()).toEqual(["seccomp allow-list: no network"]);
    expect(network("--deny-net=a.test")).toEqual(["seccomp allow-list: no network"]);
  });

  test("--allow-net alone: the host's, until something is denied", () => {
    expect(network("--allow-net")[0]).toStartWith("seccomp allow-list: the host's network");
    expect(network("--allow-net", "--deny-net=10.0.0.0/8")).toEqual([
      "network: allowed by default, clients may connect, the host's loopback, both ways, UDP and ICMP, names, a summary of denials",
      "deny 10.0.0.0/8, tcp udp icmp, by --deny-net=10.0.0.0/8",
      "seccomp allow-list: connecting, binding and listening are the broker's to do",
    ]);
  });

  test("each, in the order of the rules", () => {
    expect(
      network(
        "--allow-net=api.test:443,localhost:5432",
        "--deny-net=bad.test",
        "--allow-listen",
        "--net-proxy",
        "--events=/nowhere/e",
      ).slice(0, -1),
    ).toEqual([
      "network: denied by default, clients of this host may connect, names, a summary of denials, a proxy on port 3128",
      "deny bad.test, tcp udp icmp, by --deny-net=bad.test",
      "allow api.test port 443, tcp, by --allow-net=api.test:443",
      "allow 127.0.0.1 port 5432, tcp, on this host too, by --allow-net=localhost:5432",
      "allow ::1 port 5432, tcp, on this host too, by --allow-net=localhost:5432",
      "records of what is decided to /nowhere/e",
    ]);
    expect(plan("--net-proxy").stdout).toContain("HTTPS_PROXY=http://127.0.0.1:3128");
  });

  test("names are asked of the sandbox's own address, in a file of its own", () => {
    const content = /file \S+: "nameserver 127\.0\.0\.1\\n/;
    if (existsSync("/etc/resolv.conf")) expect(plan("--allow-net=a.test").stdout).toMatch(content);
    expect(plan("--allow-net=10.0.0.1").stdout).not.toMatch(content);
  });

  test.each([
    ["--allow-net=*", "every name"],
    ["--allow-net=*.com", "top-level domain"],
    ["--allow-net=a.test:99999", "'99999' is not a port"],
    ["--allow-net=::1", "brackets"],
    ["--deny-net=a..b", "a label is empty"],
    ["--deny-net=10.0.0.1/8", "host part"],
  ])("%s is a mistake of use", (flag, word) => {
    const { exitCode, stdout, stderr } = plan(flag);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(`${flag}: `);
    expect(stderr).toContain(word);
    expect(stderr).toContain("Expected ");
  });
});

describe("a config", () => {
  const check = (more: object) =>
    mxc(["check", "-"], { stdin: JSON.stringify(shell("true", more)) });

  test("all destinations that are none, each at its place", () => {
    const { exitCode, stderr } = check({
      extensions: { network: { allow: ["a.test", "*"], deny: ["b:0"] } },
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("extensions.network.allow[1]: '*' is no destination: ");
    expect(stderr).toContain("extensions.network.deny[0]: 'b:0' is no destination: ");
  });

  test("members that are not known", () => {
    const { exitCode, stderr } = check({ extensions: { network: { alow: [] } } });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("Did you mean 'allow'?");
  });

  test("ten thousand rules are taken, one more is not", () => {
    const rules = (count: number) => ({
      network: {
        egress: {
          allow: Array.from({ length: count }, (_, index) => ({
            to: [{ cidr: `10.${index >> 8}.${index & 255}.0/24` }],
            ports: [{ protocol: "tcp", port: 443 }],
          })),
        },
      },
    });
    const file = join(folder.path, "rules.json");
    for (const indent of [0, 1]) {
      writeFileSync(file, JSON.stringify(shell("true", rules(5000)), undefined, indent));
      expect(mxc(["check", file]).exitCode).toBe(0);
    }
    writeFileSync(file, JSON.stringify(shell("true", rules(10_000))));
    const { stdout } = mxc(["plan", file]);
    expect(stdout.match(/^ *\d+ {2}allow 10\./gm)).toHaveLength(10_000);
    expect(check(rules(10_001))).toMatchObject({ exitCode: 1 });
  });
});

const why = needsRoot("being another user");
test.skipIf(why !== undefined)(named("an ordinary user is asked nothing else", why), () => {
  const flags = ["plan", "--allow-net=a.test:443", "--", "true"];
  expect(mxc(flags, { uid: 1000 })).toMatchObject({ exitCode: 0, stderr: "" });
});
