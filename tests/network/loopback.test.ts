/**
 * What needs no network of the test's own, and so runs for whoever calls it: one service of the
 * host's loopback is granted, its neighbour is not, and nothing else is there.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { callerName, callers } from "../support/paths.ts";
import { runSandbox } from "../support/sandbox.ts";

const PROBE = `
import errno, socket, sys
for text in sys.argv[1:]:
    host, port = text.split()
    try:
        s = socket.create_connection((host, int(port)), 3); print(s.recv(5).decode())
    except OSError as error: print(errno.errorcode.get(error.errno, error))
`;

const servers: Bun.TCPSocketListener<undefined>[] = [];
const port = (index: number) => servers[index]?.port as number;

beforeAll(() => {
  for (const greeting of ["first", "other"]) {
    servers.push(
      Bun.listen({
        hostname: "127.0.0.1",
        port: 0,
        socket: { open: (socket) => void socket.end(greeting), data: () => {} },
      }),
    );
  }
});
afterAll(() => {
  for (const server of servers) server.stop(true);
});

describe.each([...callers])("as %d", (uid) => {
  const probe = (flags: readonly string[], ...rows: readonly string[]) =>
    runSandbox({ uid, flags, argv: ["python3", "-c", PROBE, ...rows] });

  test(`${callerName(uid)}: a granted service, by both its addresses, and no other`, async () => {
    const result = await probe(
      [`--allow-net=localhost:${port(0)}`],
      ...[`127.0.0.1 ${port(0)}`, `10.0.2.2 ${port(0)}`, `::ffff:127.0.0.1 ${port(0)}`],
      ...[`127.0.0.1 ${port(1)}`, `10.0.2.2 ${port(1)}`, "192.0.2.1 80"],
    );
    expect(result.stdout).toBe("first\nfirst\nfirst\nECONNREFUSED\nEACCES\nEACCES\n");
    expect(result.exitCode).toBe(0);
  });

  test(`${callerName(uid)}: a denial goes before the grant`, async () => {
    const result = await probe(
      [`--allow-net=localhost:${port(0)}`, `--deny-net=localhost:${port(0)}`],
      ...[`127.0.0.1 ${port(0)}`, `10.0.2.2 ${port(0)}`],
    );
    expect(result.stdout).toBe("ECONNREFUSED\nEACCES\n");
  });

  test(`${callerName(uid)}: what is denied is told at the end, with the flag that would allow it`, async () => {
    const result = await probe([`--allow-net=localhost:${port(0)}`], `10.0.2.2 ${port(1)}`);
    expect(result.stderr).toContain(`10.0.2.2:${port(1)}`);
    expect(result.stderr).toContain(`--allow-net=localhost:${port(1)} would`);
  });
});
