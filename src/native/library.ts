/**
 * The native library behind bun:ffi. It is loaded from a memfd: a file in a shared folder could be
 * replaced, and that folder may be read-only or mounted noexec.
 */

import { dlopen, FFIType, ptr } from "bun:ffi";
import { closeSync, readFileSync, writeSync } from "node:fs";
import libraryFile from "../../zig-out/libmxc" with { type: "file" };
import { MxcError } from "../errors.ts";
import { ABI_DIGEST } from "./abi.generated.ts";

/** memfd_create(2), linux/memfd.h */
const MFD_CLOEXEC = 1;

const LIBC_NAMES =
  process.arch === "arm64"
    ? ["libc.so.6", "libc.musl-aarch64.so.1"]
    : ["libc.so.6", "libc.musl-x86_64.so.1"];

function memoryFile(): number {
  for (const name of LIBC_NAMES) {
    try {
      const { symbols } = dlopen(name, {
        memfd_create: { args: [FFIType.ptr, FFIType.u32], returns: FFIType.i32 },
      });
      return symbols.memfd_create(ptr(Buffer.from("libmxc\0")), MFD_CLOEXEC);
    } catch {
      // The other libc, then.
    }
  }
  return -1;
}

function load() {
  const fd = memoryFile();
  if (fd < 0) throw failure("a memory file for the native library cannot be made");
  try {
    const bytes = readFileSync(libraryFile);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    const { symbols } = dlopen(`/proc/self/fd/${fd}`, {
      mxc_abi_digest: { args: [], returns: FFIType.u64 },
      mxc_probe: { args: [FFIType.ptr], returns: FFIType.i32 },
      mxc_exec_supervisor: { args: [FFIType.ptr, FFIType.u64], returns: FFIType.i32 },
    });
    if (BigInt(symbols.mxc_abi_digest()) !== ABI_DIGEST) {
      throw failure("the native library is of another build");
    }
    return symbols;
  } finally {
    closeSync(fd);
  }
}

function failure(message: string): MxcError {
  return new MxcError({ code: "launch_failed", field: "", message });
}

export interface ProbeResult {
  /** 0: none. */
  readonly landlockAbi: number;
  readonly seccomp: boolean;
  /** pidfd_getfd(2). */
  readonly takesDescriptors: boolean;
  /** What fails of the steps that every sandbox begins with. */
  readonly failure?: {
    readonly stage: "namespaces" | "opening";
    readonly step: number;
    readonly syscall: number;
    readonly errno: number;
  };
}

/** Makes and drops what every sandbox begins with, and says how far that went. */
export function probeNative(): ProbeResult {
  const out = new Uint32Array(8);
  const errno = load().mxc_probe(ptr(out));
  if (errno !== 0) throw failure(`the probe failed with errno ${errno}`);
  const [landlockAbi = 0, stage = 0, step = 0, syscall = 0, code = 0, seccomp = 0, takes = 0] = out;
  return {
    landlockAbi,
    seccomp: seccomp !== 0,
    takesDescriptors: takes !== 0,
    ...(stage === 0
      ? {}
      : {
          failure: {
            stage: stage === 1 ? "namespaces" : "opening",
            step,
            syscall,
            errno: code,
          } as const,
        }),
  };
}

/** Does not return: this process becomes the supervisor. */
export function execSupervisor(plan: Buffer): never {
  const errno = load().mxc_exec_supervisor(ptr(plan), plan.length);
  throw failure(`the supervisor cannot be executed from memory (errno ${errno})`);
}
