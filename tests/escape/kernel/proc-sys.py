# Tries: to open every kernel setting of /proc/sys for writing, as root too: core_pattern (a program
# that the kernel runs on the host), modprobe, sysrq, overcommit and the rest. Nothing is written.
# Fails because: /proc/sys is a read-only mount.
# Stopped by: the read-only mount (EROFS), permissions (EACCES). MXC's bubblewrap backend as root
# lets the workload write the host's settings.
# @control root: they are root's
import errno
import os
import sys

sys.path.insert(0, os.environ["PROGRAM"])
from attack import attempt, twin, verdict

twin("read a setting", lambda: open("/proc/sys/kernel/pid_max").read())
for folder in ("/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs"):
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            attempt(path, lambda: os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK)), errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT)
verdict()
