"""
Tries: a forbidden IPv4 address in IPv6's clothes: mapped, compatible, translated (64:ff9b::/96), 6to4,
Teredo, although all IPv6 is allowed.
Fails because: addresses are made canonical before they are compared, and what the host would send as
IPv4 is judged as IPv4.
Stopped by: the broker (EACCES).
@flags --allow-net=[::]/0,9.9.9.10 --deny-net=9.9.9.11
"""

import errno
import socket

from attack import attempt, twin, verdict

twin("mapped and permitted", lambda: socket.create_connection(("::ffff:9.9.9.10", 80)))
for text in ("::ffff:9.9.9.11", "::ffff:909:90b"):
    attempt(text, lambda: socket.create_connection((text, 666), timeout=3), errno.EACCES)
for text in ("::9.9.9.11", "64:ff9b::9.9.9.11", "2002:909:90b::1"):
    attempt(
        text,
        lambda: socket.create_connection((text, 666), timeout=1),
        *(errno.EACCES, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.ECONNREFUSED, None),
    )
verdict()
