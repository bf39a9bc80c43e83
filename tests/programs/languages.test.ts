/** Language runtimes unmodified: Python, Node.js, a C toolchain with make, git. */

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { callers } from "../support/paths.ts";
import { runSandbox, type SandboxRun } from "../support/sandbox.ts";
import { giveTo, scratch } from "../support/scratch.ts";
import { named } from "../support/skip.ts";
import { findTool } from "../support/tools.ts";

setDefaultTimeout(300_000);

const node = findTool("node");
const git = findTool("git");
const gcc = findTool("gcc");
const make = findTool("make");
const python = "/usr/bin/python3";

describe.each([...callers])("as %d", (uid) => {
  const output = async (run: SandboxRun) => {
    const result = await runSandbox({ uid, limitMs: 200_000, ...run });
    if (result.exitCode !== 0)
      throw new Error(`exit ${result.exitCode ?? result.signal}\n${result.stdout}${result.stderr}`);
    return result.stdout;
  };
  const py = (script: string, flags: readonly string[] = []) =>
    output({ argv: [python, "-c", script], flags });

  test("python: multiprocessing with pools, queues, shared memory and locks", async () => {
    const script = `
import multiprocessing as mp
from multiprocessing import shared_memory
def square(x): return x * x
if __name__ == "__main__":
    with mp.Pool(4) as pool: print(sum(pool.map(square, range(1000))))
    queue = mp.Queue(); lock = mp.Lock(); value = mp.Value("i", 0)
    def work():
        for _ in range(100):
            with lock: value.value += 1
        queue.put("done")
    workers = [mp.Process(target=work) for _ in range(4)]
    [w.start() for w in workers]; [queue.get() for _ in workers]; [w.join() for w in workers]
    print(value.value)
    memory = shared_memory.SharedMemory(create=True, size=1000); memory.buf[0] = 7
    other = shared_memory.SharedMemory(name=memory.name); print(other.buf[0])
    other.close(); memory.close(); memory.unlink()
`;
    expect(await py(script)).toBe("332833500\n400\n7\n");
  });

  test("python: sqlite3 with WAL in a writable grant", async () => {
    const folder = scratch(uid);
    const script = `
import sqlite3
db = sqlite3.connect("${folder.path}/data.db")
print(db.execute("pragma journal_mode=wal").fetchone()[0])
db.execute("create table t (n integer)")
with db: db.executemany("insert into t values (?)", [(n,) for n in range(10000)])
print(db.execute("select count(*), sum(n) from t").fetchone()); db.close()
`;
    expect(await py(script, [`--allow-write=${folder.path}`])).toBe("wal\n(10000, 49995000)\n");
    folder.remove();
  });

  test("python: threads, asyncio subprocesses, loopback server, temporary files, ssl", async () => {
    const script = `
import asyncio, concurrent.futures, http.server, ssl, tempfile, threading, urllib.request
with concurrent.futures.ThreadPoolExecutor(32) as pool: print(sum(pool.map(lambda n: n, range(500))))
async def main():
    child = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
    out, _ = await child.communicate(b"piped"); print(out.decode(), child.returncode)
    children = [await asyncio.create_subprocess_shell(f"exit {n}") for n in range(5)]
    print([await child.wait() for child in children])
asyncio.run(main())
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(200); self.end_headers(); self.wfile.write(b"served")
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/").read().decode()); server.shutdown()
with tempfile.NamedTemporaryFile() as file: file.write(b"x"); print(file.name.startswith("/tmp/"))
ssl.create_default_context(); print("ssl")
`;
    expect(await py(script)).toBe("124750\npiped 0\n[0, 1, 2, 3, 4]\nserved\nTrue\nssl\n");
  });

  test("python: a virtual environment, offline", async () => {
    const folder = scratch(uid);
    const out = await output({
      flags: [`--allow-write=${folder.path}`],
      argv: [
        "/bin/sh",
        "-ec",
        `cd ${folder.path}; ${python} -m venv --without-pip v; v/bin/python -c 'import sys; print(sys.prefix)'`,
      ],
    });
    expect(out).toBe(`${folder.path}/v\n`);
    folder.remove();
  });

  test.skipIf(node === undefined)(
    named(
      "node: child processes, workers, files, timers, crypto, loopback",
      node === undefined ? "needs node" : undefined,
    ),
    async () => {
      const folder = scratch(uid);
      const program = join(folder.path, "program.mjs");
      writeFileSync(
        program,
        `
import { execFileSync, spawn, fork } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { watch, writeFileSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createServer, get } from "node:http";
import { Worker, isMainThread, parentPort } from "node:worker_threads";
import { fileURLToPath } from "node:url";
const self = fileURLToPath(import.meta.url);
if (!isMainThread) { parentPort.postMessage(6 * 7); }
else if (process.argv[2] === "child") { process.send("from the child"); process.disconnect(); }
else {
  console.log(execFileSync("echo", ["sync"]).toString().trim());
  const cat = spawn("cat"); cat.stdin.end("spawned"); let text = "";
  for await (const piece of cat.stdout) text += piece; console.log(text);
  console.log(await new Promise((done) => fork(self, ["child"]).on("message", done)));
  console.log(await new Promise((done) => new Worker(self).on("message", done)));
  const folder = await mkdtemp("/tmp/node-"); const file = folder + "/file";
  writeFileSync(file, "1");
  const changed = new Promise((done) => { const w = watch(folder, () => { w.close(); done("watched"); }); });
  setTimeout(() => writeFile(file, "2"), 20); console.log(await changed);
  console.log((await readFile(file, "utf8")).length, randomBytes(8).length, createHash("md5").update("x").digest("hex").slice(0, 4));
  const server = createServer((_, answer) => answer.end("served")).listen(0, "127.0.0.1", () =>
    get({ port: server.address().port, host: "127.0.0.1" }, async (answer) => { let t = ""; for await (const p of answer) t += p; console.log(t); server.close(); }));
}
`,
      );
      giveTo(uid, program);
      const out = await output({
        flags: [...(node?.grants ?? []), `--allow-read=${folder.path}`],
        argv: [node?.path ?? "", program],
      });
      expect(out).toBe("sync\nspawned\nfrom the child\n42\nwatched\n1 8 9dd4\nserved\n");
      folder.remove();
    },
  );

  test.skipIf(git === undefined)(
    named(
      "git: init, commit, branch, merge, clone of a local repository, gc",
      git === undefined ? "needs git" : undefined,
    ),
    async () => {
      const folder = scratch(uid);
      const out = await output({
        flags: [
          ...(git?.grants ?? []),
          `--allow-write=${folder.path}`,
          "--env=HOME=/tmp",
          "--env=GIT_CONFIG_NOSYSTEM=1",
        ],
        argv: [
          "/bin/bash",
          "-ec",
          `cd ${folder.path}
        git config --global user.email t@example.org; git config --global user.name T; git config --global init.defaultBranch main
        git init -q one; cd one; for i in $(seq 1 50); do echo $i > file$i; done; git add .; git commit -qm first
        git checkout -qb side; echo side > side; git add side; git commit -qm second; git checkout -q main
        echo main > main; git add main; git commit -qm third; git merge -q side -m merged; git gc -q
        cd ..; git clone -q one two; git clone -q --no-local one three; git -C two log --oneline | wc -l; git -C three status --short | wc -l
        git -C three fsck --no-progress && ls three | wc -l`,
        ],
      });
      expect(out).toBe("4\n0\n52\n");
      folder.remove();
    },
  );

  const noBuild = gcc === undefined || make === undefined ? "needs gcc and make" : undefined;
  test.skipIf(noBuild !== undefined)(
    named("gcc and make build and run a small project", noBuild),
    async () => {
      const folder = scratch(uid);
      writeFileSync(
        join(folder.path, "Makefile"),
        "CFLAGS=-O2 -g\nOBJECTS=$(patsubst %.c,%.o,$(wildcard *.c))\nprogram: $(OBJECTS)\n\t$(CC) -o $@ $^ -lm -lpthread\nclean:\n\trm -f program $(OBJECTS)\n",
      );
      writeFileSync(
        join(folder.path, "main.c"),
        '#include <math.h>\n#include <pthread.h>\n#include <stdio.h>\nint part(int);\nstatic void *work(void *p) { *(int *)p = part(*(int *)p); return 0; }\nint main(void) { int v[4]; pthread_t t[4]; for (int i = 0; i < 4; i++) { v[i] = i; pthread_create(&t[i], 0, work, &v[i]); } int s = 0; for (int i = 0; i < 4; i++) { pthread_join(t[i], 0); s += v[i]; } printf("%d %.0f\\n", s, sqrt(81.0)); return 0; }\n',
      );
      writeFileSync(join(folder.path, "part.c"), "int part(int n) { return n * n; }\n");
      giveTo(uid, folder.path);
      const include = ["/usr/include"].map((path) => `--allow-read=${path}`);
      const out = await output({
        flags: [
          ...(gcc?.grants ?? []),
          ...(make?.grants ?? []),
          ...include,
          `--allow-write=${folder.path}`,
          `--cwd=${folder.path}`,
        ],
        argv: [
          "/bin/sh",
          "-ec",
          "make -s -j2 program; ./program; make -s clean; ls | tr '\\n' ' '",
        ],
      });
      expect(out).toBe("14 9\nMakefile main.c part.c ");
      folder.remove();
    },
  );
});

test("what these tests need is there", () => {
  // Printed by name, so that a skip has its reason.
  const missing = Object.entries({ node, git, gcc, make })
    .filter(([, tool]) => tool === undefined)
    .map(([name]) => name);
  if (missing.length > 0) console.log(`skipped, not installed: ${missing.join(", ")}`);
  expect(Bun.which("python3")).not.toBeNull();
});
