"""
Tries: a forbidden IPv4 address by way of a translator, as networks with NAT64 have (64:ff9b::/96, RFC
6052), and by 6to4 (2002::/16), although all IPv6 is allowed. The test's servers answer at those.
Fails because: the IPv4 address inside is judged too.
Stopped by: the broker (EACCES).
@flags --allow-net=[::]/0,9.9.9.10 --deny-net=9.9.9.11
"""

import errno
import socket

from attack import attempt, twin, verdict

twin("IPv6", lambda: socket.create_connection(("2600::10", 80)))
for text in ("64:ff9b::9.9.9.11", "2002:909:90b::1"):
    attempt(text, lambda: socket.create_connection((text, 666), timeout=3), errno.EACCES)
verdict()
