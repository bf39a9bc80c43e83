/**
 * `npm test`: every check and every test, one closing line. A check that is a program of its own
 * counts as one; `--only NAME` runs those whose name contains NAME.
 */

import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT, say, ZIG } from "./tools.ts";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Check {
  readonly name: string;
  readonly command: readonly string[];
  /** bun:test folders report their own counts. */
  readonly junit?: boolean;
}

const bun = process.execPath;
/** Of one test; the guests boot and the builds compile within theirs. */
const TIMEOUT = "--timeout=120000";
const bin = (name: string) => join(ROOT, "node_modules", ".bin", name);

const CHECKS: readonly Check[] = [
  { name: "biome", command: [bin("biome"), "check", "--diagnostic-level=error"] },
  { name: "tsc", command: [bin("tsc"), "--noEmit"] },
  { name: "zig fmt", command: [ZIG, "fmt", "--check", "native", "build.zig"] },
  { name: "generated files", command: [bun, "scripts/generate.ts", "--check"] },
  { name: "zig test", command: [ZIG, "build", "test"] },
  { name: "fuzz", command: [bun, "scripts/fuzz.ts", "--runs=20000"] },
  { name: "build", command: [bun, "scripts/build.ts"] },
  { name: "unit tests", command: [bun, "test", TIMEOUT, "./src"], junit: true },
  // Never run natively here, so they run under emulation (tests/guest).
  {
    name: "cross build",
    command: [bun, "scripts/build.ts", ...(process.arch === "x64" ? ["mxc-linux-arm64"] : [])],
  },
  ...[
    "tidy",
    "fuzz",
    "contract",
    "plan",
    "build",
    "cli",
    "escape",
    "tier",
    "programs",
    "lifecycle",
    "network",
    "guest",
  ].map(
    (folder): Check => ({
      name: `tests/${folder}`,
      command: [bun, "test", TIMEOUT, `./tests/${folder}`],
      junit: true,
    }),
  ),
];

/** Those of XML. */
const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  amp: "&",
};

const only = process.argv.indexOf("--only");
const wanted = only < 0 ? undefined : process.argv[only + 1];
const reports = join(ROOT, ".tools", "reports");
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
/** A skipped test says in its name, or its group's, why (tests/support/skip.ts). */
const skippedTests: string[] = [];
for (const check of CHECKS) {
  if (wanted !== undefined && !check.name.includes(wanted)) continue;
  if (check.junit === true && !hasTests(check.command.at(-1) as string)) continue;
  say(`\n== ${check.name}`);
  const started = Date.now();
  const counts = runCheck(check);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  say(`== ${check.name}: ${summary(counts)} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
for (const name of skippedTests) say(`skipped: ${name}`);
console.log(`\n${summary(total)}`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);

function runCheck({ name, command, junit }: Check): Counts {
  const report = join(reports, `${name.replaceAll(/\W/g, "-")}.xml`);
  const words =
    junit === true ? [...command, "--reporter=junit", `--reporter-outfile=${report}`] : command;
  const { exitCode } = Bun.spawnSync([...words], {
    cwd: ROOT,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
  });
  if (junit !== true) {
    return { passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 };
  }
  const counts = readReport(report);
  // A crash of the runner, or an error outside a test, is a failure too.
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

function readReport(path: string): Counts {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const tests = /<testcase name="([^"]*)" classname="([^"]*)"[^>]*>\s*<skipped/g;
  for (const [, name = "", groups = ""] of text.matchAll(tests)) {
    // The innermost group comes first.
    const names = [...groups.split(" &gt; ").reverse(), name].filter((part) => part !== "");
    skippedTests.push(
      names.join(" > ").replace(/&(lt|gt|quot|apos|amp);/g, (_, key) => ENTITIES[key] ?? ""),
    );
  }
  const root = /<testsuites [^>]*>/.exec(text)?.[0] ?? "";
  const read = (name: string) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(root)?.[1] ?? 0);
  const failed = read("failures") + read("errors");
  const skipped = read("skipped");
  return { passed: read("tests") - failed - skipped, failed, skipped };
}

function hasTests(folder: string): boolean {
  if (!existsSync(join(ROOT, folder))) return false;
  for (const _ of new Bun.Glob("**/*.test.ts").scanSync(join(ROOT, folder))) return true;
  return false;
}

function summary({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
