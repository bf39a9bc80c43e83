/** What MXC has no field for: one optional object, the same in every contract version. */

import { Type } from "@sinclair/typebox";
import { absent, closed, oneOf, strings } from "./fragments.ts";

const count = (description: string, minimum = 1) =>
  absent(Type.Integer({ minimum, maximum: 0xffff_ffff, description }));

/** The names of `limits`, in the order in which they are documented. */
export const LIMIT_NAMES = [
  "memoryMb",
  "cpus",
  "pids",
  "openFiles",
  "fileSizeMb",
  "diskMb",
  "wallMs",
  "cpuMs",
  "outputMb",
] as const;

const flag = (description: string) => absent(Type.Boolean({ description }));

export const EXTENSIONS = closed(
  {
    tier: absent(
      oneOf(
        ["namespace", "landlock"],
        "Insist on this containment tier; if absent, the strongest that this host has and that enforces all of the policy.",
      ),
    ),
    limits: absent(
      closed({
        memoryMb: count("Memory of the whole sandbox, its tmpfs included, MiB.", 4),
        cpus: absent(
          Type.Number({
            minimum: 0.01,
            maximum: 8192,
            description: "Processors' worth of time; 0.5 is half of one.",
          }),
        ),
        pids: count("Processes and threads at one time; 4096 if absent.", 2),
        openFiles: count("Open files of each process (RLIMIT_NOFILE).", 8),
        fileSizeMb: count("Largest file that can be written, MiB (RLIMIT_FSIZE)."),
        diskMb: count("Size of the private /tmp, MiB; 1024 if absent."),
        wallMs: count("Milliseconds from the workload's start."),
        cpuMs: count("Milliseconds of processor time of the whole sandbox."),
        outputMb: count("Standard output and standard error together, MiB."),
        required: absent(
          Type.Array(
            oneOf(LIMIT_NAMES, "A limit of this object that must not be kept by sampling alone."),
          ),
        ),
      }),
    ),
    network: absent(
      closed(
        {
          allow: absent(strings()),
          deny: absent(strings()),
          requireServerName: flag(
            "Connections granted by name must name it, in TLS' SNI or HTTP's Host; true if absent.",
          ),
          proxy: flag("A proxy on the sandbox's loopback, for clients that want one."),
          summary: flag("Tell the destinations that were denied, on stderr, at the end."),
        },
        "Destinations besides those of 'network': HOST[:PORT[-PORT]][/tcp|udp|icmp|any], HOST a name, *.name, address or block; what is denied goes before what is allowed.",
      ),
    ),
  },
  "Settings of mxc that MXC does not have. Without it a config means what it means to MXC.",
);
