/** What a plan needs to know of the host, as data. `probe.ts` gathers it; tests write it. */

export type ObjectType = "file" | "directory" | "fifo" | "socket" | "device";

export interface HostObject {
  readonly type: ObjectType;
  readonly device: bigint;
  readonly inode: bigint;
  readonly links: number;
}

/** One path as the host resolves it. */
export interface PathFacts {
  /** Without links, `.` and `..`; of a missing object, as far as there is one, plus the rest. */
  readonly canonical: string;
  /** Absent: there is nothing. */
  readonly object?: HostObject;
  /** The caller may not look (EACCES), which is not the same as missing. */
  readonly forbidden?: boolean;
}

/** Where a file system is mounted that is the kernel's interface rather than a store of files. */
export interface KernelMount {
  readonly point: string;
  /** As /proc/filesystems names it. */
  readonly type: string;
}

/** What of resolv.conf(5) a sandbox with a resolver of its own takes over. */
export interface ResolverFacts {
  /** Where /etc/resolv.conf leads. */
  readonly canonical: string;
  readonly search: readonly string[];
  readonly options: readonly string[];
}

/** What the landlock tier asks of the host besides. */
export interface LandlockFacts {
  /** The baseline by canonical path, what there is of it. */
  readonly baseline: readonly string[];
  /** Secrets in it that the caller could read. */
  readonly secrets: readonly { readonly canonical: string; readonly isFolder: boolean }[];
  /** What is in a folder, links left out. */
  readonly entriesOf: (folder: string) => readonly FolderEntry[];
  /** Processes and threads that the caller has already; 0 for root, whose are not limited. */
  readonly processes: number;
  /** Where a folder for temporary files can be made: a path that is not taken. */
  readonly scratch: string;
}

export interface FolderEntry {
  readonly name: string;
  readonly object: HostObject;
}

export type Controller = "memory" | "cpu" | "cpuacct" | "pids";

/** Where a control group can be made for the sandbox; found out by making one. */
export interface ControlGroup {
  readonly version: 1 | 2;
  /** The folder that it is made in. */
  readonly parent: string;
  readonly controllers: readonly Controller[];
}

/** Only looked up where a limit or a figure asks for it. */
export interface AccountingFacts {
  readonly groups: readonly ControlGroup[];
  /** Why a controller is in none of them; words behind 'because'. */
  readonly reasons: Readonly<Partial<Record<Controller, string>>>;
  /** What processes use can be seen in /proc; else, why not. */
  readonly sampling: true | string;
  /** What the caller's own groups allow, where a new one is beside them rather than in them. */
  readonly inherited: { readonly memory?: number; readonly cpus?: number; readonly pids?: number };
}

export interface HostFacts {
  readonly uid: number;
  readonly gid: number;
  /** The caller's folder, canonical. */
  readonly cwd: string;
  /** [major, minor] of the kernel. */
  readonly kernel: readonly [number, number];
  /** By path as the policy or the baseline has it. */
  readonly paths: ReadonlyMap<string, PathFacts>;
  /** Every symbolic link met on the way: its canonical place, and its text. */
  readonly links: ReadonlyMap<string, string>;
  /** Further canonical paths of a denied object: bind mounts and hard links in granted trees. */
  readonly aliases: ReadonlyMap<string, readonly string[]>;
  /** Where a part of a denied folder is mounted too, by the folder. */
  readonly aliasParts?: ReadonlyMap<string, readonly string[]>;
  /** In and around what the sandbox shows of the host, /proc itself left out. */
  readonly kernelMounts?: readonly KernelMount[];
  /** Denied objects whose hard links could not all be found within the bound. */
  readonly unboundedLinks: ReadonlySet<string>;
  readonly accounting?: AccountingFacts;
  /** Standard output or standard error is a terminal; only looked up where output is limited. */
  readonly printsToTerminal?: boolean;
  /** Only looked up where names are. */
  readonly resolver?: ResolverFacts;
}
