/**
 * The landlock tier: when it is taken, what it refuses, and that it enforces the rest, for the
 * caller's own files and programs. The attacks are those of tests/escape, which run against it too.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { compileC } from "../support/compile.ts";
import { callerName, callers } from "../support/paths.ts";
import { runSandbox, type SandboxRun } from "../support/sandbox.ts";
import { giveTo, type Scratch, scratch } from "../support/scratch.ts";

let withoutNamespaces: string;
beforeAll(async () => {
  withoutNamespaces = await compileC(join(import.meta.dir, "support", "without-namespaces.c"));
});

const TEST_MS = 60_000;

for (const uid of callers) {
  describe(`as ${callerName(uid)}`, () => {
    let folder: Scratch;
    const at = (...parts: string[]) => join(folder.path, ...parts);

    beforeAll(() => {
      folder = scratch(uid);
      for (const name of ["rw", "ro", "ro/inner", "outside"]) mkdirSync(at(name));
      writeFileSync(at("ro", "file"), "read me\n");
      writeFileSync(at("ro", "secret"), "hidden\n");
      writeFileSync(at("ro", "inner", "file"), "deep\n");
      writeFileSync(at("outside", "file"), "outside\n");
      writeFileSync(at("rw", "file"), "mine\n");
      symlinkSync(at("outside", "file"), at("rw", "link-out"));
      symlinkSync(at("outside"), at("rw", "folder-link-out"));
      chmodSync(at("outside", "file"), 0o640);
      giveTo(uid, folder.path);
    });
    afterAll(() => folder.remove());

    const run = (flags: readonly string[], script: string, more: Partial<SandboxRun> = {}) =>
      runSandbox({
        uid,
        flags: ["--tier=landlock", ...flags],
        argv: ["/bin/sh", "-c", script],
        cwd: folder.path,
        ...more,
      });
    const read = (...names: string[]) => `--allow-read=${names.map((name) => at(name)).join(",")}`;
    const write = (...names: string[]) =>
      `--allow-write=${names.map((name) => at(name)).join(",")}`;

    describe("where namespaces are forbidden", () => {
      const there = (flags: readonly string[], argv: readonly string[]) =>
        runSandbox({ uid, launcher: [withoutNamespaces], flags, argv });

      test("it is taken, and says so", async () => {
        const result = await there(
          ["--debug"],
          ["/bin/sh", "-c", 'echo "$TMPDIR"; cat /proc/1/cmdline'],
        );
        expect(result.stdout).toMatch(/^\S+\/mxc-[\w-]{16}\n$/);
        expect(result.exitCode).toBe(1);
        expect(result.stderr).toContain("tier landlock");
      });

      test("not where namespaces are insisted on", async () => {
        const result = await there(["--tier=namespace"], ["/bin/true"]);
        expect(result.exitCode).toBe(255);
        expect(result.stderr).toContain("namespaces");
      });

      test.each([
        [["--allow-net=192.0.2.1", "--allow-listen"], "network.ingress"],
        [
          [
            "--config-base64",
            btoa(
              '{"version":"1.0.0","process":{"commandLine":"true"},"extensions":{"limits":{"diskMb":5}}}',
            ),
          ],
          "extensions.limits.diskMb",
        ],
      ])("%p is refused, with the field and why", async (flags, field) => {
        const result = await there(flags as string[], ["/bin/true"]);
        expect(result.exitCode).toBe(255);
        expect(result.stderr).toContain(`error: ${field}: `);
        expect(result.stderr).toContain("namespaces cannot be had on this host (EPERM)");
      });
    });

    describe("files", () => {
      test("a denial or a read-only part where it may write is refused", async () => {
        for (const flags of [
          [write("rw"), `--deny=${at("rw", "file")}`],
          [write("."), `--deny-write=${at("ro")}`],
        ]) {
          const result = await run(flags, "true");
          expect(result.exitCode).toBe(255);
          expect(result.stderr).toContain("in the landlock tier");
        }
      });

      test("a denied file in a read grant: the others can be read, the folder listed", async () => {
        const result = await run(
          [read("ro"), `--deny=${at("ro", "secret")}`],
          "ls ro; cat ro/file ro/inner/file; cat ro/secret",
        );
        expect(result.stdout).toBe("file\ninner\nsecret\nread me\ndeep\n");
        expect(result.stderr).toContain("Permission denied");
        expect(result.exitCode).toBe(1);
      });

      test("a denied folder in a read grant can neither be listed nor read", async () => {
        const result = await run(
          [read("ro"), `--deny=${at("ro", "inner")}`],
          "cat ro/file; ls ro/inner; cat ro/inner/file; ls ro",
        );
        expect(result.stdout).toBe("read me\n");
      });

      test("what it writes, moves, links and removes in a grant", async () => {
        const script = `cd rw && mkdir -p a/b && echo x > a/b/c && mv a/b/c a/d && ln a/d a/e &&
          ln -s d a/f && cat a/e a/f && chmod 600 a/d && touch -d '2001-02-03 04:05:06' a/d &&
          truncate -s 1 a/d && stat -c '%a %Y %s' a/e && mkfifo a/g && cp -p a/d a/h && tar cf a.tar a &&
          mkdir t && tar xf a.tar -C t && diff -r a/h t/a/h && rm -r a t a.tar && ls`;
        const result = await run([write("rw")], `export TZ=UTC; ${script}`);
        expect(result.stderr).toBe("");
        expect(result.stdout).toMatch(/^x\nx\n600 \d+ 1\nfile\nfolder-link-out\nlink-out\n$/);
        expect(result.exitCode).toBe(0);
      });

      test("nothing outside, by whatever way", async () => {
        const before = statSync(at("outside", "file"));
        const script = `cat rw/link-out; cat rw/folder-link-out/file; echo x > rw/link-out
          chmod 666 rw/link-out; chmod 777 rw/folder-link-out; chmod 666 rw/../outside/file
          touch -d 2001-01-01 rw/link-out; touch outside/file outside/new
          ln outside/file rw/stolen; ln ro/file rw/stolen; mv ro/file rw/; mv rw/file outside/
          truncate -s 0 outside/file; rm outside/file; mkdir outside/x; ln -s / outside/y
          exec 5< ro/file; chmod 666 /proc/self/fd/5; python3 -c 'import os
try: os.fchmod(5, 0o666); print("fchmod worked")
except PermissionError: pass
try: os.utime(5, (1, 1)); print("utime worked")
except PermissionError: pass
try: os.setxattr("ro/file", "user.x", b"x"); print("xattr worked")
except OSError: pass
for path in ("outside/file", "ro/file"):
    fd = os.open(path, 3)
    for call in (lambda: os.fchmod(fd, 0o666), lambda: os.utime(fd, (1, 1)), lambda: os.ftruncate(fd, 0)):
        try: call(); print("mode 3 worked")
        except OSError: pass
import fcntl, struct
flags = bytearray(8)
fcntl.ioctl(5, 0x80086601, flags)
try: fcntl.ioctl(5, 0x40086602, struct.pack("l", struct.unpack("l", flags)[0] ^ 0x40)); print("flags worked")
except OSError: pass
for f in ("outside/file", 5):
    try: os.chown(f, os.getuid(), os.getgid()); print("chown worked")
    except OSError: pass'`;
        const result = await run([write("rw"), read("ro")], script);
        expect(result.stdout).toBe("");
        const after = statSync(at("outside", "file"));
        expect([after.mode, after.mtimeMs, after.size, after.nlink]).toEqual([
          before.mode,
          before.mtimeMs,
          before.size,
          1,
        ]);
        expect(readdirSync(at("outside"))).toEqual(["file"]);
        expect(statSync(at("ro", "file")).mode & 0o777).toBe(0o644);
        expect(readdirSync(at("rw")).sort()).toEqual(["file", "folder-link-out", "link-out"]);
      });

      test("a folder that is swapped for a link while modes are set", async () => {
        const script = `import os, threading
os.mkdir("rw/d"); open("rw/d/file", "w").close(); stop = False
def swap():
    while not stop:
        os.rename("rw/d", "rw/e"); os.symlink("../outside", "rw/d"); os.unlink("rw/d"); os.rename("rw/e", "rw/d")
thread = threading.Thread(target=swap); thread.start()
good = 0
for _ in range(3000):
    try: os.chmod("rw/d/file", 0o666); good += 1
    except OSError: pass
stop = True; thread.join()
import shutil; shutil.rmtree("rw/d"); print(good > 0)`;
        const result = await run([write("rw")], "", { argv: ["python3", "-c", script] });
        expect(result.stderr).toBe("");
        expect(result.stdout).toBe("True\n");
        expect(statSync(at("outside", "file")).mode & 0o777).toBe(0o640);
      });

      test("the temporary folder goes, whatever is in it", async () => {
        const script = `import os
os.chdir(os.environ["TMPDIR"])
print(os.getcwd())
for i in range(300):
    os.mkdir("d" * 100); os.chdir("d" * 100)
os.chdir(os.environ["TMPDIR"])
for i in range(2000): open(f"f{i}", "w").close()
os.mkdir("closed"); open("closed/x", "w").close(); os.chmod("closed", 0)
os.symlink("/", "root"); os.mkfifo("fifo")`;
        const result = await run([], "", { argv: ["python3", "-c", script] });
        expect(result.stderr).toBe("");
        const path = result.stdout.trim();
        expect(path).toContain("/mxc-");
        expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined();
      });
    });

    describe("processes", () => {
      test("signals reach its own, none outside", async () => {
        const outside = Bun.spawn([
          "setpriv",
          "--reuid",
          String(uid),
          "--clear-groups",
          "sleep",
          "60",
        ]);
        const result = await run(
          [],
          `sleep 60 & kill -TERM $!; wait $!; echo $?; kill -0 ${outside.pid} || echo refused
           kill -0 ${process.pid} || echo refused; (sleep 60 & kill -9 0); echo after`,
        );
        expect(result.stdout).toBe("143\nrefused\nrefused\n");
        expect(result.exitCode).toBe(137);
        expect(outside.exitCode).toBeNull();
        outside.kill();
        await outside.exited;
      });

      test("/proc tells of itself and of nobody else", async () => {
        const result = await run(
          [],
          `cat /proc/self/comm /proc/$PPID/cmdline /proc/1/status /proc/self/mountinfo /proc/self/net/tcp 2>/dev/null
           ls /proc 2>/dev/null; head -c 5 /proc/meminfo`,
          {},
        );
        expect(result.stdout).toBe("MemTo");
        const own = await run([], "", { argv: ["/bin/cat", "/proc/self/comm"] });
        expect(own.stdout).toBe("cat\n");
      });
    });

    test.each([
      [
        "git",
        "git init -q x && cd x && git config user.name a && git config user.email a@b && echo 1 > f && git add f && git commit -qm m && git status --short && git log --format=%s",
        "m\n",
      ],
      [
        "python",
        `python3 -c 'import tempfile, subprocess, multiprocessing.pool; f = tempfile.NamedTemporaryFile(); print(subprocess.run(["echo", "ok"], capture_output=True).stdout)'`,
        "b'ok\\n'\n",
      ],
      [
        "a compiler",
        "printf 'all: a\\n' > Makefile; printf 'int main(){return 0;}' > a.c; make -s a && ./a && echo built",
        "built\n",
      ],
      [
        "node",
        'node -e \'require("fs").writeFileSync("n", "x"); console.log(require("os").cpus().length > 0)\'',
        "true\n",
      ],
    ])(
      "%s works",
      async (_, script, stdout) => {
        mkdirSync(at("work"), { recursive: true });
        giveTo(uid, at("work"));
        const result = await run(
          [write("work"), "--allow-read=/usr/include"],
          `cd work && export HOME=$PWD && ${script}`,
        );
        expect(result.stderr).toBe("");
        expect(result.stdout).toBe(stdout as string);
      },
      TEST_MS,
    );

    test("the plan prints its rules, and needs no namespace", async () => {
      const plan = Bun.spawnSync([
        ...["setpriv", "--reuid", String(uid), "--clear-groups"],
        ...[
          join(import.meta.dir, "..", "..", "dist", "mxc"),
          "plan",
          "--tier=landlock",
          "--",
          "true",
        ],
      ]);
      expect(`${plan.stdout}`).toContain("bubblewrap, tier landlock");
      expect(`${plan.stdout}`).toContain("Landlock: everything below");
    });
  });
}
