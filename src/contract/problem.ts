/** One thing that a schema cannot say and that is wrong. */

import type { Issue } from "./request.ts";

export interface Problem {
  readonly kind?: "invalid" | "state-aware";
  readonly issue: Issue;
  /** What MXC prints for it. */
  readonly mxcMessage: string;
}

export function problem(path: string, message: string, mxcMessage = `${path} ${message}`): Problem {
  return { issue: { path, message }, mxcMessage };
}
