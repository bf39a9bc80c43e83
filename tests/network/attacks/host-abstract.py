"""
Tries: to connect to an abstract Unix socket of the host's, and to send to it, with sockets of the
sandbox's and through the broker's agent.
Fails because: abstract names belong to a network namespace, and the sandbox's is another.
Stopped by: the network namespace (ECONNREFUSED).
"""

import errno
import socket

from attack import attempt, twin, verdict

server = socket.socket(socket.AF_UNIX)
server.bind("\0own")
server.listen()
twin("one of its own", lambda: socket.socket(socket.AF_UNIX).connect("\0own"))
attempt("a stream", lambda: socket.socket(socket.AF_UNIX).connect("\0mxc-host-agent"), errno.ECONNREFUSED)
attempt(
    "a datagram",
    lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).connect("\0mxc-host-agent"),
    errno.ECONNREFUSED,
)
verdict()
