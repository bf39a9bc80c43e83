/** Real programs as clients, unmodified: what is prepared for them, run, and expected. */

import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../support/paths.ts";
import type { Scratch } from "../support/scratch.ts";
import { findTool } from "../support/tools.ts";
import type { Case } from "./cases.ts";
import { putModules, pythonModules } from "./modules.ts";

export interface ClientCase extends Case {
  /** Programs of the host; without one of them the case is skipped. */
  readonly needs?: readonly string[];
  /** Modules of the host's /usr/bin/python3; the same. */
  readonly modules?: readonly string[];
}

/** What every client of a language is given: by name, by address, a closed port, a denied one. */
const FLAGS = ["--allow-net=api.test:80,9.9.9.10:7,9.9.9.10:81"];
const OUTCOME = "host=api.test\nhost=api.test\necho\nrefused\ndenied\n";

const node = `
const net = require("net"), http = require("http");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const get = () => new Promise((done, failed) => http.get("http://api.test/", { agent }, (answer) => {
  let text = ""; answer.on("data", (data) => text += data); answer.on("end", () => done(text));
}).on("error", failed));
const dial = (port, host, data) => new Promise((done) => {
  const socket = net.connect(port, host, () => data && socket.write(data));
  socket.on("data", (got) => { done(got.toString()); socket.destroy(); });
  socket.on("error", (error) => done({ ECONNREFUSED: "refused", EACCES: "denied" }[error.code] ?? error.code));
});
(async () => {
  process.stdout.write(await (await fetch("http://api.test/")).text());
  process.stdout.write(await get());
  await get();
  console.log(await dial(7, "9.9.9.10", "echo"));
  console.log(await dial(81, "9.9.9.10"));
  console.log(await dial(80, "9.9.9.11"));
  process.exit(0);
})();
`;

const go = `package main
import ("errors"; "fmt"; "io"; "net"; "net/http"; "syscall"; "time")
func dial(address string) string {
	connection, err := net.DialTimeout("tcp", address, 5*time.Second)
	if errors.Is(err, syscall.ECONNREFUSED) { return "refused" }
	if errors.Is(err, syscall.EACCES) { return "denied" }
	if err != nil { return err.Error() }
	connection.Write([]byte("echo"))
	data := make([]byte, 4)
	io.ReadFull(connection, data)
	return string(data)
}
func main() {
	for i := 0; i < 2; i++ {
		answer, err := http.Get("http://api.test/")
		if err != nil { fmt.Println(err); continue }
		text, _ := io.ReadAll(answer.Body)
		fmt.Print(string(text))
	}
	fmt.Println(dial("9.9.9.10:7"))
	fmt.Println(dial("9.9.9.10:81"))
	fmt.Println(dial("9.9.9.11:80"))
}
`;

const rust = `
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;
fn get() -> String {
    let mut stream = TcpStream::connect("api.test:80").unwrap();
    stream.write_all(b"GET / HTTP/1.1\\r\\nHost: api.test\\r\\nConnection: close\\r\\n\\r\\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.split("\\r\\n\\r\\n").nth(1).unwrap().to_string()
}
fn dial(address: &str) -> String {
    let target = address.to_socket_addrs().unwrap().next().unwrap();
    match TcpStream::connect_timeout(&target, Duration::from_secs(5)) {
        Ok(mut stream) => {
            stream.write_all(b"echo").unwrap();
            let mut data = [0; 4];
            stream.read_exact(&mut data).unwrap();
            String::from_utf8(data.to_vec()).unwrap()
        }
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => "refused".into(),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => "denied".into(),
        Err(error) => error.to_string(),
    }
}
fn main() {
    print!("{}{}", get(), get());
    for address in ["9.9.9.10:7", "9.9.9.10:81", "9.9.9.11:80"] { println!("{}", dial(address)); }
}
`;

const java = `
import java.net.*; import java.net.http.*;
public class Client {
  static String dial(String host, int port) throws Exception {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(host, port), 5000);
      socket.getOutputStream().write("echo".getBytes());
      return new String(socket.getInputStream().readNBytes(4));
    } catch (SocketException error) {
      if (error.getMessage().contains("refused")) return "refused";
      if (error.getMessage().contains("ermission")) return "denied";
      return error.toString();
    }
  }
  public static void main(String[] words) throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    HttpRequest request = HttpRequest.newBuilder(URI.create("http://api.test/")).build();
    for (int i = 0; i < 2; i++) System.out.print(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
    System.out.println(dial("9.9.9.10", 7));
    System.out.println(dial("9.9.9.10", 81));
    System.out.println(dial("9.9.9.11", 80));
    System.exit(0);
  }
}
`;

const bulk = (host: string) => `
import hashlib, os, socket, threading
s = socket.create_connection(("${host}", 7)); data = os.urandom(1 << 20) * 50
def send():
  s.sendall(data); s.shutdown(socket.SHUT_WR)
t = threading.Thread(target=send); t.start(); got = hashlib.sha256(); size = 0
while piece := s.recv(1 << 16): got.update(piece); size += len(piece)
t.join(); print(size, got.digest() == hashlib.sha256(data).digest())
`;

const parallel = `
import resource, socket
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(7)[1],) * 2)
socket.getaddrinfo("four.test", 80)
held = [socket.create_connection(("four.test", 80)) for _ in range(1000)]
for s in held: s.send(b"GET / HTTP/1.1\\r\\nHost: four.test\\r\\n\\r\\n")
print(sum(b" 200 " in s.recv(4096) for s in held))
`;

const selectors = `
import select, socket
def start():
  s = socket.socket(); s.setblocking(False); return s
for how in ("before", "after", "edge", "poll", "select"):
  s = start()
  if how == "before": e = select.epoll(); e.register(s, select.EPOLLOUT)
  if how == "edge": e = select.epoll(); e.register(s, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
  s.connect_ex(("9.9.9.10", 7))
  if how == "after": e = select.epoll(); e.register(s, select.EPOLLOUT)
  if how == "poll":
    p = select.poll(); p.register(s, select.POLLOUT); ready = bool(p.poll(5000))
  elif how == "select": ready = bool(select.select([], [s], [], 5)[1])
  else: ready = e.poll(5)[0][0] == s.fileno()
  s.setblocking(True); s.send(b"x"); print(how, ready, s.getsockopt(1, 4), s.recv(1))
`;

const wheel = `
import base64, hashlib, sys, zipfile
files = {"demo.py": b"print('installed')\\n", "demo-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\\nName: demo\\nVersion: 1.0\\n",
  "demo-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"}
record = "".join(f"{n},sha256={base64.urlsafe_b64encode(hashlib.sha256(d).digest()).rstrip(b'=').decode()},{len(d)}\\n" for n, d in files.items())
with zipfile.ZipFile(sys.argv[1], "w") as z:
  for n, d in files.items(): z.writestr(n, d)
  z.writestr("demo-1.0.dist-info/RECORD", record + "demo-1.0.dist-info/RECORD,,\\n")
`;

function python(name: string, net: string, code: string, stdout: string): ClientCase {
  return { name, flags: [`--allow-net=${net}`], argv: ["python3", "-c", code], stdout };
}

/** A tool by its own path and what it needs of the host. */
function tool(name: string, net: readonly string[], ...words: readonly string[]) {
  const found = findTool(name);
  const grants = (found?.grants ?? []).map((grant) => `${grant},FOLDER`);
  return {
    needs: [name],
    flags: [...net, ...grants, "--env=HOME=/tmp"],
    argv: [found?.path ?? name, ...words],
  };
}

export const programs: readonly ClientCase[] = [
  { name: "node", ...tool("node", FLAGS, "-e", node), stdout: OUTCOME },
  {
    name: "bun",
    flags: FLAGS,
    argv: ["FOLDER/bun", "FOLDER/node.cjs"],
    stdout: OUTCOME,
  },
  {
    name: "a Go program",
    needs: ["go"],
    flags: FLAGS,
    argv: ["FOLDER/go-client"],
    stdout: OUTCOME,
  },
  {
    name: "a Rust program",
    needs: ["rustc"],
    flags: FLAGS,
    argv: ["FOLDER/rust-client"],
    stdout: OUTCOME,
  },
  {
    name: "Java's HttpClient",
    ...tool("java", FLAGS, "-Xshare:auto", "-cp", "FOLDER", "Client"),
    needs: ["java", "javac"],
    stdout: OUTCOME,
  },
  {
    name: "wget",
    ...tool("wget", ["--allow-net=api.test:80"], "-q", "-O", "-", "http://api.test/"),
    stdout: "host=api.test\n",
  },
  {
    name: "git over HTTP",
    flags: ["--allow-net=four.test:80", "--env=HOME=/tmp"],
    argv: [
      "sh",
      "-c",
      "cd /tmp && git clone -q http://four.test/files/demo.git && cat demo/README",
    ],
    needs: ["git"],
    stdout: "a repository\n",
  },
  {
    name: "pip from an index of its own",
    flags: ["--allow-net=four.test:80", "--env=HOME=/tmp"],
    argv: [
      "sh",
      "-c",
      "/usr/bin/python3 -m venv /tmp/venv && /tmp/venv/bin/pip install -q --disable-pip-version-check --index-url http://four.test/files/simple/ --trusted-host four.test demo && /tmp/venv/bin/python -m demo",
    ],
    stdout: "installed\n",
  },
  {
    name: "apt-get from a repository of its own",
    flags: ["--allow-net=four.test:80", "--env=HOME=/tmp"],
    argv: [
      "sh",
      "-c",
      `mkdir -p /tmp/apt/lists /tmp/apt/cache /tmp/apt/parts && cd /tmp/apt && : > status &&
      echo 'deb [trusted=yes] http://four.test/files/apt ./' > sources &&
      set -- -q -o APT::Sandbox::User=root -o Dir::Etc::SourceList=/tmp/apt/sources -o Dir::Etc::SourceParts=/tmp/apt/parts \\
        -o Dir::State=/tmp/apt -o Dir::State::Lists=/tmp/apt/lists -o Dir::State::Status=/tmp/apt/status -o Dir::Cache=/tmp/apt/cache &&
      apt-get "$@" update >&2 && apt-get "$@" download demo >&2 && cat demo_1.0_all.deb`,
    ],
    needs: ["apt-get"],
    stdout: "not much of a package\n",
  },
  {
    name: "npm from a registry of its own",
    flags: ["--allow-net=four.test:80", "--env=HOME=/tmp"],
    argv: [
      "sh",
      "-c",
      "cd /tmp && npm install --silent --no-audit --no-fund --registry http://four.test/files/npm/ demo >&2 && cat node_modules/demo/index.js",
    ],
    needs: ["npm", "node"],
    stdout: "a package\n",
  },
  {
    name: "curl, IPv6",
    flags: ["--allow-net=api.test:80"],
    argv: ["curl", "-6", "-sS", "-m", "10", "http://api.test/"],
    stdout: "host=api.test\n",
  },
  {
    name: "curl, HTTP/2 over TLS",
    flags: ["--allow-net=api.test:443"],
    argv: [
      "curl",
      "--http2",
      "-sS",
      "-m",
      "10",
      "--cacert",
      "FOLDER/certificate.pem",
      "https://api.test/",
    ],
    stdout: "host=api.test\n",
  },
  {
    name: "curl's own limit of a connect to a silent server",
    flags: ["--allow-net=9.9.9.99"],
    argv: ["curl", "-sS", "--connect-timeout", "1", "http://9.9.9.99/"],
    code: 28,
  },
  {
    name: "curl, a closed port",
    flags: ["--allow-net=four.test:81"],
    argv: ["curl", "-sS", "-m", "5", "http://four.test:81/"],
    code: 7,
  },
  python("50 MB both ways by address", "9.9.9.10:7", bulk("9.9.9.10"), "52428800 True\n"),
  python("50 MB both ways by name", "four.test:7", bulk("four.test"), "52428800 True\n"),
  python("a thousand connections by name", "four.test:80", parallel, "1000\n"),
  python(
    "epoll, poll and select around a connect",
    "9.9.9.10:7",
    selectors,
    ["before", "after", "edge", "poll", "select"].map((how) => `${how} True 0 b'x'\n`).join(""),
  ),
];

const modulesFound = new Map<string, boolean>();

function hasModule(name: string): boolean {
  const known = modulesFound.get(name);
  if (known !== undefined) return known;
  const { exitCode } = Bun.spawnSync(["/usr/bin/python3", "-c", `import ${name}`], {
    env: { ...process.env, PYTHONPATH: pythonModules() ?? "" },
    stderr: "ignore",
  });
  modulesFound.set(name, exitCode === 0);
  return exitCode === 0;
}

export function isMissing({ needs, modules }: ClientCase): boolean {
  return (
    (needs ?? []).some((name) => findTool(name) === undefined) || !(modules ?? []).every(hasModule)
  );
}

function run(words: readonly string[], cwd: string): void {
  const { exitCode, stderr } = Bun.spawnSync([...words], {
    cwd,
    env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", CGO_ENABLED: "0", GOFLAGS: "-mod=mod" },
    stdout: "ignore",
    stderr: "pipe",
  });
  if (exitCode !== 0) throw new Error(`${words.join(" ")}: ${stderr}`);
}

/** Compiles the clients and lays out what the servers serve below /files/. */
export function preparePrograms(folder: Scratch): void {
  const granted = join(folder.path, "granted");
  const files = join(folder.path, "files");
  const put = (path: string, text: string) => writeFileSync(path, text, { mode: 0o644 });
  for (const path of ["simple/demo", "npm", "work", "package"]) {
    mkdirSync(join(files, path), { recursive: true });
  }
  put(join(granted, "node.cjs"), node);
  putModules(granted);
  copyFileSync(
    join(repositoryRoot, "node_modules", "@oven", "bun-linux-x64", "bin", "bun"),
    join(granted, "bun"),
  );
  chmodSync(join(granted, "bun"), 0o755);
  const compilers = {
    go: () => {
      put(join(granted, "client.go"), go);
      run(["go", "build", "-o", "go-client", "client.go"], granted);
    },
    rustc: () => {
      put(join(granted, "client.rs"), rust);
      run(["rustc", "-o", "rust-client", "client.rs"], granted);
    },
    javac: () => {
      put(join(granted, "Client.java"), java);
      run(["javac", "Client.java"], granted);
    },
    git: () => {
      put(join(files, "work", "README"), "a repository\n");
      const as = ["-c", "user.name=x", "-c", "user.email=x@example.com"];
      const work = join(files, "work");
      run(["git", "init", "-q"], work);
      run(["git", "add", "README"], work);
      run(["git", ...as, "commit", "-q", "-m", "first"], work);
      run(["git", "clone", "-q", "--bare", "work", "demo.git"], files);
      run(["git", "update-server-info"], join(files, "demo.git"));
    },
  };
  for (const [name, compile] of Object.entries(compilers)) {
    if (findTool(name) !== undefined) compile();
  }
  const deb = "not much of a package\n";
  mkdirSync(join(files, "apt"));
  put(join(files, "apt", "demo_1.0_all.deb"), deb);
  const digest = new Bun.CryptoHasher("sha256").update(deb).digest("hex");
  put(
    join(files, "apt", "Packages"),
    `Package: demo\nVersion: 1.0\nArchitecture: all\nMaintainer: x <x@example.com>\nDescription: x\nFilename: ./demo_1.0_all.deb\nSize: ${deb.length}\nSHA256: ${digest}\n`,
  );
  const built = "demo-1.0-py3-none-any.whl";
  run(["python3", "-c", wheel, built], join(files, "simple", "demo"));
  put(join(files, "simple", "demo", "index.html"), `<a href="${built}">${built}</a>`);
  put(join(files, "package", "package.json"), '{"name":"demo","version":"1.0.0"}');
  put(join(files, "package", "index.js"), "a package\n");
  run(["tar", "czf", "npm/demo.tgz", "package"], files);
  const version = {
    name: "demo",
    version: "1.0.0",
    dist: { tarball: "http://four.test/files/npm/demo.tgz" },
  };
  const entry = { name: "demo", "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": version } };
  put(join(files, "npm", "demo"), JSON.stringify(entry));
}
