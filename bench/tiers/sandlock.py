"""Launches of /bin/true by sandlock's Python package: the median of some, in milliseconds.

The package is a library: a program that has it loaded pays for the launch alone.
Arguments: the folder that it is installed in, how many launches.
"""

import statistics
import sys
import time

sys.path.insert(0, sys.argv[1])

from sandlock import Sandbox  # noqa: E402

READABLE = ["/usr", "/etc", "/bin", "/lib", "/lib64"]


def launch() -> float:
    before = time.perf_counter()
    result = Sandbox(fs_readable=READABLE).run(["/bin/true"])
    if not result.success:
        raise SystemExit(f"it does not run here: {result}")
    return (time.perf_counter() - before) * 1000


launch()
print(statistics.median(launch() for _ in range(int(sys.argv[2]))))
