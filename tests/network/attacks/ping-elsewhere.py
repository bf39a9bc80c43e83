"""
Tries: pings to a forbidden address, to the host and to groups; data in them; other messages than an
echo (redirect, timestamp) by a ping socket.
Fails because: pings cross the sandbox's device and are judged by their destination.
Stopped by: the broker.
@flags --allow-net=9.9.9.10/icmp
"""

import socket
import struct

from attack import attempt, twin, verdict


def ping(address, kind=8):
    fd = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
    fd.settimeout(0.3)
    fd.sendto(struct.pack(">BBHHH", kind, 0, 0, 1, 1) + b"data", (address, 0))
    return fd.recv(99)


twin("the permitted one", lambda: ping("9.9.9.10"))
no = (None, 101, 111, 113, 13, 1, 22)
for address in ("9.9.9.11", "169.254.169.254", "192.0.2.1", "10.0.2.2", "255.255.255.255", "224.0.0.1"):
    attempt(address, lambda: ping(address), *no)
for kind in (5, 13, 0):
    attempt(f"type {kind}", lambda: ping("9.9.9.10", kind), *no)
verdict()
