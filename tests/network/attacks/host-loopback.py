"""
Tries: a service of the host's loopback in every spelling of "this machine", although every address is
allowed.
Fails because: the host's loopback and its own addresses are granted by their own rule only; inside,
127.0.0.1 is the sandbox's own.
Stopped by: the broker (EACCES), the network namespace (ECONNREFUSED, ENETUNREACH).
@flags --allow-net=0.0.0.0/0,[::]/0
"""

import errno
import socket

from attack import attempt, twin, verdict

twin("the world", lambda: socket.create_connection(("9.9.9.10", 80)))
# Or nobody answers at all.
no = (errno.EACCES, errno.ECONNREFUSED, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EINVAL, errno.EHOSTUNREACH, None)
for text in (
    *("127.0.0.1", "127.1", "127.255.255.254", "0x7f.1", "0177.0.0.1", "2130706433", "0.0.0.0", "0", "localhost"),
    *("::1", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "::127.0.0.1", "::ffff:7f00:1", "64:ff9b::7f00:1"),
    *("10.0.2.2", "10.0.2.100", "::ffff:10.0.2.2", "192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "255.255.255.255", "0.0.0.1"),
):
    attempt(text, lambda: socket.create_connection((text, 18099), timeout=1), *no)
verdict()
