/** What an attack finds: folders with each kind of access, a secret outside, a bystander. */

import {
  chmodSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { asUser } from "../support/paths.ts";
import { giveTo, type Scratch, scratch } from "../support/scratch.ts";

/** What the victim says of itself (support/victim.c). */
interface VictimFacts {
  readonly pid: number;
  readonly port: number;
  readonly shm: number;
  readonly msg: number;
  readonly sem: number;
  readonly key: number;
  readonly abstract: string;
  readonly mq: string;
  readonly shared: string;
  readonly socket: string;
}

export interface Fixture {
  readonly uid: number;
  /** In no output of any sandbox. */
  readonly secret: string;
  /** `program/` ro, `ro/` with `ro/inner-rw/` rw, `rw/` with `rw/inner-ro/` ro and denied things,
   *  `secret/` granted to nobody. */
  readonly folder: Scratch;
  readonly victim: VictimFacts;
  readonly grants: readonly string[];
  /** Of the same folders, as the landlock tier can enforce it: no denial where it may write. */
  readonly grantsWithoutMounts: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** Everything that no attack may change, as text. */
  readonly untouchable: () => string;
  readonly end: () => Promise<void>;
}

export async function makeFixture(uid: number, victimProgram: string): Promise<Fixture> {
  const folder = scratch(uid);
  const secret = `mxc-secret-${crypto.randomUUID()}`;
  const at = (...parts: string[]) => join(folder.path, ...parts);
  const write = (text: string, ...parts: string[]) => writeFileSync(at(...parts), text);
  for (const path of [
    "program",
    "ro",
    "ro/inner-rw",
    "rw",
    "rw/inner-ro",
    "rw/denied-dir",
    "rw/scratch",
    "secret",
  ]) {
    mkdirSync(at(path));
  }
  write("hello", "ro", "hello.txt");
  write("hello", "ro", "inner-rw", "hello.txt");
  write("hello", "rw", "hello.txt");
  write("hello", "rw", "inner-ro", "hello.txt");
  write(secret, "secret", "token.txt");
  write(secret, "rw", "denied.txt");
  write(secret, "rw", "denied-dir", "token.txt");
  linkSync(at("rw", "denied.txt"), at("rw", "alias.txt"));
  linkSync(at("rw", "denied.txt"), at("ro", "alias.txt"));
  symlinkSync(at("secret", "token.txt"), at("rw", "link-out"));
  symlinkSync(at("secret"), at("ro", "folder-link-out"));
  symlinkSync("denied.txt", at("rw", "link-to-denied"));
  for (const name of readdirSync(join(import.meta.dir, "common"))) {
    copyFileSync(join(import.meta.dir, "common", name), at("program", name));
  }
  copyFileSync(victimProgram, at("program", "victim"));
  chmodSync(at("program", "victim"), 0o755);
  giveTo(uid, folder.path);

  const key = crypto.getRandomValues(new Int32Array(1)).map((n) => (n & 0x3fff_ffff) | 1)[0];
  const child = Bun.spawn(
    [...asUser(uid), at("program", "victim"), secret, at("secret"), String(key)],
    {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
      env: { MXC_VICTIM_SECRET: secret },
    },
  );
  const reader = (child.stdout as ReadableStream<Uint8Array>).getReader();
  const first = await reader.read();
  if (first.value === undefined) throw new Error("the victim did not start");
  const victim = JSON.parse(new TextDecoder().decode(first.value)) as VictimFacts;

  return {
    uid,
    secret,
    folder,
    victim,
    grants: [
      `--allow-read=${at("program")},${at("ro")},${at("rw", "inner-ro")}`,
      `--allow-write=${at("rw")},${at("ro", "inner-rw")}`,
      `--deny=${at("rw", "denied.txt")},${at("rw", "denied-dir")}`,
    ],
    grantsWithoutMounts: [
      `--allow-read=${at("program")},${at("ro")},${at("rw")}`,
      `--allow-write=${at("rw", "scratch")},${at("ro", "inner-rw")},${at("rw", "hello.txt")}`,
      `--deny=${at("rw", "denied.txt")},${at("rw", "denied-dir")}`,
    ],
    variables: {
      PROGRAM: at("program"),
      RO: at("ro"),
      RW: at("rw"),
      SECRET: at("secret"),
      SCRATCH: at("rw", "scratch"),
      VICTIM_PID: String(victim.pid),
      TCP_PORT: String(victim.port),
      SHM_ID: String(victim.shm),
      MSG_ID: String(victim.msg),
      SEM_ID: String(victim.sem),
      IPC_KEY: String(victim.key),
      ABSTRACT: victim.abstract,
      MQ_NAME: victim.mq,
      SHARED: victim.shared,
      SOCKET: victim.socket,
    },
    untouchable: () =>
      [
        ...["program", "ro", "secret", "rw/inner-ro", "rw/denied-dir"].flatMap((path) =>
          describe(at(path), at("ro", "inner-rw")),
        ),
        ...describe(at("rw", "denied.txt")),
        ...describe(at("rw", "alias.txt")),
        ...setIdFiles(folder.path),
      ].join("\n"),
    end: async () => {
      child.stdin.end();
      await child.exited;
      folder.remove();
    },
  };
}

/** Every object at or below a path: type, mode, owner, links, content. */
function describe(path: string, except?: string): string[] {
  if (path === except) return [];
  const status = lstatSync(path);
  const own = `${path} ${status.mode.toString(8)} ${status.uid}:${status.gid} ${status.nlink} ${status.size}`;
  if (status.isDirectory()) {
    return [
      own,
      ...readdirSync(path)
        .sort()
        .flatMap((name) => describe(join(path, name), except)),
    ];
  }
  return [status.isFile() && status.size < 4096 ? `${own} ${readFileSync(path, "latin1")}` : own];
}

/** A set-id program or device left behind in a granted folder would be an escape for later. */
function setIdFiles(folder: string): string[] {
  const find = Bun.spawnSync([
    "find",
    folder,
    "(",
    "-perm",
    "/6000",
    "-type",
    "f",
    "-o",
    "-type",
    "b",
    "-o",
    "-type",
    "c",
    ")",
  ]);
  return find.stdout
    .toString()
    .split("\n")
    .filter((line) => line !== "");
}
