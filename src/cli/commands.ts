/** Every command but `run`: its one line of help and where it lives. citty finds and loads it. */

import { type CommandDef, runCommand } from "citty";
import { nearest } from "../contract/nearest.ts";
import { MxcError } from "../errors.ts";
import { UsageError } from "./flags.ts";
import { asksForJson, fail, usage } from "./output.ts";

type Handler = (args: readonly string[]) => Promise<void> | void;

interface Command {
  readonly summary: string;
  readonly load: () => Promise<Handler>;
}

export const COMMANDS: Readonly<Record<string, Command>> = {
  run: {
    summary: "Run a command, or a config's, in a sandbox",
    load: async () => (await import("./run.ts")).run,
  },
  check: {
    summary: "Say whether a config is valid and this host can enforce it",
    load: async () => (await import("./check.ts")).check,
  },
  plan: {
    summary: "Print the exact steps that a run would carry out",
    load: async () => (await import("./plan.ts")).plan,
  },
  doctor: {
    summary: "Say what this host offers, what is missing, and how to get it",
    load: async () => (await import("./doctor.ts")).doctor,
  },
  backends: {
    summary: "List the containment backends and whether they work here",
    load: async () => (await import("./backends.ts")).backends,
  },
  schema: {
    summary: "Print the JSON Schema of a contract version",
    load: async () => (await import("./schema.ts")).schema,
  },
  completions: {
    summary: "Print a completion script for bash, zsh or fish",
    load: async () => (await import("./completions.ts")).completions,
  },
  version: {
    summary: "Print the version",
    load: async () => (await import("./version.ts")).version,
  },
};

export async function dispatch(args: readonly string[]): Promise<void> {
  const [name = "--help", ...rest] = args;
  if (name === "--version" || name === "-V") return dispatch(["version", ...rest]);
  if (name === "--help" || name === "-h" || name === "help") {
    const { printHelp } = await import("./help.ts");
    return printHelp(rest[0]);
  }
  if (!Object.hasOwn(COMMANDS, name)) {
    const near = nearest(name, Object.keys(COMMANDS));
    return usage(
      "",
      `unknown command ${name}${near === undefined ? "" : `; did you mean ${near}?`}`,
      args,
    );
  }
  if (rest.slice(0, restOfOwn(rest)).some((arg) => arg === "--help" || arg === "-h")) {
    const { printHelp } = await import("./help.ts");
    return printHelp(name);
  }
  try {
    await runCommand(tree(), { rawArgs: [name, ...rest] });
  } catch (error) {
    if (error instanceof UsageError) return usage(name, error.message, rest);
    if (error instanceof MxcError) return fail(error, asksForJson(rest));
    throw error;
  }
}

function restOfOwn(args: readonly string[]): number {
  const dashes = args.indexOf("--");
  return dashes < 0 ? args.length : dashes;
}

/** citty's view of the table: it picks the command; the command parses its own words strictly. */
function tree(): CommandDef {
  const subCommands: Record<string, () => Promise<CommandDef>> = {};
  for (const [name, command] of Object.entries(COMMANDS)) {
    subCommands[name] = async () => {
      const handler = await command.load();
      return {
        meta: { name, description: command.summary },
        run: ({ rawArgs }) => handler(rawArgs),
      };
    };
  }
  return { meta: { name: "mxc" }, subCommands };
}
