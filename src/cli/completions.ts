/** `mxc completions`: scripts made from the same tables as the help. */

import { CONTRACT_VERSIONS } from "../contract/request.ts";
import { COMMANDS } from "./commands.ts";
import { type FlagDefs, parseFlags, UsageError } from "./flags.ts";
import { write } from "./output.ts";
import { RUN_FLAGS } from "./run-flags.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

export function completions(args: readonly string[]): void {
  const { positionals } = parseFlags(args, {});
  const [shell] = positionals;
  if (positionals.length !== 1 || !SHELLS.some((known) => known === shell)) {
    throw new UsageError(`name a shell: ${SHELLS.join(", ")}`);
  }
  write(1, shell === "bash" ? bash() : shell === "zsh" ? zsh() : fish());
}

const WITH_RUN_FLAGS = ["run", "check", "plan"] as const;

function spelling([name, def]: [string, FlagDefs[string]]): string {
  return def.type === "boolean" || def.optional === true ? `--${name}` : `--${name}=`;
}

function bash(): string {
  const flags = Object.entries(RUN_FLAGS).map(spelling).join(" ");
  return `_mxc() {
  local cur=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]}
  local word; for word in "\${COMP_WORDS[@]:2:COMP_CWORD-2}"; do
    if [[ $word == -- ]]; then compopt -o default; COMPREPLY=(); return; fi
  done
  if (( COMP_CWORD == 1 )); then
    COMPREPLY=($(compgen -W "${Object.keys(COMMANDS).join(" ")}" -- "$cur")); return
  fi
  case $command in
    ${WITH_RUN_FLAGS.join("|")})
      if [[ $cur == -* ]]; then
        compopt -o nospace
        COMPREPLY=($(compgen -W "${flags}" -- "$cur"))
      else compopt -o default; COMPREPLY=(); fi ;;
    schema) COMPREPLY=($(compgen -W "${CONTRACT_VERSIONS.join(" ")}" -- "$cur")) ;;
    completions) COMPREPLY=($(compgen -W "${SHELLS.join(" ")}" -- "$cur")) ;;
    *) COMPREPLY=($(compgen -W "--json --help" -- "$cur")) ;;
  esac
}
complete -F _mxc mxc
`;
}

function zsh(): string {
  const quote = (text: string) =>
    text
      .replaceAll("'", "'\\''")
      .replaceAll(":", "\\:")
      .replaceAll("[", "\\[")
      .replaceAll("]", "\\]");
  const commands = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `    '${name}:${quote(summary)}'`,
  );
  const flags = Object.entries(RUN_FLAGS).map(([name, def]) => {
    const description = quote(def.description ?? "");
    if (def.type === "boolean") return `      '--${name}[${description}]'`;
    return `      '*--${name}${def.optional === true ? "=-" : "="}[${description}]:${quote(def.valueHint ?? "value")}:_files'`;
  });
  return `#compdef mxc
_mxc() {
  local -a commands=(
${commands.join("\n")}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case $words[2] in
    ${WITH_RUN_FLAGS.join("|")}) _arguments \\
${flags.join(" \\\n")} \\
      '*:file:_files' ;;
    schema) _values version ${CONTRACT_VERSIONS.join(" ")} ;;
    completions) _values shell ${SHELLS.join(" ")} ;;
  esac
}
compdef _mxc mxc
`;
}

function fish(): string {
  const quote = (text: string) => text.replaceAll("'", "\\'");
  const commands = Object.entries(COMMANDS).map(
    ([name, { summary }]) =>
      `complete -c mxc -n __fish_use_subcommand -f -a ${name} -d '${quote(summary)}'`,
  );
  const flags = Object.entries(RUN_FLAGS).map(
    ([name, def]) =>
      `complete -c mxc -n '__fish_seen_subcommand_from ${WITH_RUN_FLAGS.join(" ")}' -l ${name}${def.type === "boolean" ? "" : " -r"} -d '${quote(def.description ?? "")}'`,
  );
  return `${[...commands, ...flags].join("\n")}
complete -c mxc -n '__fish_seen_subcommand_from schema' -f -a '${CONTRACT_VERSIONS.join(" ")}'
complete -c mxc -n '__fish_seen_subcommand_from completions' -f -a '${SHELLS.join(" ")}'
`;
}
