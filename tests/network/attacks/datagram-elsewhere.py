"""
Tries: datagrams to another than the permitted destination, from a socket that is connected to that
one: sendto, sendmsg, a reconnect, other ports, IPv4 through an IPv6 socket.
Fails because: each datagram crosses the sandbox's device and is judged by its own destination.
Stopped by: the broker.
@flags --allow-net=9.9.9.10:7/udp
"""

import socket

from attack import attempt, twin, verdict


def ask(fd, data, *to):
    fd.settimeout(0.3)
    if to:
        fd.sendto(data, to[0])
    else:
        fd.send(data)
    return fd.recvfrom(99)


def mapped():
    fd = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    return ask(fd, b"x", ("::ffff:9.9.9.11", 7))


fd = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fd.connect(("9.9.9.10", 7))
twin("the permitted one", lambda: ask(fd, b"x"))
# Nothing comes back, or the broker says that there is no way.
no = (None, 101, 111, 113, 13)
attempt("sendto", lambda: ask(fd, b"x", ("9.9.9.11", 7)), *no)
attempt("another port", lambda: ask(fd, b"x", ("9.9.9.10", 666)), *no)
attempt("mapped", mapped, *no)


def again():
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.connect(("9.9.9.10", 7))
    other.connect(("9.9.9.11", 7))
    return ask(other, b"x")


attempt("connected anew", again, *no)
for address in ("10.0.2.2", "192.0.2.1", "127.0.0.1", "2600::11", "255.255.255.255", "224.0.0.1", "10.0.2.255"):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    def send():
        other = socket.socket(family, socket.SOCK_DGRAM)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        return ask(other, b"x", (address, 18099 if family == socket.AF_INET else 7))

    attempt(address, send, *no)
twin("still the permitted one", lambda: ask(fd, b"y"))
verdict()
