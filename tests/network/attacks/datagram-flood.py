"""
Tries: to exhaust the broker with datagram flows: thousands of sources and forbidden destinations, and
datagrams as fast as they go.
Fails because: flows are bounded in number and age; a denied one has no socket of the host's.
Stopped by: the broker.
@flags --allow-net=9.9.9.10:7/udp,9.9.9.10:1024-65535/udp,9.9.9.10:80
@control none: there is no broker to exhaust
"""

import socket

from attack import attempt, twin, verdict


def ask(address):
    fd = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fd.settimeout(3)
    fd.sendto(b"x", (address, 7))
    return fd.recv(9)


twin("an echo", lambda: ask("9.9.9.10"))
for i in range(6000):
    fd = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        fd.sendto(b"x", ("9.9.9.11" if i % 2 else "9.9.9.10", 7 if i % 3 else 1024 + i))
    except OSError:
        pass
    fd.close()
attempt("a forbidden one", lambda: ask("9.9.9.11"), None, 101, 111, 113, 13)
twin("a connection afterwards", lambda: socket.create_connection(("9.9.9.10", 80), timeout=5))
verdict()
