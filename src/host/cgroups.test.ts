/** What a host says of its control groups. */

import { describe, expect, test } from "bun:test";
import { hierarchiesOf, ownGroups } from "./cgroups.ts";

const MOUNTS = `22 1 0:20 / /sys rw - sysfs sysfs rw
30 22 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
32 30 0:28 /docker/1 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory
33 30 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate
`;

describe("control groups of a host", () => {
  test("hierarchies, version 2 before version 1", () => {
    const found = hierarchiesOf(MOUNTS);
    expect(found.map(({ version, mountPoint, root }) => [version, mountPoint, root])).toEqual([
      [2, "/sys/fs/cgroup/unified", "/"],
      [1, "/sys/fs/cgroup/cpu,cpuacct", "/"],
      [1, "/sys/fs/cgroup/memory", "/docker/1"],
    ]);
    expect(found[0]?.names).toEqual([""]);
    expect(found[1]?.names).toContain("cpuacct");
  });

  test("the caller's own, by controller", () => {
    const own = ownGroups("4:memory:/a:b\n3:cpu,cpuacct:/c\n0::/user.slice/x.scope\n");
    expect([...own]).toEqual([
      ["memory", "/a:b"],
      ["cpu", "/c"],
      ["cpuacct", "/c"],
      ["", "/user.slice/x.scope"],
    ]);
  });

  test("none", () => {
    expect(hierarchiesOf("")).toEqual([]);
    expect([...ownGroups("")]).toEqual([]);
  });
});
