/** What `--help` prints: summary, usage, flags, examples. */

import { COMMANDS } from "./commands.ts";
import { DOCTOR_FLAGS } from "./doctor.ts";
import type { FlagDefs } from "./flags.ts";
import { write } from "./output.ts";
import { RUN_FLAGS } from "./run-flags.ts";

interface Help {
  readonly usage: readonly string[];
  readonly about?: string;
  readonly flags?: FlagDefs;
  readonly examples?: readonly (readonly [command: string, what: string])[];
}

const JSON_FLAG: FlagDefs = { json: { type: "boolean", description: "Print as JSON" } };

const HELP: Readonly<Record<string, Help>> = {
  run: {
    usage: ["mxc run [FLAGS] CONFIG", "mxc run [FLAGS] -- COMMAND [ARG...]"],
    about:
      "The command sees the host's programs and libraries, a private /tmp, and nothing else that is\n" +
      "not allowed: no files of yours, no network, no environment, no other processes. What cannot\n" +
      "be enforced in full is refused. The exit code is the command's own; 128+N if signal N ended\n" +
      "it; 1, 2 or 255 with a message when mxc itself could not do its part.",
    flags: RUN_FLAGS,
    examples: [
      [
        "mxc run --allow-read=. --allow-write=./out -- python3 script.py",
        "a script that may only write ./out",
      ],
      [
        "mxc run --allow-write=. --deny=.env,.git/hooks -- make test",
        "a build without your secrets",
      ],
      ["mxc run config.json", "what an MXC config says"],
      ["generate | mxc run - --timeout=5000", "a config from stdin, five seconds at most"],
    ],
  },
  check: {
    usage: ["mxc check [FLAGS] CONFIG", "mxc check [FLAGS] -- COMMAND [ARG...]"],
    about: "Takes the flags of 'run'. Nothing is started. Exit code 0 if it would run.",
    flags: RUN_FLAGS,
    examples: [["mxc check --json config.json", "for a program to read"]],
  },
  plan: {
    usage: ["mxc plan [FLAGS] CONFIG", "mxc plan [FLAGS] -- COMMAND [ARG...]"],
    about:
      "Takes the flags of 'run'. The steps are those that a run would carry out, in their order.",
    flags: RUN_FLAGS,
    examples: [["mxc plan --allow-read=. -- true", "what '--allow-read=.' means here"]],
  },
  doctor: {
    usage: ["mxc doctor [--json]", "mxc doctor --apparmor-profile"],
    about: "Makes what every sandbox begins with, drops it again, and explains what fails.",
    flags: DOCTOR_FLAGS,
  },
  backends: { usage: ["mxc backends [--json]"], flags: JSON_FLAG },
  schema: {
    usage: ["mxc schema [VERSION]"],
    about: "Without a version: the versions there are.",
    examples: [["mxc schema 1.0.0 > mxc.schema.json", "for an editor to check configs with"]],
  },
  completions: {
    usage: ["mxc completions bash|zsh|fish"],
    examples: [['eval "$(mxc completions bash)"', "for this shell"]],
  },
  version: { usage: ["mxc version [--json]"], flags: JSON_FLAG },
};

export function printHelp(command?: string): void {
  const help = command === undefined ? undefined : HELP[command];
  write(1, help === undefined || command === undefined ? overview() : commandHelp(command, help));
}

function overview(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `  ${bold(name.padEnd(width))}  ${summary}`,
  );
  return `${bold("mxc")} runs code you do not trust, with only what you allow.

${bold("Usage:")} mxc COMMAND

${lines.join("\n")}

  mxc COMMAND --help tells more.

${bold("Start with:")}
  mxc run -- sh -c 'id; ls /'
  mxc run --allow-read=. -- python3 script.py
  mxc doctor
`;
}

function commandHelp(command: string, help: Help): string {
  const parts = [`${COMMANDS[command]?.summary ?? ""}.\n`];
  parts.push(`${bold("Usage:")}\n${help.usage.map((line) => `  ${line}`).join("\n")}\n`);
  if (help.about !== undefined) parts.push(`${help.about}\n`);
  if (help.flags !== undefined) parts.push(`${bold("Flags:")}\n${flagLines(help.flags)}\n`);
  if (help.examples !== undefined) {
    const lines = help.examples.map(([line, what]) => `  # ${what}\n  ${line}`);
    parts.push(`${bold("Examples:")}\n${lines.join("\n")}\n`);
  }
  return parts.join("\n");
}

function flagLines(flags: FlagDefs): string {
  const rows = Object.entries(flags).map(([name, def]): [string, string] => {
    const short = "alias" in def && def.alias !== undefined ? `-${[def.alias].flat()[0]}, ` : "";
    const hint =
      def.type === "boolean"
        ? ""
        : def.optional === true
          ? `[=${def.valueHint}]`
          : `=${def.valueHint}`;
    return [`${short}--${name}${hint}`, def.description ?? ""];
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}

function bold(text: string): string {
  return process.stdout.isTTY && process.env.NO_COLOR === undefined
    ? `\u001b[1m${text}\u001b[22m`
    : text;
}
