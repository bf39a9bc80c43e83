/** The host's network, when it is granted: a service on the host's loopback is reached, else not. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { runSandbox } from "../support/sandbox.ts";

const CONNECT = `import socket,sys
try:
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 3); print(s.recv(5).decode())
except OSError as error: print("refused", error.errno)`;

let server: Bun.TCPSocketListener<undefined>;

beforeAll(() => {
  server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: (socket) => void socket.end("hello"), data: () => {} },
  });
});
afterAll(() => server.stop(true));

for (const uid of [0, 1000] as const) {
  describe(`as ${uid}`, () => {
    const argv = () => ["python3", "-c", CONNECT, String(server.port)];

    test("with --allow-net, also from an interactive shell's environment", async () => {
      const env = { SHLVL: "1", _: "/bin/x", OLDPWD: "/" };
      const result = await runSandbox({ uid, flags: ["--allow-net"], argv: argv(), env });
      expect(result.stdout).toBe("hello\n");
    });

    test("not without it", async () => {
      const result = await runSandbox({ uid, argv: argv() });
      expect(result.stdout).toBe("refused 111\n");
    });
  });
}
