# Tries: to see the host's processes by listing /proc, by trying every number, and by task folders
# that readdir does not show.
# Fails because: /proc is of the sandbox's own pid namespace.
# Stopped by: the pid namespace: few small numbers, none of the host's.
import errno
import os
import sys

sys.path.insert(0, os.environ["PROGRAM"])
from attack import attempt, given, twin, verdict

twin("own folder", lambda: os.stat(f"/proc/{os.getpid()}"))


def strangers():
    seen = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    names = []
    for pid in range(1, 65536):
        if pid not in seen and not os.path.exists(f"/proc/{pid}/comm"):
            continue
        with open(f"/proc/{pid}/comm") as file:
            names.append((pid, file.read().strip()))
    foreign = [(pid, name) for pid, name in names if name not in ("mxc-init", "python3", "attack-program.py")]
    if not foreign and len(names) <= 3:
        raise OSError(errno.ESRCH, "none")
    return foreign or names


attempt("processes that are not the sandbox's", strangers, errno.ESRCH)
attempt("the victim", lambda: os.kill(int(given("VICTIM_PID")), 0), errno.ESRCH)
verdict()
