"""
Tries: what is denied inside something allowed: an address in an allowed block, a name below an allowed
wildcard, a name that is denied at an allowed address, through TCP, UDP and names in other spellings.
Fails because: what denies goes before what allows, by whichever way an address was found.
Stopped by: the broker (EACCES), its resolver.
@flags --allow-net=9.9.9.0/24,*.wild.test,9.9.9.0/24/udp --deny-net=9.9.9.11,sub.wild.test
"""

import errno
import socket

from attack import attempt, twin, verdict


def datagram(address):
    fd = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fd.settimeout(1)
    fd.sendto(b"x", (address, 7))
    return fd.recv(9)


twin("the block", lambda: socket.create_connection(("9.9.9.10", 80)))
attempt("TCP", lambda: socket.create_connection(("9.9.9.11", 666)), errno.EACCES)
attempt("TCP, mapped", lambda: socket.create_connection(("::ffff:9.9.9.11", 666)), errno.EACCES)
attempt("UDP", lambda: datagram("9.9.9.11"), None, 101, 111, 113, 13)
no = (-2, -3, -4, -5, errno.EACCES)
for name in ("sub.wild.test", "SUB.wild.test", "sub.wild.test.", "sUb.WILD.tEst"):
    attempt(name, lambda: socket.create_connection((name, 80), timeout=3), *no)
verdict()
