/**
 * The parts that contract versions share, as TypeBox schemas. Loaded by the generator and to
 * explain a refusal; a valid config never needs it (validators.generated.ts).
 */

import { type TSchema, Type } from "@sinclair/typebox";

/** Unsigned integers as wide as MXC has them. */
export const u32 = () => Type.Integer({ minimum: 0, maximum: 0xffff_ffff });
export const u64 = () => Type.Integer({ minimum: 0 });
export const port = () => Type.Integer({ minimum: 1, maximum: 65_535 });

export function oneOf<const T extends readonly string[]>(values: T, description?: string) {
  return Type.Unsafe<T[number]>({
    type: "string",
    enum: [...values],
    ...(description === undefined ? {} : { description }),
  });
}

/** How a dialect treats a field that may be absent. */
export type Optional = <T extends TSchema>(schema: T) => TSchema;

/** Contracts from 0.9 on: absent, or of its type. */
export const absent: Optional = (schema) => Type.Optional(schema);

/** Before: `null` means absent too. */
export const absentOrNull: Optional = (schema) => Type.Optional(Type.Union([schema, Type.Null()]));

export function closed(properties: Record<string, TSchema>, description?: string) {
  return Type.Object(properties, {
    additionalProperties: false,
    ...(description === undefined ? {} : { description }),
  });
}

export const strings = () => Type.Array(Type.String());

export function filesystem(optional: Optional) {
  return closed(
    {
      readwritePaths: optional(strings()),
      readonlyPaths: optional(strings()),
      deniedPaths: optional(strings()),
    },
    "Host paths that the workload may write, may read, may not touch; the most specific one wins.",
  );
}

export function egressAndIngress(optional: Optional) {
  const action = () => oneOf(["allow", "deny"]);
  // Empty lists would mean 'nothing' where absent means 'everything': refused from 0.9 on.
  const items = optional === absent ? { minItems: 1 } : {};
  const rule = () =>
    closed({
      to: optional(Type.Array(closed({ cidr: Type.String(), except: optional(strings()) }), items)),
      ports: optional(
        Type.Array(
          closed({
            protocol: optional(oneOf(["tcp", "udp", "icmp", "any"])),
            port: optional(port()),
            endPort: optional(port()),
          }),
          items,
        ),
      ),
    });
  return {
    egress: optional(
      closed({
        default: optional(action()),
        allow: optional(Type.Array(rule())),
        deny: optional(Type.Array(rule())),
      }),
    ),
    ingress: optional(closed({ default: optional(action()), hostLoopback: optional(action()) })),
  };
}

export function ui(optional: Optional) {
  return closed({
    disable: optional(Type.Boolean()),
    clipboard: optional(oneOf(["none", "read", "write", "all"])),
    injection: optional(Type.Boolean()),
  });
}

export function lifecycle(optional: Optional) {
  return closed({
    destroyOnExit: optional(Type.Boolean()),
    preservePolicy: optional(Type.Boolean()),
  });
}

export interface ProcessContainerOptions {
  readonly optional: Optional;
  readonly enumeratePaths: boolean;
  readonly systemSettings: TSchema;
}

export function processContainer({
  optional,
  enumeratePaths,
  systemSettings,
}: ProcessContainerOptions) {
  return closed({
    leastPrivilege: optional(Type.Boolean()),
    capabilities: optional(strings()),
    learningMode: optional(Type.Boolean()),
    captureDenials: optional(
      closed({
        mode: optional(oneOf(["block", "allow"])),
        outputPath: optional(Type.String()),
        retainEtl: optional(Type.Boolean()),
      }),
    ),
    ui: optional(
      closed({
        isolation: optional(oneOf(["container", "desktop", "handles", "atoms"])),
        desktopSystemControl: optional(Type.Boolean()),
        systemSettings: optional(systemSettings),
        ime: optional(Type.Boolean()),
      }),
    ),
    network: optional(closed({ allowedProxyPeer: optional(Type.String()) })),
    ...(enumeratePaths
      ? { filesystem: optional(closed({ enumeratePaths: optional(strings()) })) }
      : {}),
  });
}

export function seatbelt(optional: Optional, launchMethod: boolean) {
  return closed({
    profileOverride: optional(Type.String()),
    guiAccess: optional(Type.Boolean()),
    nestedPty: optional(Type.Boolean()),
    keychainAccess: optional(Type.Boolean()),
    extraMachLookups: optional(strings()),
    ...(launchMethod ? { launchMethod: optional(oneOf(["exec", "open"])) } : {}),
  });
}

export function wslcFields(optional: Optional, portProtocol: TSchema) {
  return {
    image: optional(Type.String()),
    imageTarPath: optional(Type.String()),
    cpuCount: optional(u32()),
    memoryMb: optional(u64()),
    gpu: optional(Type.Boolean()),
    storagePath: optional(Type.String()),
    targetOs: optional(Type.String()),
    portMappings: optional(Type.Array(portProtocol)),
  };
}

export function windowsSandboxFields(optional: Optional) {
  return {
    idleTimeoutMs: optional(u32()),
    idleTimeout: optional(u32()),
    daemonPipeName: optional(Type.String()),
  };
}
