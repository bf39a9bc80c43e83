/** Clients of the real servers of support/services.sh: what is allowed works, what is not fails. */

import { MODULES_VARIABLE } from "./modules.ts";
import type { ClientCase } from "./programs.ts";

const SSH = `cp FOLDER/ssh-key /tmp/key && chmod 600 /tmp/key && export HOME=/tmp && ssh="ssh -F none -i /tmp/key -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=8 -o LogLevel=ERROR -o StrictHostKeyChecking=no -o UserKnownHostsFile=/tmp/known"`;

function shell(code: string): readonly string[] {
  return ["sh", "-c", code];
}

const REDIS = ["redis-server", "redis-cli"];
const SSHD = ["ssh", "/usr/sbin/sshd"];

const GET = `
import sys, MODULE
def get(url):
    try: return ANSWER
    except Exception as error: return type(error).__name__
print(get("https://api.test:8443/"))
print(get("https://other.test:8443/"))
print(get("https://9.9.9.11:8443/"))
`;

function http(name: string, module: string, answer: string, stdout: string): ClientCase {
  return {
    name,
    needs: ["node"],
    modules: [module, ...(answer.includes("http2=True") ? ["h2"] : [])],
    flags: ["--allow-net=api.test:8443"],
    argv: ["/usr/bin/python3", "-c", GET.replace("MODULE", module).replace("ANSWER", answer)],
    stdout,
  };
}

/** aioquic is on PyPI, not among Debian's packages. */
function quic(name: string, net: string, address: string, stdout: string | RegExp): ClientCase {
  return {
    name: `QUIC, ${name}`,
    modules: ["aioquic"],
    flags: [`--allow-net=${net}`, MODULES_VARIABLE],
    argv: ["/usr/bin/python3", "FOLDER/quic.py", address, "FOLDER/certificate.pem", "hello"],
    stdout,
  };
}

export const services: readonly ClientCase[] = [
  quic("by address", "9.9.9.10:8443/udp", "9.9.9.10", "HELLO\n"),
  quic("by the other address", "9.9.9.11:8443/udp", "9.9.9.11", "HELLO\n"),
  quic("another address", "9.9.9.10:8443/udp", "9.9.9.11", /^none: /),
  quic("another port", "9.9.9.10:8444/udp", "9.9.9.10", /^none: /),
  quic("TCP alone is granted", "9.9.9.10:8443", "9.9.9.10", /^none: /),
  ...["9.9.9.10", "four.test", "api.test"].map(
    (host): ClientCase => ({
      name: `ssh to ${host}`,
      needs: SSHD,
      flags: [`--allow-net=${host}:22`],
      argv: shell(`${SSH} && $ssh root@${host} 'cat; echo reached' < /dev/null`),
      stdout: "reached\n",
    }),
  ),
  {
    name: "ssh to an address that nothing grants",
    needs: SSHD,
    flags: ["--allow-net=four.test:22"],
    argv: shell(`${SSH} && $ssh root@9.9.9.11 true`),
    code: 255,
    stderr: /connect to host 9\.9\.9\.11 port 22: Permission denied/,
  },
  {
    name: "ssh to a name that nothing grants",
    needs: SSHD,
    flags: ["--allow-net=four.test:22"],
    argv: shell(`${SSH} && $ssh root@other.test true`),
    code: 255,
    stderr: /Could not resolve hostname other\.test/,
  },
  ...["9.9.9.10", "four.test"].map(
    (host): ClientCase => ({
      name: `git over ssh, ${host}`,
      needs: [...SSHD, "git"],
      flags: [`--allow-net=${host}:22`],
      argv: shell(
        `${SSH} && cd /tmp && GIT_SSH_COMMAND="$ssh" git clone -q root@${host}:$(dirname FOLDER)/files/demo.git && cat demo/README`,
      ),
      stdout: "a repository\n",
    }),
  ),
  {
    name: "git over ssh, denied",
    needs: [...SSHD, "git"],
    flags: ["--allow-net=9.9.9.10:80"],
    argv: shell(`${SSH} && GIT_SSH_COMMAND="$ssh" git ls-remote root@9.9.9.10:demo.git`),
    code: 128,
    stderr: /connect to host 9\.9\.9\.10 port 22: Permission denied/,
  },
  ...["9.9.9.10", "2600::10", "four.test"].map(
    (host): ClientCase => ({
      name: `redis-cli, ${host}`,
      needs: REDIS,
      flags: [`--allow-net=${host.includes(":") ? `[${host}]` : host}:6379`],
      argv: shell(
        `redis-cli -h ${host} set key-CALLER value && redis-cli -h ${host} get key-CALLER`,
      ),
      stdout: "OK\nvalue\n",
    }),
  ),
  {
    name: "redis-cli, denied",
    needs: REDIS,
    flags: ["--allow-net=9.9.9.10:80"],
    argv: ["redis-cli", "-h", "9.9.9.10", "ping"],
    code: 1,
    stderr: /Could not connect to Redis at 9\.9\.9\.10:6379: Permission denied/,
  },
  ...["9.9.9.10", "2600::10", "four.test"].map(
    (host): ClientCase => ({
      name: `psql, ${host}`,
      needs: ["psql"],
      flags: [`--allow-net=${host.includes(":") ? `[${host}]` : host}:5432`],
      argv: ["psql", "-h", host, "-U", "tester", "-d", "postgres", "-Atc", "select 6 * 7"],
      stdout: "42\n",
    }),
  ),
  {
    name: "psql, denied",
    needs: ["psql"],
    flags: ["--allow-net=9.9.9.10:80"],
    argv: ["psql", "-h", "9.9.9.10", "-U", "tester", "-d", "postgres", "-c", "select 1"],
    code: 2,
    stderr: /connection to server at "9\.9\.9\.10", port 5432 failed: Permission denied/,
  },
  {
    name: "musl's getaddrinfo",
    flags: ["--allow-net=api.test:80,*.wild.test:80"],
    argv: ["FOLDER/resolve", "api.test", "sub.wild.test", "other.test", "four.test"],
    stdout:
      "api.test: connected\nsub.wild.test: connected\nother.test: no such name\nfour.test: no such name\n",
  },
  http(
    "requests",
    "requests",
    'requests.get(url, verify="FOLDER/certificate.pem", timeout=8).text.strip()',
    "1.1 api.test:8443\nConnectionError\nConnectionError\n",
  ),
  http(
    "httpx, HTTP/1.1",
    "httpx",
    'httpx.get(url, verify="FOLDER/certificate.pem", timeout=8).text.strip()',
    "1.1 api.test:8443\nConnectError\nConnectError\n",
  ),
  http(
    "httpx, HTTP/2",
    "httpx",
    'httpx.Client(http2=True, verify="FOLDER/certificate.pem", timeout=8).get(url).text.strip()',
    "2.0 api.test:8443\nConnectError\nConnectError\n",
  ),
  {
    name: "curl, HTTP/2 to a server that speaks it",
    needs: ["node"],
    flags: ["--allow-net=api.test:8443"],
    argv: shell("curl -sS -m 8 --http2 --cacert FOLDER/certificate.pem https://api.test:8443/"),
    stdout: "2.0 api.test:8443\n",
  },
];
