/** Arithmetic on absolute POSIX paths, as text. */

/** `.` and empty parts go; `..` stays, since what it means depends on links before it. */
export function normalise(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return `/${parts.join("/")}`;
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}

export function join(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}

/** Equal to or below. */
export function isWithin(path: string, folder: string): boolean {
  if (folder === "/" || path === folder) return true;
  return path.length > folder.length && path.startsWith(folder) && path[folder.length] === "/";
}

/** `path` moved from below `from` to below `to`. */
export function rebase(path: string, from: string, to: string): string {
  const rest = from === "/" ? path.slice(1) : path.slice(from.length + 1);
  if (path === from || rest === "") return to;
  return join(to, rest);
}

/** Parts below the root: 0 for `/`. */
export function depthOf(path: string): number {
  if (path === "/") return 0;
  let depth = 0;
  for (let index = 0; index < path.length; index += 1) if (path[index] === "/") depth += 1;
  return depth;
}

/** From `/` down to the path's parent. */
export function ancestorsOf(path: string): string[] {
  const out: string[] = [];
  for (let at = path; at !== "/"; ) {
    at = parentOf(at);
    out.unshift(at);
  }
  return out;
}
