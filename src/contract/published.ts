/** The shape of contracts from 0.9 on: closed at every depth, `null` is no value. */

import { type TSchema, Type } from "@sinclair/typebox";
import { EXTENSIONS } from "./extensions.ts";
import {
  closed,
  egressAndIngress,
  filesystem,
  lifecycle,
  oneOf,
  absent as optional,
  port,
  processContainer,
  seatbelt,
  strings,
  u32,
  ui,
  windowsSandboxFields,
  wslcFields,
} from "./fragments.ts";

export interface PublishedOptions {
  readonly version: string;
  readonly title: string;
  /** `appContainer`, `macos_sandbox` and the containments of those names. */
  readonly aliases: boolean;
  /** Backends that became part of the contract with 1.1. */
  readonly virtualMachines: boolean;
}

const SYSTEM_SETTINGS = ["none", "parameters", "display", "all"] as const;

export function published({ version, title, aliases, virtualMachines }: PublishedOptions): TSchema {
  const container = () =>
    processContainer({
      optional,
      enumeratePaths: true,
      systemSettings: virtualMachines ? oneOf(SYSTEM_SETTINGS) : Type.String(),
    });
  const mapping = closed({
    windowsPort: port(),
    containerPort: port(),
    protocol: optional(oneOf(["tcp"])),
  });
  return Type.Object(
    {
      $schema: optional(Type.String()),
      _comment: optional(Type.Unknown()),
      version: Type.Literal(version),
      containerId: optional(Type.String()),
      containment: optional(
        oneOf([
          "process",
          "processcontainer",
          ...(aliases ? ["appcontainer"] : []),
          "lxc",
          "bubblewrap",
          "seatbelt",
          ...(aliases ? ["macos_sandbox"] : []),
          ...(virtualMachines ? ["vm", "windows_sandbox", "microvm", "hyperlight"] : []),
          "wslc",
          "isolation_session",
        ]),
      ),
      lifecycle: optional(lifecycle(optional)),
      process: closed({
        commandLine: Type.String({ minLength: 1 }),
        cwd: optional(Type.String()),
        env: optional(strings()),
        inheritDefaultEnv: optional(Type.Boolean()),
        timeout: optional(u32()),
      }),
      filesystem: optional(filesystem(optional)),
      fallback: optional(closed({ allowDaclMutation: optional(Type.Boolean()) })),
      network: optional(closed(egressAndIngress(optional))),
      runtimeConfig: optional(closed({ networkProxy: optional(Type.String()) })),
      ui: optional(ui(optional)),
      telemetry: optional(closed({ enabled: optional(Type.Boolean()) })),
      lxc: optional(closed({ distribution: Type.String(), release: Type.String() })),
      processContainer: optional(container()),
      seatbelt: optional(seatbelt(optional, false)),
      ...(aliases
        ? {
            appContainer: optional(container()),
            macos_sandbox: optional(seatbelt(optional, false)),
          }
        : {}),
      wslc: optional(closed(wslcFields(optional, mapping))),
      ...(virtualMachines
        ? {
            hyperlight: optional(
              closed({
                runtime: optional(
                  oneOf(["agent", "python", "python-shell", "node", "bash", "dotnet-jit"]),
                ),
              }),
            ),
            windowsSandbox: optional(closed(windowsSandboxFields(optional))),
            test: optional(closed({ message: optional(Type.String()) })),
          }
        : {}),
      extensions: optional(EXTENSIONS),
    },
    { additionalProperties: false, title, $id: `mxc-config-${version}` },
  );
}
