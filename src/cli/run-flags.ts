/** The flags of `run`, and of `check` and `plan`, which take the same. */

import type { FlagDefs } from "./flags.ts";
import { LIMIT_FLAGS } from "./limit-flags.ts";

export const RUN_FLAGS: FlagDefs = {
  "allow-read": {
    type: "string",
    list: true,
    optional: true,
    valueHint: "PATH,...",
    description: "Let the command read these files and folders; bare: everything",
  },
  "allow-write": {
    type: "string",
    list: true,
    optional: true,
    valueHint: "PATH,...",
    description: "Let it read and write these; bare: everything",
  },
  deny: {
    type: "string",
    list: true,
    valueHint: "PATH,...",
    description: "Keep it out of these, also inside what is allowed",
  },
  "deny-write": {
    type: "string",
    list: true,
    valueHint: "PATH,...",
    description: "Let it only read these, also inside what it may write",
  },
  "allow-net": {
    type: "string",
    list: true,
    optional: true,
    valueHint: "HOST[:PORT],...",
    description: "Let it reach these; bare: the host's whole network; without it there is none",
  },
  "deny-net": {
    type: "string",
    list: true,
    valueHint: "HOST[:PORT],...",
    description: "Keep it from these, also inside what it may reach",
  },
  "allow-listen": {
    type: "boolean",
    description: "Let clients of this host connect to the ports that it listens on",
  },
  "allow-host-loopback": {
    type: "boolean",
    description: "Let it and the services of this host's loopback reach each other",
  },
  "net-proxy": {
    type: "boolean",
    description: "Serve it a proxy that keeps to the same rules, and point HTTP_PROXY at it",
  },
  events: {
    type: "string",
    valueHint: "FILE",
    description:
      "Append what the network decides, and limits that are reached, a line of JSON each",
  },
  "allow-env": {
    type: "string",
    list: true,
    optional: true,
    valueHint: "NAME,...",
    description: "Pass these variables of yours on; bare: all of them",
  },
  env: {
    type: "string",
    list: true,
    valueHint: "NAME=VALUE",
    description: "Set a variable",
  },
  cwd: { type: "string", valueHint: "FOLDER", description: "Start in this folder" },
  timeout: { type: "string", valueHint: "MS", description: "End it after so many milliseconds" },
  ...LIMIT_FLAGS,
  config: {
    type: "string",
    valueHint: "FILE",
    description: "Read a config; flags add to it ('-': from stdin)",
  },
  "config-base64": {
    type: "string",
    valueHint: "TEXT",
    description: "The config itself, in base64",
  },
  "dry-run": { type: "boolean", description: "Check everything, run nothing" },
  json: { type: "boolean", description: "Print errors as JSON" },
  debug: { type: "boolean", description: "Tell on stderr what is being done" },
  "log-file": {
    type: "string",
    valueHint: "FILE",
    description: "Append what is being done to a file",
  },
  tier: {
    type: "string",
    valueHint: "namespace|landlock",
    description: "Insist on this containment; without it, the strongest that enforces everything",
  },
  experimental: { type: "boolean", description: "Allow backends that MXC calls experimental" },
  help: { type: "boolean", alias: "h", description: "Show this" },
};
