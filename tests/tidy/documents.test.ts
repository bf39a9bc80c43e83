/** The documents speak of what is there. */

import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { EXIT_CODES } from "../../src/errors.ts";
import { repositoryRoot } from "../support/paths.ts";
import { sourceFiles, textOf } from "./sources.ts";

const documents = sourceFiles().filter((file) => file.endsWith(".md"));

function problems(file: string, text: string): string[] {
  const out: string[] = [];
  const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
  for (const [, name = ""] of text.matchAll(/\bnpm run ([\w:-]+)/g)) {
    if (!Object.hasOwn(scripts, name)) out.push(`npm run ${name}`);
  }
  for (const [, name = ""] of text.matchAll(/\bnpm (start|test)\b/g)) {
    if (!Object.hasOwn(scripts, name)) out.push(`npm ${name}`);
  }
  for (const [, target = ""] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
    if (/^\w+:/.test(target)) continue;
    if (!existsSync(join(repositoryRoot, dirname(file), target))) out.push(`link to ${target}`);
  }
  const commands = [...textOf("src/cli/commands.ts").matchAll(/^ {2}"?([a-z-]+)"?: \{$/gm)].map(
    ([, name]) => name as string,
  );
  // In code only: prose may say `mxc is ...`.
  const blocks = [...text.matchAll(/```\w*\n([\s\S]*?)```|`([^`\n]+)`/g)];
  for (const [, block, span] of blocks) {
    for (const line of (block ?? span ?? "").split("\n")) {
      const command = /^(?:\$ |# )?(?:\.\/)?(?:dist\/)?mxc ([a-z][a-z-]*)\b/.exec(line.trim())?.[1];
      if (command !== undefined && !commands.includes(command)) out.push(`mxc ${command}`);
    }
  }
  return out;
}

test("commands and links lead somewhere", () => {
  const found = documents.flatMap((file) =>
    problems(file, textOf(file)).map((what) => `${file}: ${what}`),
  );
  expect(documents.length).toBeGreaterThan(0);
  expect(found).toEqual([]);
});

test("that check finds what leads nowhere", () => {
  expect(problems("README.md", "`npm run nothing`")).toEqual(["npm run nothing"]);
  expect(problems("README.md", "[x](docs/nothing.md)")).toEqual(["link to docs/nothing.md"]);
  expect(problems("README.md", "```sh\n$ mxc fly --high\n```")).toEqual(["mxc fly"]);
  expect(problems("README.md", "`mxc run -- true` [x](LICENSE) `npm run build`")).toEqual([]);
});

describe("every error code is documented", () => {
  const page = "docs/exit-codes.md";
  for (const [code, exitCode] of Object.entries(EXIT_CODES)) {
    test(code, () => {
      const row = textOf(page)
        .split("\n")
        .find((line) => line.startsWith("|") && line.includes(`\`${code}\``));
      expect(row).toBeDefined();
      expect(row).toMatch(new RegExp(`\\b${exitCode}\\b`));
    });
  }
});
