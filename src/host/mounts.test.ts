/** Which mounts are seen, and what of them is another mount's too, from mountinfo's text. */

import { describe, expect, test } from "bun:test";
import { findKernelMounts, Mounts } from "./mounts.ts";

/** `id parent device root point [type]` a line, as in mountinfo. */
function mountinfo(...lines: string[]): string {
  return lines
    .map((line) => {
      const [id, parent, device, root, point, type = "ext4"] = line.split(" ");
      return `${id} ${parent} ${device} ${root} ${point} rw,relatime shared:1 - ${type} source rw\n`;
    })
    .join("");
}

const HOST = ["20 1 8:1 / /", "21 20 0:5 / /proc proc", "22 20 0:6 / /sys sysfs"];

describe("the mount that is seen at a path", () => {
  const ids = (path: string, ...lines: string[]) =>
    new Mounts(mountinfo(...HOST, ...lines)).at(path)?.id;

  test("is the deepest", () => {
    expect(ids("/a/b/c", "30 20 8:2 / /a", "31 30 8:3 / /a/b")).toBe("31");
    expect(ids("/a/x", "30 20 8:2 / /a", "31 30 8:3 / /a/b")).toBe("30");
    expect(ids("/ab", "30 20 8:2 / /a")).toBe("20");
  });

  test("is the one on top, in whatever order they are listed", () => {
    expect(ids("/a", "30 20 8:2 / /a", "31 30 8:3 / /a")).toBe("31");
    expect(ids("/a", "31 30 8:3 / /a", "30 20 8:2 / /a")).toBe("31");
  });

  test("is not below one that was mounted over the folder above", () => {
    expect(ids("/a/b", "30 20 8:2 / /a/b", "31 20 8:3 / /a")).toBe("31");
  });

  test("is nothing where the root is no mount", () => {
    expect(new Mounts(mountinfo("30 20 8:2 / /a")).at("/b")).toBeUndefined();
  });
});

describe("elsewhere", () => {
  const elsewhere = (path: string, ...lines: string[]) =>
    new Mounts(mountinfo(...HOST, ...lines)).elsewhere(path);

  test("the whole of it, by what is above it or itself", () => {
    expect(elsewhere("/a/b", "30 20 8:1 /a /x")).toEqual({ whole: ["/x/b"], parts: [] });
    expect(elsewhere("/a/b", "30 20 8:1 /a/b /x")).toEqual({ whole: ["/x"], parts: [] });
    expect(elsewhere("/x/b", "30 20 8:1 /a /x")).toEqual({ whole: ["/a/b"], parts: [] });
  });

  test("parts of it", () => {
    expect(elsewhere("/a", "30 20 8:1 /a/b /x", "31 20 8:1 /ab /y")).toEqual({
      whole: [],
      parts: ["/x"],
    });
  });

  test("of what is mounted in it", () => {
    const disk = "30 20 8:2 / /a/disk";
    expect(elsewhere("/a", disk, "31 20 8:2 /part /x")).toEqual({ whole: [], parts: ["/x"] });
    expect(elsewhere("/a", disk, "31 20 8:2 / /x")).toEqual({ whole: [], parts: ["/x"] });
  });

  test("not in itself, nor a folder that it is in", () => {
    expect(elsewhere("/a", "30 20 8:1 /a/b /a/c")).toEqual({ whole: [], parts: [] });
    expect(elsewhere("/a", "30 20 8:1 / /a/root")).toEqual({ whole: [], parts: [] });
  });

  test("not where another mount is over it", () => {
    expect(elsewhere("/a", "30 20 8:1 /a /x", "31 30 8:3 / /x")).toEqual({ whole: [], parts: [] });
    expect(elsewhere("/a", "30 20 8:1 /a/b /x/y", "31 20 8:3 / /x")).toEqual({
      whole: [],
      parts: [],
    });
  });

  test("names with spaces", () => {
    expect(elsewhere("/a b", "30 20 8:1 /a\\040b /x\\040y").whole).toEqual(["/x y"]);
  });
});

describe("the kernel's file systems", () => {
  const find = (folders: readonly string[], ...lines: string[]) =>
    findKernelMounts(mountinfo(...HOST, ...lines), folders);

  test("in a folder, around it, not beside it", () => {
    const jail = "30 20 0:5 / /jail/proc proc";
    expect(find(["/jail"], jail)).toEqual([{ point: "/jail/proc", type: "proc" }]);
    expect(find(["/jail/proc/1"], jail)).toEqual([{ point: "/jail/proc", type: "proc" }]);
    expect(find(["/jail/pro", "/home"], jail)).toEqual([]);
    expect(find(["/"]).map(({ point }) => point)).toEqual(["/sys"]);
  });

  test("of the types that are the kernel's, by their whole name", () => {
    for (const type of ["cgroup", "cgroup2", "debugfs", "tracefs", "securityfs", "bpf", "devpts"])
      expect(find(["/a"], `30 20 0:9 / /a/b ${type}`)).toEqual([{ point: "/a/b", type }]);
    for (const type of ["tmpfs", "ext4", "fuse.procfs", "nfs", "overlay", "procfs"])
      expect(find(["/a"], `30 20 0:9 / /a/b ${type}`)).toEqual([]);
  });

  test("not what another mount covers", () => {
    expect(find(["/a"], "30 20 0:5 / /a proc", "31 30 0:9 / /a tmpfs")).toEqual([]);
  });
});
