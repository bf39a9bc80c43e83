"""
Tries: a forbidden IPv4 address as an IPv4-mapped IPv6 one, in its spellings, although all IPv6 is
allowed.
Fails because: addresses are made canonical before they are compared.
Stopped by: the broker (EACCES).
@flags --allow-net=[::]/0,9.9.9.10 --deny-net=9.9.9.11
"""

import errno
import socket

from attack import attempt, twin, verdict

twin("mapped and permitted", lambda: socket.create_connection(("::ffff:9.9.9.10", 80)))
for text in ("::ffff:9.9.9.11", "::ffff:909:90b", "0:0:0:0:0:ffff:909:90b", "::FFFF:9.9.9.11"):
    attempt(text, lambda: socket.create_connection((text, 666), timeout=3), errno.EACCES)
verdict()
