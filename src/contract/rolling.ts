/**
 * The shape of contracts 0.6 to 0.8. Their reference takes one superset of all three, reads `null`
 * as absent, and leaves `experimental` open; only the directional network is bound to 0.8.
 */

import { type TSchema, Type } from "@sinclair/typebox";
import { EXTENSIONS } from "./extensions.ts";
import {
  absent,
  closed,
  egressAndIngress,
  filesystem,
  lifecycle,
  oneOf,
  absentOrNull as optional,
  port,
  processContainer,
  seatbelt,
  strings,
  u32,
  ui,
  windowsSandboxFields,
  wslcFields,
} from "./fragments.ts";

/** Unknown members are read over, as the reference does below `experimental`. */
const open = (properties: Record<string, TSchema>) =>
  Type.Object(properties, { additionalProperties: true });

export function rolling(version: string, title: string): TSchema {
  const container = () =>
    processContainer({ optional, enumeratePaths: false, systemSettings: Type.String() });
  return Type.Object(
    {
      $schema: optional(Type.String()),
      _comment: Type.Optional(Type.Unknown()),
      version: optional(Type.String({ description: `Contract version, here ${version}.` })),
      containerId: optional(Type.String()),
      containment: optional(
        oneOf([
          "process",
          "processcontainer",
          "appcontainer",
          "vm",
          "windows_sandbox",
          "lxc",
          "microvm",
          "hyperlight",
          "wslc",
          "seatbelt",
          "macos_sandbox",
          "isolation_session",
          "bubblewrap",
        ]),
      ),
      lifecycle: optional(lifecycle(optional)),
      process: optional(
        closed({
          commandLine: optional(Type.String()),
          cwd: optional(Type.String()),
          env: optional(strings()),
          timeout: optional(u32()),
        }),
      ),
      filesystem: optional(filesystem(optional)),
      network: optional(
        closed({
          defaultPolicy: optional(oneOf(["allow", "block"])),
          enforcementMode: optional(oneOf(["capabilities", "firewall", "both"])),
          allowedHosts: optional(strings()),
          blockedHosts: optional(strings()),
          allowLocalNetwork: optional(Type.Boolean()),
          proxy: optional(
            closed({
              localhost: optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
              url: optional(Type.String()),
              builtinTestServer: optional(Type.Boolean()),
            }),
          ),
          ...egressAndIngress(optional),
        }),
      ),
      runtimeConfig: optional(closed({ networkProxy: optional(Type.String()) })),
      fallback: optional(closed({ allowDaclMutation: optional(Type.Boolean()) })),
      ui: optional(ui(optional)),
      lxc: optional(
        closed({ distribution: optional(Type.String()), release: optional(Type.String()) }),
      ),
      processContainer: optional(container()),
      appContainer: optional(container()),
      seatbelt: optional(seatbelt(optional, true)),
      macos_sandbox: optional(seatbelt(optional, true)),
      experimental: optional(experimental()),
      // Lifecycle requests only; known here so that the message can say so.
      phase: optional(Type.String()),
      sandboxId: optional(Type.String()),
      correlationVector: optional(Type.String()),
      extensions: absent(EXTENSIONS),
    },
    { additionalProperties: false, title, $id: `mxc-config-${version}` },
  );
}

function experimental(): TSchema {
  const mapping = open({
    windowsPort: port(),
    containerPort: port(),
    protocol: optional(oneOf(["tcp"])),
  });
  return open({
    wslc: optional(open(wslcFields(optional, mapping))),
    windows_sandbox: optional(open(windowsSandboxFields(optional))),
    isolation_session: optional(open({})),
    seatbelt: optional(open({})),
    telemetry: optional(open({ enabled: optional(Type.Boolean()) })),
    test: optional(open({ message: optional(Type.String()) })),
  });
}
