/** What MXC has no field for: one optional object, the same in every contract version. */

import { Type } from "@sinclair/typebox";
import { absent, closed, oneOf } from "./fragments.ts";

const count = (description: string, minimum = 1) =>
  absent(Type.Integer({ minimum, maximum: 0xffff_ffff, description }));

export const EXTENSIONS = closed(
  {
    tier: absent(oneOf(["namespace"], "Insist on this containment tier.")),
    limits: absent(
      closed({
        pids: count("Processes and threads at one time; 4096 if absent.", 2),
        openFiles: count("Open files of each process (RLIMIT_NOFILE).", 8),
        fileSizeMb: count("Largest file that can be written, MiB (RLIMIT_FSIZE)."),
        diskMb: count("Size of the private /tmp, MiB; 1024 if absent."),
      }),
    ),
  },
  "Settings of mxc that MXC does not have. Without it a config means what it means to MXC.",
);
