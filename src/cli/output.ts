/** What the tool itself says: on stderr, plain unless stderr is a terminal. */

import { MxcError } from "../errors.ts";

/** Writes all of it; a closed pipe is the reader's decision, not an error. */
export function write(fd: 1 | 2, text: string): void {
  // Loaded when there is something to say: a run that goes well says nothing.
  const { writeSync } = require("node:fs") as typeof import("node:fs");
  const bytes = Buffer.from(text);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
  }
}

/** Prints what went wrong and ends the process with its code. */
export function fail(error: MxcError, json: boolean): never {
  if (json) {
    const [first] = error.refusals;
    const { message, remedy } = first ?? { message: error.message, remedy: undefined };
    const details = error.refusals.map(({ field, message: text }) => ({ field, message: text }));
    write(
      2,
      `${JSON.stringify({ error: { code: error.code, message, details, ...(remedy === undefined ? {} : { remediation: remedy }) } })}\n`,
    );
  } else {
    for (const { field, message, remedy } of error.refusals) {
      const place = field === "" ? "" : `${printable(field)}: `;
      write(2, `${red("error")}: ${place}${printable(message)}\n`);
      if (remedy !== undefined) write(2, `  ${printable(remedy)}\n`);
    }
  }
  process.exit(error.exitCode);
}

/** The same for wrong words; `words` are the caller's, which may ask for JSON although they are wrong. */
export function usage(command: string, message: string, words: readonly string[]): never {
  const remedy = `mxc${command === "" ? "" : ` ${command}`} --help shows what there is.`;
  fail(new MxcError({ code: "usage", field: "", message, remedy }), asksForJson(words));
}

/** Of mxc itself: what stands behind `--` is the command's. */
export function asksForJson(words: readonly string[]): boolean {
  const dashes = words.indexOf("--");
  return (dashes < 0 ? words : words.slice(0, dashes)).includes("--json");
}

/** Text from a config or a file name cannot steer a terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "?");
}

function red(text: string): string {
  return process.stderr.isTTY && process.env.NO_COLOR === undefined
    ? `\u001b[31m${text}\u001b[39m`
    : text;
}
