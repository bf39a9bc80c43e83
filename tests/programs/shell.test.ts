// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the shell's

/** Shells and the classic tools: pipelines, job control, here-documents, text, archives, files. */

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { callers } from "../support/paths.ts";
import { runSandbox } from "../support/sandbox.ts";
import { scratch } from "../support/scratch.ts";

setDefaultTimeout(300_000);

describe.each([...callers])("as %d", (uid) => {
  const bash = async (script: string, flags: readonly string[] = []) => {
    const result = await runSandbox({ uid, flags, argv: ["/bin/bash", "-c", script] });
    if (result.exitCode !== 0 || result.stderr !== "") {
      throw new Error(`exit ${result.exitCode ?? result.signal}\n${result.stdout}${result.stderr}`);
    }
    return result.stdout;
  };

  test("pipelines, substitutions and here-documents", async () => {
    expect(await bash("seq 1 1000 | grep 7 | sort -rn | head -3 | tr '\\n' ' '")).toBe(
      "997 987 979 ",
    );
    expect(await bash("diff <(seq 1 5) <(seq 1 5) && echo same")).toBe("same\n");
    expect(await bash("cat <<END\nhello $((1+1))\nEND\ncat <<< word")).toBe("hello 2\nword\n");
    expect(
      await bash(
        "set -o pipefail; false | true; echo $?; exec 5<>/tmp/file; echo x >&5; cat /tmp/file",
      ),
    ).toBe("1\nx\n");
    expect(
      await bash("coproc cat; echo hi >&${COPROC[1]}; read -r line <&${COPROC[0]}; echo got $line"),
    ).toBe("got hi\n");
  });

  test("job control: background, wait, stop and continue", async () => {
    const out = await bash(`set -m; exec 2>/tmp/messages # bash tells about its jobs there
      sleep 0.05 & sleep 0.05 & wait; echo waited
      sleep 5 & kill -STOP %1; sleep 0.05; jobs %1 | grep -c Stopped; kill -CONT %1; kill %1; wait %1 2>/dev/null; echo $?`);
    expect(out.replace(/^\[.*\n/gm, "")).toBe("waited\n1\n143\n");
  });

  test("an interactive bash on a terminal of its own has job control", async () => {
    const result = await runSandbox({
      uid,
      argv: [
        "/usr/bin/python3",
        "-c",
        `
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execv("/bin/bash", ["bash", "--norc", "--noprofile", "-i"])
def say(text): os.write(fd, text.encode()); time.sleep(0.2)
say("PS1=\\n"); say("sleep 20\\n"); say("\\x1a"); say("jobs\\n"); say("kill %1; fg >/dev/null 2>&1; echo end $((40+2))\\n"); say("exit\\n")
out = b""
try:
    while True:
        piece = os.read(fd, 4096)
        if not piece: break
        out += piece
except OSError: pass
os.waitpid(pid, 0)
text = out.decode()
print("Stopped" in text, "end 42" in text, "no job control" in text)
`,
      ],
    });
    expect(result.stdout).toBe("True True False\n");
  });

  test("perl, sed, awk, sort, find, xargs, tar, gzip, bc of the coreutils kind", async () => {
    expect(await bash("perl -e 'print join(q{,}, map { $_ ** 2 } 1..5), qq{\\n}'")).toBe(
      "1,4,9,16,25\n",
    );
    expect(
      await bash("perl -e 'my $p = fork; if (!$p) { exit 3 } waitpid $p, 0; print $? >> 8'"),
    ).toBe("3");
    expect(await bash("printf 'b 2\\na 1\\n' | sort | awk '{ s += $2 } END { print NR, s }'")).toBe(
      "2 3\n",
    );
    expect(await bash("echo hello | sed -E 's/(l+)/<\\1>/'")).toBe("he<ll>o\n");
    expect(
      await bash(
        "cd /tmp; mkdir -p d/e; echo x > d/e/f; tar czf a.tgz d; rm -r d; tar xzf a.tgz; cat d/e/f; find d -type f | xargs -n1 basename",
      ),
    ).toBe("x\nf\n");
    expect(await bash("cd /tmp; seq 1 200000 | shuf | sort -n -S 1M --parallel=2 | tail -1")).toBe(
      "200000\n",
    );
  });

  test("tar keeps modes, links and times in a writable grant", async () => {
    const folder = scratch(uid);
    const out = await bash(
      `cd ${folder.path}; mkdir a; echo 1 > a/one; ln -s one a/link; ln a/one a/hard; chmod 640 a/one; touch -d 2001-02-03 a/one
      tar cpf a.tar a; rm -r a; tar xpf a.tar; stat -c '%a %h %Y' a/one; readlink a/link`,
      [`--allow-write=${folder.path}`],
    );
    expect(out).toBe(`640 2 ${new Date("2001-02-03T00:00:00").getTime() / 1000}\none\n`);
    folder.remove();
  });

  test("files: locks, sparse files, fifos, mmap, renames, temporary files", async () => {
    const folder = scratch(uid);
    const out = await bash(
      `cd ${folder.path}; set -e
      truncate -s 1G sparse; stat -c %b sparse
      mkfifo pipe; (echo through > pipe) & cat pipe; wait
      flock lock -c 'echo locked'
      file=$(mktemp); echo t > $file; mv $file here; cat here
      cp --sparse=always sparse copy; cmp sparse copy && echo equal; rm sparse copy
      dd if=/dev/urandom of=data bs=1M count=8 status=none; sync data; stat -c %s data`,
      [`--allow-write=${folder.path}`],
    );
    expect(out).toBe("0\nthrough\nlocked\nt\nequal\n8388608\n");
    expect(readdirSync(folder.path).sort()).toEqual(["data", "here", "lock", "pipe"]);
    folder.remove();
  });

  // In full once: the number is the host file system's work, whoever the caller is.
  const count = uid === callers.at(-1) ? 100_000 : 20_000;

  test(`${count} small files are made, listed and removed in a writable grant`, async () => {
    const folder = scratch(uid);
    const script = `
import os, shutil
os.chdir("${folder.path}")
for folder in range(${count / 1000}):
    os.mkdir(str(folder))
    for file in range(1000):
        with open(f"{folder}/{file}", "w") as out: out.write(str(file))
print(sum(len(names) for _, _, names in os.walk(".")))
print(all(open(f"{folder}/{file}").read() == str(file) for folder in range(${count / 1000}) for file in range(1000)))
for folder in os.listdir("."): shutil.rmtree(folder)
print(os.listdir("."))
`;
    const result = await runSandbox({
      uid,
      flags: [`--allow-write=${folder.path}`],
      argv: ["/usr/bin/python3", "-c", script],
      limitMs: 280_000,
    });
    expect(result).toEqual({
      exitCode: 0,
      signal: null,
      stdout: `${count}\nTrue\n[]\n`,
      stderr: "",
    });
    folder.remove();
  });

  test("users, time, locale and the resolver's files look as on a host", async () => {
    expect(await bash("id -u; id -g")).toBe(`${uid}\n${uid}\n`);
    expect(Math.abs(Number(await bash("date +%s")) - Date.now() / 1000)).toBeLessThan(10);
    expect(
      await bash(
        "TZ=Asia/Tokyo date -d @0 +%H 2>&1; getent passwd root | cut -d: -f1; nproc | grep -c .",
      ),
    ).toBe("09\nroot\n1\n");
    expect(await bash("echo $PATH $TERM $PWD")).toMatch(/^\/usr\/local\/sbin:.* xterm-256color \//);
    expect(
      await bash(
        "test -e /dev/stdin -a -e /dev/fd/1 && (echo -n x > /dev/stdout) | cat && head -c 4 /dev/urandom | wc -c",
      ),
    ).toBe("x4\n");
  });
});
