"""
Tries: to be the sandbox's resolver or proxy, and so to say which addresses a name has: listen on
127.0.0.1:53 and :3128 with SO_REUSEADDR and SO_REUSEPORT; answer for other processes; then to
connect to a forbidden address under a granted name.
Fails because: the places are taken by sockets that share with nobody, and what the workload says
about a name is no record of the broker's.
Stopped by: the kernel (EADDRINUSE), the broker (EACCES).
@flags --allow-net=four.test:80 --net-proxy
@control none: without a sandbox the places are others
"""

import errno
import socket

from attack import attempt, twin, verdict

twin("the granted name", lambda: socket.create_connection(("four.test", 80)))
for kind, port in ((socket.SOCK_DGRAM, 53), (socket.SOCK_STREAM, 53), (socket.SOCK_STREAM, 3128)):
    for address in ("127.0.0.1", "0.0.0.0"):

        def take():
            fd = socket.socket(socket.AF_INET, kind)
            fd.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            fd.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            fd.bind((address, port))
            if kind == socket.SOCK_STREAM:
                fd.listen()

        attempt(f"{address}:{port}", take, errno.EADDRINUSE, errno.EACCES)
with open("/tmp/hosts", "w") as file:
    file.write("9.9.9.11 four.test\n")
attempt("the address that it would say", lambda: socket.create_connection(("9.9.9.11", 80)), errno.EACCES)
verdict()
