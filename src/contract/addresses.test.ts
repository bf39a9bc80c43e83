/** Rules and proxy URLs at their edges. */

import { describe, expect, test } from "bun:test";
import { checkProxyUrl, checkRules } from "./addresses.ts";

describe("rules", () => {
  const of = (rule: object) => checkRules([{}, rule], "r")?.issue;

  test("exceptions must be inside their block", () => {
    expect(
      of({ to: [{ cidr: "10.0.0.0/8", except: ["10.1.0.0/16", "10.0.0.0/8"] }] }),
    ).toBeUndefined();
    for (const hole of ["11.0.0.0/8", "0.0.0.0/0", "::/128"]) {
      expect(of({ to: [{ cidr: "10.0.0.0/8", except: [hole] }] })?.path).toBe(
        "r[1].to[0].except[0]",
      );
    }
    expect(of({ to: [{ cidr: "0.0.0.0/0", except: ["::ffff:0:0/96"] }] })).toBeDefined();
  });

  test("empty lists say nothing, and are refused", () => {
    expect(of({ to: [] })?.path).toBe("r[1].to");
    expect(of({ ports: [] })?.path).toBe("r[1].ports");
    expect(of({})).toBeUndefined();
  });

  test.each([
    [{ protocol: "tcp", port: 80, endPort: 80 }, undefined],
    [{ protocol: "tcp", port: 80, endPort: 81 }, undefined],
    [{ protocol: "icmp" }, undefined],
    [{ protocol: "tcp", port: 81, endPort: 80 }, "r[1].ports[0].endPort"],
    [{ protocol: "tcp", endPort: 80 }, "r[1].ports[0].endPort"],
    [{ protocol: "icmp", port: 1 }, "r[1].ports[0]"],
    [{ protocol: "icmp", endPort: 1 }, "r[1].ports[0]"],
  ])("%j", (port, path) => expect(of({ ports: [port] })?.path).toBe(path as never));
});

test.each([
  ["http://localhost:8080", true],
  ["https://127.0.0.1:1", true],
  ["http://[::1]:65535/", true],
  ["http://localhost", false],
  ["http://example.com:80", false],
  ["http://localhost.example:8080", false],
  ["http://localhost@example.com:8080", false],
  ["ftp://localhost:21", false],
  ["localhost:8080", false],
  ["", false],
])("a proxy on this host: %j", (url, fine) => {
  expect(checkProxyUrl(url, "p", true) === undefined).toBe(fine);
});
