export const MAX_CONFIG_BYTES = 1 << 20;
export async function parseRequest(t: string, _c: unknown): Promise<any> {
  const j = JSON.parse(t);
  return {
    ok: true,
    request: {
      version: "1.0.0",
      containment: "process",
      process: {
        command: { kind: "shell", commandLine: j.process.commandLine },
        inheritDefaultEnv: false,
        timeoutMs: j.process.timeout ?? 0,
        env: j.process.env,
        cwd: j.process.cwd,
      },
      filesystem: { readwritePaths: [], readonlyPaths: [], deniedPaths: [], ...j.filesystem },
      network: {
        kind: "directional",
        egress: { default: "deny", allow: [], deny: [] },
        ingress: { default: "deny", hostLoopback: "deny" },
      },
      extensions: {},
    },
  };
}
