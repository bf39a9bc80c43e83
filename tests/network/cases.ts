/** What is run in the world of support/world.sh, and what must come of it. */

/** Words for `mxc run`, then the command; or a whole config. */
export interface Case {
  readonly name: string;
  readonly flags?: readonly string[];
  readonly config?: object;
  readonly argv: readonly string[];
  readonly code?: number;
  /** All of stdout, or a part by pattern. */
  readonly stdout?: string | RegExp;
  readonly stderr?: RegExp;
  readonly callers?: "root";
  /** Words before mxc itself: a program that starts it in some special way. */
  readonly launcher?: readonly string[];
}

function curl(...words: string[]): readonly string[] {
  return ["curl", "-sS", "-m", "10", ...words];
}

/** Destinations and the word for each, from support/probe.py. */
function probe(flags: readonly string[], ...rows: readonly (readonly [string, string])[]): Case {
  return {
    name: `${flags.join(" ")}: ${rows.map(([destination]) => destination).join(", ")}`,
    flags,
    argv: ["python3", "PROBE", ...rows.flatMap(([destination]) => destination.split(" "))],
    stdout: `${rows.map(([, outcome]) => outcome).join("\n")}\n`,
  };
}

function python(
  name: string,
  flags: readonly string[],
  code: string,
  stdout: string | RegExp,
): Case {
  return { name, flags, argv: ["python3", "-c", code], stdout };
}

const LANDLOCK_CLIENTS = new Set([
  ...["curl", "curl, IPv4", "curl, kept alive", "curl, TLS", "curl, by CNAME"],
  ...["curl, below a wildcard", "curl, by address", "a large download", "a large upload"],
  ...["a large download by address", "urllib", "asyncio"],
]);

export const rules: readonly Case[] = [
  probe(
    ["--allow-net=9.9.9.10:80"],
    ["tcp 9.9.9.10 80", "ok"],
    ["tcp ::ffff:9.9.9.10 80", "ok"],
    ["tcp 9.9.9.10 8080", "EACCES"],
    ["tcp 9.9.9.11 80", "EACCES"],
    ["tcp 2600::10 80", "EACCES"],
    ["tcp 169.254.169.254 80", "EACCES"],
    ["udp 9.9.9.10 7", "ENETUNREACH"],
  ),
  probe(
    ["--allow-net=9.9.9.0/24,[2600::]/16", "--deny-net=9.9.9.11,9.9.9.0/24:8080"],
    ["tcp 9.9.9.10 80", "ok"],
    ["tcp 9.9.9.10 81", "ECONNREFUSED"],
    ["tcp 9.9.9.10 8080", "EACCES"],
    ["tcp 9.9.9.11 80", "EACCES"],
    ["tcp 2600::10 80", "ok"],
    ["tcp 2001:db8::53 80", "EACCES"],
  ),
  probe(
    ["--allow-net=9.9.9.10:7/udp,9.9.9.10:8000-9000"],
    ["udp 9.9.9.10 7", "ok"],
    ["tcp 9.9.9.10 8080", "ok"],
    ["tcp 9.9.9.10 80", "EACCES"],
    ["udp 9.9.9.11 7", "EHOSTUNREACH"],
  ),
  probe(
    ["--allow-net=localhost:18099"],
    ["tcp 127.0.0.1 18099", "ok"],
    ["tcp 10.0.2.2 18099", "ok"],
    ["tcp ::ffff:127.0.0.1 18099", "ok"],
    ["tcp 127.0.0.1 22", "ECONNREFUSED"],
    ["tcp 10.0.2.2 22", "EACCES"],
    ["tcp 192.0.2.1 18099", "EACCES"],
  ),
  probe(
    ["--allow-net=0.0.0.0/0"],
    ["tcp 9.9.9.10 80", "ok"],
    // The host's own addresses are not just any.
    ["tcp 192.0.2.1 18099", "EACCES"],
    ["tcp 127.0.0.1 18099", "ECONNREFUSED"],
    ["tcp 0.0.0.0 18099", "ECONNREFUSED"],
    ["tcp 10.0.2.2 18099", "EACCES"],
  ),
  probe(
    ["--allow-net=9.9.9.10:80,10.9.0.0/24:1-100"],
    // 9.9.9.10 in other spellings of inet_aton(3), and 9.9.9.11.
    ["tcp 9.592138 80", "ok"],
    ["tcp 0x9.0x9.011.012 80", "ok"],
    ["tcp 151587082 80", "ok"],
    ["tcp 151587083 80", "EACCES"],
    ["tcp 9.592139 80", "EACCES"],
    ["tcp 10.9.0.10 80", "ok"],
    ["tcp 10.9.0.10 81", "ECONNREFUSED"],
    ["tcp 10.9.0.10 100", "ECONNREFUSED"],
    ["tcp 10.9.0.10 101", "EACCES"],
    ["tcp 10.9.1.10 80", "EACCES"],
  ),
  probe(
    ["--allow-net=[2600::10]:80,[2600::]/64:7/udp", "--deny-net=[2600::11]"],
    ["tcp 2600::10 80", "ok"],
    ["tcp 2600:0:0:0:0:0:0:10 80", "ok"],
    ["tcp 2600::10 8080", "EACCES"],
    ["tcp 2600::11 80", "EACCES"],
    ["udp 2600::10 7", "ok"],
    ["udp 2600::11 7", "EACCES"],
    ["tcp 9.9.9.10 80", "EACCES"],
  ),
  probe(["--allow-net=9.9.9.99"], ["tcp 9.9.9.99 80", "timeout"], ["tcp 9.9.9.10 80", "EACCES"]),
  probe(
    ["--allow-host-loopback"],
    ["tcp 127.0.0.1 18099", "ok"],
    ["tcp 10.0.2.2 18099", "ok"],
    ["tcp 127.0.0.1 18098", "ECONNREFUSED"],
    ["tcp 9.9.9.10 80", "EACCES"],
    ["tcp 169.254.169.254 80", "EACCES"],
  ),
  {
    name: "a contract's rules: ports, exceptions, deny over allow",
    config: {
      version: "1.0.0",
      network: {
        egress: {
          default: "deny",
          allow: [
            {
              to: [{ cidr: "9.9.9.0/24", except: ["9.9.9.11/32"] }],
              ports: [{ protocol: "tcp", port: 80 }],
            },
            { to: [{ cidr: "10.0.0.0/8" }] },
          ],
          deny: [{ to: [{ cidr: "10.9.0.0/16" }] }],
        },
      },
    },
    argv: [
      "python3",
      "PROBE",
      ..."tcp 9.9.9.10 80 tcp 9.9.9.11 80 tcp 9.9.9.10 8080 tcp 10.9.0.10 80".split(" "),
    ],
    stdout: "ok\nEACCES\nEACCES\nEACCES\n",
  },
  {
    name: "a contract's default, and what it denies",
    config: {
      version: "1.0.0",
      network: {
        egress: { default: "allow", deny: [{ to: [{ cidr: "169.254.0.0/16" }] }] },
      },
    },
    argv: [
      "python3",
      "PROBE",
      ..."tcp 9.9.9.10 80 udp 9.9.9.10 7 udp 2600::10 7 tcp 169.254.169.254 80".split(" "),
    ],
    stdout: "ok\nok\nok\nEACCES\n",
  },
];

/** Listens on a port, greets who comes, and has clients of the host and of another machine try it. */
function published(name: string, given: Partial<Case>, outcomes: Record<string, string>): Case {
  const code = `
import socket, sys, threading
v6 = sys.argv[1] == "::"
s = socket.create_server((sys.argv[1], 18779), family=socket.AF_INET6 if v6 else socket.AF_INET, dualstack_ipv6=v6)
def greet():
  while True:
    c, _ = s.accept(); c.send(b"hello"); c.close()
threading.Thread(target=greet, daemon=True).start()
for place in sys.argv[2:]: print("?greeting", place, "18779", flush=True); print(input(), flush=True)
`;
  const places = Object.keys(outcomes);
  const v6 = places.some((place) => place.includes(":"));
  return {
    name,
    ...given,
    launcher: ["/usr/bin/python3", "FOLDER/host.py"],
    argv: ["python3", "-c", code, v6 ? "::" : "0.0.0.0", ...places],
    stdout: `${Object.values(outcomes).join("\n")}\n`,
  };
}

function directions(ingress: object): Partial<Case> {
  const egress = { default: "deny", allow: [{ to: [{ cidr: "9.9.9.10" }] }] };
  return { config: { version: "1.0.0", network: { egress, ingress } } };
}

/** Who may come in. */
export const ingress: readonly Case[] = [
  published("all machines, but not the host's own clients", directions({ default: "allow" }), {
    "far 192.0.2.1": "hello",
    "near 192.0.2.1": "ECONNRESET",
    "near 127.0.0.1": "ECONNRESET",
  }),
  published("all machines, over IPv6 and IPv4", directions({ default: "allow" }), {
    "far 2001:db8::1": "hello",
    "far 192.0.2.1": "hello",
    "near ::1": "ECONNRESET",
  }),
  published("all machines and the host", directions({ default: "allow", hostLoopback: "allow" }), {
    "far 192.0.2.1": "hello",
    "near 192.0.2.1": "hello",
    "near 127.0.0.1": "hello",
  }),
  published("the host alone", directions({ default: "deny", hostLoopback: "allow" }), {
    "far 192.0.2.1": "ECONNREFUSED",
    "near 192.0.2.1": "ECONNREFUSED",
    "near 127.0.0.1": "hello",
  }),
  published(
    "the host alone, by flag",
    { flags: ["--allow-net=9.9.9.10", "--allow-listen"] },
    {
      "far 2001:db8::1": "ECONNREFUSED",
      "near ::1": "hello",
    },
  ),
  published("nobody", directions({ default: "deny" }), {
    "far 192.0.2.1": "ECONNREFUSED",
    "far 2001:db8::1": "ECONNREFUSED",
    "near 127.0.0.1": "ECONNREFUSED",
  }),
];

export const clients: readonly Case[] = [
  {
    name: "curl",
    flags: ["--allow-net=api.test:80"],
    argv: curl("http://api.test/"),
    stdout: "host=api.test\n",
  },
  {
    name: "curl, IPv4",
    flags: ["--allow-net=api.test:80"],
    argv: curl("-4", "http://api.test/"),
    stdout: "host=api.test\n",
  },
  {
    name: "curl, kept alive",
    flags: ["--allow-net=api.test:80"],
    argv: curl("http://api.test/", "http://api.test/"),
    stdout: "host=api.test\nhost=api.test\n",
  },
  {
    name: "curl, TLS",
    flags: ["--allow-net=api.test", "--allow-read=FOLDER"],
    argv: curl("--cacert", "FOLDER/certificate.pem", "https://api.test/"),
    stdout: "host=api.test\n",
  },
  {
    name: "curl, a dead address first",
    flags: ["--allow-net=dead.test:80"],
    argv: curl("http://dead.test/"),
    stdout: "host=dead.test\n",
  },
  {
    name: "curl, by CNAME",
    flags: ["--allow-net=alias.test"],
    argv: curl("http://alias.test/"),
    stdout: "host=alias.test\n",
  },
  {
    name: "curl, below a wildcard",
    flags: ["--allow-net=*.wild.test"],
    argv: curl("http://sub.wild.test/"),
    stdout: "host=sub.wild.test\n",
  },
  {
    name: "curl, by address",
    flags: ["--allow-net=9.9.9.10:80"],
    argv: curl("http://9.9.9.10/"),
    stdout: "host=9.9.9.10\n",
  },
  {
    name: "curl through the built-in proxy",
    flags: ["--allow-net=api.test:80", "--net-proxy"],
    argv: curl("http://api.test/"),
    stdout: "host=api.test\n",
  },
  {
    name: "curl through the built-in proxy, SOCKS5",
    flags: ["--allow-net=api.test:80", "--net-proxy"],
    argv: curl("--socks5-hostname", "127.0.0.1:3128", "http://api.test/"),
    stdout: "host=api.test\n",
  },
  {
    name: "a large download",
    flags: ["--allow-net=four.test:80"],
    argv: ["sh", "-c", "curl -sS -m 30 http://four.test/bulk/20971520 | wc -c"],
    stdout: "20971520\n",
  },
  {
    name: "a large download by address",
    flags: ["--allow-net=9.9.9.10:80"],
    argv: ["sh", "-c", "curl -sS -m 30 http://9.9.9.10/bulk/20971520 | wc -c"],
    stdout: "20971520\n",
  },
  {
    name: "a large upload",
    flags: ["--allow-net=four.test:80"],
    argv: [
      "sh",
      "-c",
      "head -c 20971520 /dev/zero | curl -sS -m 30 -H Expect: --data-binary @- http://four.test/",
    ],
    stdout: "20971520\n",
  },
  python(
    "urllib",
    ["--allow-net=api.test:80"],
    "import urllib.request as u; print(u.urlopen('http://api.test/').read())",
    "b'host=api.test\\n'\n",
  ),
  python(
    "asyncio",
    ["--allow-net=9.9.9.10:80"],
    "import asyncio\nasync def main():\n  r, w = await asyncio.open_connection('9.9.9.10', 80)\n  w.write(b'GET / HTTP/1.0\\r\\n\\r\\n')\n  print((await r.read())[:15])\nasyncio.run(main())",
    "b'HTTP/1.1 200 OK'\n",
  ),
  python(
    "a blocking connect that gives up in its own time (SO_SNDTIMEO)",
    ["--allow-net=9.9.9.99,slow.test"],
    "import socket, struct, time, errno\nfor host in ('9.9.9.99', 'slow.test'):\n  s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack('ll', 0, 300000))\n  t = time.monotonic(); print(errno.errorcode[s.connect_ex((host, 80))], 0.25 < time.monotonic() - t < 2)",
    "EINPROGRESS True\nEINPROGRESS True\n",
  ),
  python(
    "an epoll set that held the socket before its connect",
    ["--allow-net=9.9.9.10:80"],
    "import socket, select\ns = socket.socket(); s.setblocking(False)\ne = select.epoll(); e.register(s, select.EPOLLOUT)\nprint(s.connect_ex(('9.9.9.10', 80)))\nprint(e.poll(5)[0][0] == s.fileno())\ns.send(b'GET / HTTP/1.0\\r\\n\\r\\n'); e.modify(s, select.EPOLLIN)\ne.poll(5); print(s.recv(8))",
    "115\nTrue\nb'HTTP/1.1'\n",
  ),
  python(
    "a thousand connections at once",
    ["--allow-net=9.9.9.10:80"],
    "import socket, resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(7)[1],) * 2)\nall = [socket.create_connection(('9.9.9.10', 80)) for _ in range(1000)]\nfor s in all: s.send(b'GET / HTTP/1.0\\r\\n\\r\\n')\nprint(sum(s.recv(8) == b'HTTP/1.1' for s in all))",
    "1000\n",
  ),
  python(
    "a half-close",
    ["--allow-net=four.test:80"],
    "import socket\ns = socket.create_connection(('four.test', 80))\ns.send(b'GET / HTTP/1.1\\r\\nHost: four.test\\r\\nConnection: close\\r\\n\\r\\n'); s.shutdown(socket.SHUT_WR)\nprint(s.makefile().read()[-15:])",
    "host=four.test\n\n",
  ),
  python(
    "servers and clients of the sandbox's own",
    ["--allow-net=9.9.9.10:80"],
    "import socket\nfor family, address in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1')):\n  s = socket.create_server((address, 0), family=family)\n  c = socket.create_connection(s.getsockname()[:2]); a, _ = s.accept(); a.send(b'x'); print(c.recv(1))",
    "b'x'\nb'x'\n",
  ),
  python(
    "Unix sockets, by path and by name",
    ["--allow-net=9.9.9.10:80"],
    "import socket, os\nos.chdir('/tmp')\nfor bind, connect in (('/tmp/s', 's'), ('t', '/tmp/t'), ('\\0u', '\\0u')):\n  s = socket.socket(socket.AF_UNIX); s.bind(bind); s.listen()\n  c = socket.socket(socket.AF_UNIX); c.connect(connect); a, _ = s.accept(); a.send(b'x'); print(c.recv(1))\ntry: socket.socket(socket.AF_UNIX).connect('none')\nexcept FileNotFoundError: print('none')",
    "b'x'\nb'x'\nb'x'\nnone\n",
  ),
  python(
    "a ping",
    ["--allow-net=9.9.9.10/icmp"],
    "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP); s.settimeout(5)\ns.sendto(b'\\x08\\0\\0\\0\\0\\1\\0\\1hello', ('9.9.9.10', 0)); print(s.recvfrom(99)[0][-5:])",
    "b'hello'\n",
  ),
  python(
    "large datagrams",
    ["--allow-net=9.9.9.10:7/udp"],
    "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5); s.connect(('9.9.9.10', 7))\ns.send(b'x' * 30000); print(len(s.recv(65536)))",
    "30000\n",
  ),
  {
    name: "the resolver's own settings",
    flags: ["--allow-net=api.test"],
    argv: ["cat", "/etc/resolv.conf"],
    stdout: "nameserver 127.0.0.1\nsearch test\n",
  },
  {
    name: "a published port, and a client of the host",
    flags: ["--allow-listen"],
    launcher: ["/usr/bin/python3", "FOLDER/host.py"],
    argv: [
      "python3",
      "-c",
      "import socket\ns = socket.create_server(('0.0.0.0', 18777))\nprint('?connect 127.0.0.1 18777', flush=True); print(input())\nc, _ = s.accept(); print('accepted')",
    ],
    stdout: "reached\naccepted\n",
  },
];

export const refusals: readonly Case[] = [
  {
    name: "a name that nothing grants is not looked up",
    flags: ["--allow-net=api.test:80"],
    argv: curl("http://other.test/"),
    code: 6,
    stderr: /other\.test.*no rule allows it/,
  },
  {
    name: "the same address under another Host",
    flags: ["--allow-net=four.test:80"],
    argv: curl("-H", "Host: other.test", "http://four.test/"),
    stdout: /mxc: the name given/,
  },
  {
    name: "the same address under another SNI",
    flags: ["--allow-net=four.test:443"],
    argv: [
      "sh",
      "-c",
      "getent hosts four.test >/dev/null; curl -sSk -m 5 --connect-to other.test:443:four.test:443 https://other.test/",
    ],
    code: 35,
  },
  {
    name: "the address of a granted name, never looked up",
    flags: ["--allow-net=four.test:80"],
    argv: curl("http://9.9.9.10/"),
    code: 7,
  },
  {
    name: "another port of a granted name",
    flags: ["--allow-net=four.test:80"],
    argv: curl("http://four.test:8080/"),
    code: 7,
  },
  {
    name: "a name that leads inside",
    flags: ["--allow-net=rebind.test"],
    argv: curl("http://rebind.test/"),
    code: 6,
    stderr: /rebind\.test/,
  },
  {
    name: "a wildcard is not the name itself",
    flags: ["--allow-net=*.wild.test"],
    argv: curl("http://wild.test/"),
    code: 6,
  },
  {
    name: "a denied name among allowed ones",
    flags: ["--allow-net=*.wild.test", "--deny-net=sub.wild.test"],
    argv: curl("http://sub.wild.test/"),
    code: 6,
  },
  {
    name: "another name through the proxy",
    flags: ["--allow-net=api.test:80", "--net-proxy"],
    argv: curl("-o", "/dev/null", "-w", "%{http_code}", "http://other.test/"),
    stdout: "403",
  },
  {
    name: "another name through the proxy's CONNECT",
    flags: ["--allow-net=api.test:443", "--net-proxy"],
    argv: curl("-k", "https://other.test/"),
    code: 56,
  },
  {
    name: "CONNECT to a granted name, SNI of another",
    flags: ["--allow-net=four.test:443", "--net-proxy"],
    argv: curl("-k", "--connect-to", "other.test:443:four.test:443", "https://other.test/"),
    code: 35,
  },
  ...[
    "socket.socket()",
    "socket.socket(type=socket.SOCK_DGRAM)",
    "socket.create_connection(('9.9.9.10', 80))",
  ].map(
    (made): Case => ({
      name: `a network socket as standard input: ${made}`,
      flags: ["--allow-net=9.9.9.10:80"],
      launcher: [
        "/usr/bin/python3",
        "-c",
        `import os, socket, sys\ns = ${made}\nos.dup2(s.fileno(), 0)\nos.execv(sys.argv[1], sys.argv[1:])`,
      ],
      argv: ["true"],
      code: 1,
      stderr: /must not be network sockets/,
    }),
  ),
  {
    name: "a published port, without the grant",
    flags: ["--allow-net=9.9.9.10:80"],
    launcher: ["/usr/bin/python3", "FOLDER/host.py"],
    argv: [
      "python3",
      "-c",
      "import socket\ns = socket.create_server(('0.0.0.0', 18777))\nprint('?connect 127.0.0.1 18777', flush=True); print(input())",
    ],
    stdout: "ECONNREFUSED\n",
  },
  python(
    "a second request for another host on a kept connection",
    ["--allow-net=four.test:80"],
    "import socket\ns = socket.create_connection(('four.test', 80))\ns.send(b'GET / HTTP/1.1\\r\\nHost: four.test\\r\\n\\r\\n'); first = s.recv(999)\ntry:\n  s.send(b'GET / HTTP/1.1\\r\\nHost: other.test\\r\\n\\r\\n'); print(b'other' in s.recv(999))\nexcept OSError: print(False)",
    "False\n",
  ),
  python(
    "a request with two lengths",
    ["--allow-net=four.test:80"],
    "import socket\ns = socket.create_connection(('four.test', 80))\ns.send(b'POST / HTTP/1.1\\r\\nHost: four.test\\r\\nContent-Length: 3\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n')\nprint(s.recv(999)[:12])",
    "b'HTTP/1.1 403'\n",
  ),
  python(
    "what is neither TLS nor HTTP on a port of the Web",
    ["--allow-net=four.test:80"],
    "import socket\ns = socket.create_connection(('four.test', 80))\ntry:\n  s.send(b'SSH-2.0-x\\r\\n'); print(s.recv(9))\nexcept OSError: print(b'')",
    "b''\n",
  ),
  python(
    "a datagram to another destination from a connected socket",
    ["--allow-net=9.9.9.10:7/udp"],
    "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1); s.connect(('9.9.9.10', 7))\ns.sendto(b'x', ('9.9.9.11', 7))\ntry: print(s.recv(9))\nexcept OSError as e: print('no')",
    "no\n",
  ),
  python(
    "sending with MSG_FASTOPEN",
    ["--allow-net=9.9.9.10:80"],
    "import socket\ns = socket.socket()\ntry: s.sendto(b'x', 0x20000000, ('9.9.9.11', 80)); print('sent')\nexcept OSError as e: print(e.errno)",
    "95\n",
  ),
  python(
    "options that aim a socket",
    ["--allow-net=9.9.9.10:80"],
    "import socket\ns = socket.create_connection(('9.9.9.10', 80))\nfor level, name, value in ((1, 25, b'lo\\0'), (1, 36, 1), (6, 30, 1), (0, 15, 1), (0, 19, 1), (0, 4, b'\\0' * 4), (6, 31, b'tls\\0'), (0, 35, b'\\0' * 8)):\n  try: s.setsockopt(level, name, value); print('set', level, name)\n  except OSError as e: print(e.errno)",
    "1\n1\n92\n92\n92\n92\n92\n92\n",
  ),
  python(
    "a handed-over socket, taken apart and aimed anew",
    ["--allow-net=9.9.9.10:80"],
    "import socket, ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\ns = socket.create_connection(('9.9.9.10', 80))\nprint(libc.connect(s.fileno(), b'\\0' * 16, 16))\nfor address in (('9.9.9.11', 80), ('192.0.2.1', 18099), ('127.0.0.1', 18099)):\n  try: s.connect(address); print('connected')\n  except OSError as e: print(e.errno)\nfor what in (lambda: s.bind(('0.0.0.0', 18555)), lambda: s.listen()):\n  try: what(); print('done')\n  except OSError as e: print(e.errno)",
    "0\n13\n13\n13\n22\n22\n",
  ),
  python(
    "the address flipped by a second thread while the call is made",
    ["--allow-net=9.9.9.10:80"],
    "import ctypes, socket, struct, threading, time\nlibc = ctypes.CDLL(None, use_errno=True)\ngood = struct.pack('<HH4s8x', 2, socket.htons(80), socket.inet_aton('9.9.9.10'))\nbad = struct.pack('<HH4s8x', 2, socket.htons(80), socket.inet_aton('9.9.9.11'))\nbuffer = ctypes.create_string_buffer(good, 16)\nstop = False\ndef flip():\n  while not stop:\n    ctypes.memmove(buffer, bad, 16); ctypes.memmove(buffer, good, 16)\nt = threading.Thread(target=flip); t.start()\nwrong = won = 0\nend = time.time() + 5\nwhile time.time() < end:\n  s = socket.socket()\n  if libc.connect(s.fileno(), buffer, 16) == 0:\n    won += 1\n    if s.getpeername()[0] != '9.9.9.10': wrong += 1\n  s.close()\nstop = True; t.join()\nprint(wrong, won > 0)",
    "0 True\n",
  ),
  python(
    "addresses that cannot be read",
    ["--allow-net=9.9.9.10:80"],
    "import ctypes, socket, errno\nlibc = ctypes.CDLL(None, use_errno=True)\ns = socket.socket()\nfor address, length in ((1, 16), (0, 16), (2 ** 47, 16), (1, -1), (1, 4096), (1, 0)):\n  libc.connect(s.fileno(), ctypes.c_void_p(address), length); print(errno.errorcode[ctypes.get_errno()])\nlibc.connect(99, ctypes.c_void_p(1), 16); print(errno.errorcode[ctypes.get_errno()])\ns = socket.create_connection(('9.9.9.10', 80)); print('ok')",
    "EFAULT\nEFAULT\nEFAULT\nEINVAL\nEINVAL\nEINVAL\nEBADF\nok\n",
  ),
  python(
    "a flood of connects beside an honest one",
    ["--allow-net=9.9.9.10:80"],
    "import socket, threading, time\nstop = False\ndef flood():\n  while not stop:\n    try: socket.create_connection(('9.9.9.11', 80))\n    except OSError: pass\nthreads = [threading.Thread(target=flood) for _ in range(32)]\nfor t in threads: t.start()\nbegin = time.time(); socket.create_connection(('9.9.9.10', 80)); print(time.time() - begin < 5)\nstop = True\nfor t in threads: t.join()",
    "True\n",
  ),
  python(
    "families and protocols that lead elsewhere",
    ["--allow-net=9.9.9.10:80"],
    "import socket\nfor family, kind, protocol in ((socket.AF_PACKET, socket.SOCK_RAW, 0), (socket.AF_INET, socket.SOCK_RAW, 255), (40, 1, 0), (38, 5, 0), (socket.AF_INET, 1, 132), (socket.AF_INET, 1, 262), (16, 3, 9)):\n  try: socket.socket(family, kind, protocol); print('made')\n  except OSError as e: print('no')",
    "no\n".repeat(7),
  ),
  python(
    "listening opens no port of the host",
    ["--allow-net=9.9.9.10:80"],
    "import socket\ns = socket.create_server(('0.0.0.0', 18099)); print('free here')",
    "free here\n",
  ),
  python(
    "look-ups that would carry data out",
    ["--allow-net=*.wild.test"],
    "import socket\nn = 0\nfor i in range(200):\n  try: socket.getaddrinfo(f'{i}.wild.test', 80)\n  except OSError: n += 1\nprint(n)\ntry: socket.getaddrinfo('x' * 60 + '.' + 'y' * 60 + '.' + 'z' * 20 + '.wild.test', 80); print('found')\nexcept OSError: print('no')",
    "200\nno\n",
  ),
];

/** What the landlock tier enforces of it: TCP, and names that are asked for over TCP. */
export const landlock: readonly Case[] = [
  probe(
    ["--allow-net=9.9.9.0/24,[2600::]/16", "--deny-net=9.9.9.11,9.9.9.0/24:8080"],
    ["tcp 9.9.9.10 80", "ok"],
    ["tcp ::ffff:9.9.9.10 80", "ok"],
    ["tcp 9.9.9.10 81", "ECONNREFUSED"],
    ["tcp 9.9.9.10 8080", "EACCES"],
    ["tcp 9.9.9.11 80", "EACCES"],
    ["tcp ::ffff:9.9.9.11 80", "EACCES"],
    ["tcp 2600::10 80", "ok"],
    ["tcp 2001:db8::53 80", "EACCES"],
    ["tcp 169.254.169.254 80", "EACCES"],
  ),
  ...clients.filter(({ name }) => LANDLOCK_CLIENTS.has(name)),
  python(
    "a name that nothing grants",
    ["--allow-net=api.test:80"],
    "import socket\nfor name in ('other.test', 'x.wild.test'):\n  try: print(socket.getaddrinfo(name, 80))\n  except socket.gaierror as e: print(e.errno)",
    "-2\n-2\n",
  ),
  python(
    "another name at a granted one's address",
    ["--allow-net=api.test:80"],
    "import socket\na = socket.getaddrinfo('api.test', 80, socket.AF_INET)[0][4]\ns = socket.create_connection(a); s.settimeout(5)\ns.send(b'GET / HTTP/1.0\\r\\nHost: other.test\\r\\n\\r\\n'); print(s.recv(12)[9:])\ns = socket.create_connection(a); s.send(b'GET / HTTP/1.0\\r\\nHost: api.test\\r\\n\\r\\n'); print(s.recv(12)[9:])",
    /^b'(403|400|421)?'\nb'200'\n$/,
  ),
  python(
    "aimed anew, bound, listened on, sent with an address",
    ["--allow-net=9.9.9.10:80"],
    "import socket, errno\ndef t(f):\n  try: f(); print('worked')\n  except OSError as e: print(errno.errorcode[e.errno])\ns = socket.create_connection(('9.9.9.10', 80))\nt(lambda: s.connect(('9.9.9.11', 80)))\nt(lambda: socket.socket().bind(('0.0.0.0', 0)))\nt(lambda: socket.socket().listen())\nt(lambda: socket.socket().sendto(b'x', 0x20000000, ('9.9.9.11', 80)))\nt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))\nt(lambda: socket.socket(socket.AF_UNIX))",
    "EACCES\nEACCES\nEACCES\nENOTSUP\nEACCES\nEACCES\n",
  ),
].map((one) => ({
  ...one,
  name: `landlock: ${one.name}`,
  flags: ["--tier=landlock", ...(one.flags ?? [])],
}));

export const all: readonly Case[] = [...rules, ...ingress, ...clients, ...refusals, ...landlock];
