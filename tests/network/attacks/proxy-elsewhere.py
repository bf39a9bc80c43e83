"""
Tries: places that are not granted through the built-in proxy: CONNECT, GET with an absolute target
that differs from Host, SOCKS 4, 4a and 5 by name and address, the host's loopback in many spellings,
UDP associate and bind.
Fails because: the proxy asks the same rules about the same destination that it then goes to.
Stopped by: the broker's proxy (403, a SOCKS refusal).
@flags --allow-net=four.test:80,9.9.9.10:666 --net-proxy
@control none: there is no proxy
"""

import socket
import struct

from attack import attempt, twin, verdict


def talk(*pieces, size=4096):
    with socket.create_connection(("127.0.0.1", 3128), timeout=4) as fd:
        data = b""
        for piece in pieces:
            fd.sendall(piece)
            data = fd.recv(size)
        return data


def connect(target):
    reply = talk(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    if not reply.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
        raise ConnectionRefusedError(111, reply[:12].decode())


def fetch(target, host):
    reply = talk(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    if b" 200 " not in reply[:16]:
        raise ConnectionRefusedError(111, reply[:12].decode())
    return reply


def socks5(kind, address, port, command=1):
    greeting = talk(b"\5\1\0", b"\5" + bytes([command, 0, kind]) + address + struct.pack(">H", port))
    if len(greeting) < 2 or greeting[1] != 0:
        raise ConnectionRefusedError(111, repr(greeting))


def socks4(address, port, name=b""):
    reply = talk(b"\4\1" + struct.pack(">H", port) + address + b"user\0" + name)
    if len(reply) < 2 or reply[1] != 90:
        raise ConnectionRefusedError(111, repr(reply))


def name(text):
    return bytes([len(text)]) + text.encode()


twin("GET", lambda: fetch("http://four.test/", "four.test"))
twin("CONNECT", lambda: connect("9.9.9.10:666"))
twin("SOCKS5 by address", lambda: socks5(1, socket.inet_aton("9.9.9.10"), 666))
no = (111, 104, 32, None)
for target in (
    *("other.test:80", "four.test:443", "9.9.9.11:666", "[::ffff:9.9.9.11]:666", "127.0.0.1:18099", "localhost:18099"),
    *("127.1:18099", "0x7f.1:18099", "0.0.0.0:18099", "[::]:18099", "[::1]:18099", "[::ffff:127.0.0.1]:18099"),
    *("10.0.2.2:18099", "192.0.2.1:18099", "[2001:db8::1]:18099", "169.254.169.254:80", "four.test@other.test:80"),
    *("9.9.9.10:666@9.9.9.11:666", "four.test:80:80", "four.test", "four.test:0", "four.test:65536", "2130706433:18099"),
):
    attempt(f"CONNECT {target}", lambda: connect(target), *no)
attempt("GET another", lambda: fetch("http://other.test/", "four.test"), *no)
attempt("GET by address", lambda: fetch("http://9.9.9.11/", "four.test"), *no)
attempt("GET of the loopback", lambda: fetch("http://127.0.0.1:18099/", "four.test"), *no)
attempt("GET with a user", lambda: fetch("http://four.test@other.test/", "four.test"), *no)
attempt("GET by another scheme", lambda: fetch("file:///etc/passwd", "four.test"), *no)
attempt("SOCKS5 by name", lambda: socks5(3, name("other.test"), 80), *no)
attempt("SOCKS5 by address", lambda: socks5(1, socket.inet_aton("9.9.9.11"), 666), *no)
attempt("SOCKS5 by IPv6", lambda: socks5(4, socket.inet_pton(10, "::ffff:9.9.9.11"), 666), *no)
attempt("SOCKS5 to the loopback", lambda: socks5(1, socket.inet_aton("127.0.0.1"), 18099), *no)
attempt("SOCKS5, a name that is an address", lambda: socks5(3, name("127.0.0.1"), 18099), *no)
attempt("SOCKS5 bind", lambda: socks5(1, socket.inet_aton("9.9.9.10"), 666, 2), *no)
attempt("SOCKS5 UDP", lambda: socks5(1, socket.inet_aton("9.9.9.10"), 666, 3), *no)
attempt("SOCKS4", lambda: socks4(socket.inet_aton("9.9.9.11"), 666), *no)
attempt("SOCKS4a", lambda: socks4(b"\0\0\0\1", 80, b"other.test\0"), *no)
verdict()
