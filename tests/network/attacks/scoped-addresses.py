"""
Tries: the host's own link-local addresses and neighbours by scope (fe80::…%interface), although every
address is allowed: the link's two ends, each interface number.
Fails because: the broker compares addresses without their scope with the host's own.
Stopped by: the broker (EACCES), the network namespace.
@flags --allow-net=0.0.0.0/0,[::]/0
"""

import errno
import socket

from attack import attempt, twin, verdict

twin("the world", lambda: socket.create_connection(("2600::10", 80)))
no = (errno.EACCES, errno.EINVAL, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENODEV, errno.ECONNREFUSED)


def connect(address, scope):
    fd = socket.socket(socket.AF_INET6)
    fd.settimeout(2)
    fd.connect((address, 18099, 0, scope))


for scope in range(4):
    attempt(f"::1%{scope}", lambda: connect("::1", scope), *no)
    attempt(f"2001:db8::1%{scope}", lambda: connect("2001:db8::1", scope), *no)
    attempt(f"::ffff:192.0.2.1%{scope}", lambda: connect("::ffff:192.0.2.1", scope), *no)
verdict()
