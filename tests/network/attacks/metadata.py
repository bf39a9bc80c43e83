"""
Tries: the cloud's metadata service, in every spelling, although all the world is allowed but it.
Fails because: the rule is compared with the address, not with its spelling.
Stopped by: the broker (EACCES).
@flags --allow-net=0.0.0.0/0,[::]/0 --deny-net=169.254.0.0/16
"""

import errno
import socket

from attack import attempt, twin, verdict

twin("the world", lambda: socket.create_connection(("9.9.9.10", 80)))
for text in ("169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "169.16689662", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe"):
    attempt(text, lambda: socket.create_connection((text, 80), timeout=1), errno.EACCES)


def datagram():
    fd = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fd.settimeout(0.5)
    fd.connect(("169.254.169.254", 7))
    fd.send(b"x")
    fd.send(b"x")
    return fd.recv(9)


attempt("a datagram", datagram, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, None)
verdict()
