/**
 * Inside a container with Docker's defaults, where nobody may make namespaces: the landlock tier is
 * found without being asked for, it refuses what the profile keeps it from enforcing, and the attacks
 * of tests/escape fail, as the container's root and as an ordinary user.
 */

import { expect, test } from "bun:test";
import { asUser, binaryFor, callerName, callers, repositoryRoot } from "../support/paths.ts";
import { named, needsRoot } from "../support/skip.ts";
import { runInContainer } from "./support/container.ts";

const TESTS_MS = 900_000;
const RUN_MS = 60_000;

const why = needsRoot("making such a container");
const forRoot = (name: string, body: () => void | Promise<void>, limitMs?: number) =>
  test.skipIf(why !== undefined)(named(name, why), body, limitMs);

for (const uid of callers) {
  forRoot(
    `the tier is found, and enforces (${callerName(uid)})`,
    async () => {
      const script =
        "id -u; touch /usr/x; cat /proc/1/comm; ls /tmp; cat /etc/shadow; echo kept > $TMPDIR/f; cat $TMPDIR/f";
      const { exitCode, output } = await runInContainer(
        [...asUser(uid), binaryFor(uid), "run", "--debug", "--", "sh", "-c", script],
        { cwd: "/", limitMs: RUN_MS },
      );
      expect(output).toContain("tier landlock");
      expect(output).toMatch(new RegExp(`^${uid}$`, "m"));
      for (const refused of ["/usr/x'", "/proc/1/comm", "'/tmp'", "/etc/shadow"]) {
        expect(output).toMatch(new RegExp(`${refused}.*Permission denied`));
      }
      expect(output).toMatch(/^kept$/m);
      expect(exitCode).toBe(0);
    },
    RUN_MS,
  );

  forRoot(
    `modes and times of its own files, of none else (${callerName(uid)})`,
    async () => {
      const script = `import os
os.chdir(os.environ["TMPDIR"])
with open("f", "w") as f: os.fchmod(f.fileno(), 0o600); os.utime(f.fileno(), (1, 1))
with open("f") as f: os.fchmod(f.fileno(), 0o640); os.utime(f.fileno(), (1, 2))
d = os.open(".", os.O_RDONLY); os.chmod("f", 0o604, dir_fd=d); os.mkdir("d"); os.chmod("d", 0o700)
s = os.stat("f"); print(oct(s.st_mode), s.st_mtime)
for path in ("/etc/hostname", "/usr/share"):
    fd = os.open(path, os.O_RDONLY)
    for call in (lambda: os.fchmod(fd, 0o777), lambda: os.utime(fd, (1, 1)), lambda: os.chmod(path, 0o777)):
        try: call(); print("worked on", path)
        except PermissionError: pass`;
      const { exitCode, output } = await runInContainer(
        [...asUser(uid), binaryFor(uid), "run", "--", "python3", "-c", script],
        { cwd: "/", limitMs: RUN_MS },
      );
      expect(output).toBe("0o100604 2.0\n");
      expect(exitCode).toBe(0);
    },
    RUN_MS,
  );

  forRoot(
    `a network by rules is refused, with the remedy (${callerName(uid)})`,
    async () => {
      const { exitCode, output } = await runInContainer(
        [...asUser(uid), binaryFor(uid), "run", "--allow-net=localhost:8001", "--", "echo", "ran"],
        { cwd: "/", limitMs: RUN_MS },
      );
      expect(output).toMatch(
        /^mxc: network: its rules cannot be enforced on this host: pidfd_getfd: EPERM\n {2}.*CAP_SYS_PTRACE.*\n$/,
      );
      expect(exitCode).toBe(255);
    },
    RUN_MS,
  );

  forRoot(
    `a network by rules, where the profile lets the broker work (${callerName(uid)})`,
    async () => {
      const serve = [8001, 8002].map(
        (port) => `python3 -m http.server --bind 127.0.0.1 --directory /usr/share ${port} &`,
      );
      const ask = (port: number) =>
        `curl -sS --retry 20 --retry-connrefused --retry-delay 1 -o /dev/null -w '${port} %{http_code}\\n' http://localhost:${port}/`;
      const inside = `${ask(8001)}; curl -sS http://localhost:8002/ || echo refused`;
      const words = [...asUser(uid), binaryFor(uid), "run", "--allow-net=localhost:8001"];
      const script = `exec 2>&1; ${serve.join(" ")} ${ask(8002)} && "$@"`;
      const { exitCode, output } = await runInContainer(
        ["sh", "-c", script, "sh", ...words, "--", "sh", "-c", inside],
        { cwd: "/", limitMs: RUN_MS, allowed: ["pidfd_getfd"] },
      );
      expect(output).toMatch(/^8002 200\n.*8001 200$/ms);
      expect(output).toMatch(/^refused$/m);
      expect(exitCode).toBe(0);
    },
    RUN_MS,
  );

  forRoot(
    `the doctor says what works and what would help (${callerName(uid)})`,
    async () => {
      const { output } = await runInContainer([...asUser(uid), binaryFor(uid), "doctor"], {
        cwd: "/",
        limitMs: RUN_MS,
      });
      expect(output).toMatch(
        /^absent +namespaces and private file systems: .* failed with errno 1/m,
      );
      expect(output).toMatch(/^absent +network by rules: pidfd_getfd/m);
      expect(output).toMatch(/^ok +bubblewrap: in the landlock tier/m);
    },
    RUN_MS,
  );
}

forRoot(
  "every attack of tests/escape",
  async () => {
    const { exitCode, output } = await runInContainer(
      [
        ...[process.execPath, "test", "--timeout=120000", "./tests/escape/escape.test.ts"],
        ...["-t", "in the landlock tier"],
      ],
      { cwd: repositoryRoot, limitMs: TESTS_MS },
    );
    if (exitCode !== 0) throw new Error(output.slice(-20_000));
    // As two callers.
    expect(Number(/^ *(\d+) pass$/m.exec(output)?.[1])).toBeGreaterThan(120);
  },
  TESTS_MS,
);
