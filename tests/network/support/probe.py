"""Tries destinations, `tcp|udp ADDRESS PORT` each, and prints one word for each: ok or an errno."""

import errno
import socket
import sys


def attempt(kind, address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as fd:
        fd.settimeout(3)
        try:
            fd.connect((address, int(port)))
            if kind == "udp":
                fd.send(b"hello")
                return "ok" if fd.recv(16) == b"hello" else "garbled"
            return "ok"
        except TimeoutError:
            return "timeout"
        except OSError as error:
            return errno.errorcode.get(error.errno, str(error))


words = sys.argv[1:]
while words:
    print(attempt(*words[:3]))
    words = words[3:]
