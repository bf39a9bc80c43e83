/** Writes the generated files, or with `--check` says which are not current. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tierTable } from "../src/plan/tiers.ts";
import { ROOT, say, ZIG } from "./tools.ts";

const check = process.argv.includes("--check");
let stale = 0;

emit("src/native/abi.generated.ts", output([ZIG, "build", "abi"]));

emit("docs/tiers.md", withTable("docs/tiers.md", tierTable()));

const contract = join(ROOT, "scripts", "generate-contract.ts");
if (await Bun.file(contract).exists()) {
  const { exitCode } = Bun.spawnSync([process.execPath, contract, ...(check ? ["--check"] : [])], {
    cwd: ROOT,
    stdout: "inherit",
    stderr: "inherit",
  });
  if (exitCode !== 0) stale += 1;
}
process.exit(stale === 0 ? 0 : 1);

function output(command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { cwd: ROOT });
  if (exitCode !== 0) throw new Error(`${command.join(" ")} failed:\n${stderr.toString()}`);
  return stdout.toString();
}

/** The document with what stands between its markers replaced. */
function withTable(path: string, table: string): string {
  const [before, , after] = readFileSync(join(ROOT, path), "utf8").split(
    /<!-- table(?: ends)? -->\n/,
  );
  return `${before}<!-- table -->\n${table}\n<!-- table ends -->\n${after}`;
}

function emit(path: string, text: string): void {
  const file = join(ROOT, path);
  if (!check) {
    writeFileSync(file, text);
    say(path);
    return;
  }
  if (readFileSync(file, "utf8") === text) return;
  say(`${path} is not current: npm run generate`);
  stale += 1;
}
