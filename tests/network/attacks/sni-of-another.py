"""
Tries: another tenant of a shared address: TLS to the address of a granted name with the name of
another, without one, with two records, the greeting in small pieces, after other bytes.
Fails because: the greeting is read whole before it leaves, and its name must be a granted one.
Stopped by: the broker (the connection is closed).
@flags --allow-net=four.test:443
"""

import socket
import ssl

from attack import attempt, twin, verdict

context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE


def greet(name):
    with context.wrap_socket(socket.create_connection(("four.test", 443), timeout=4), server_hostname=name) as fd:
        host = name or "four.test"
        fd.send(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return fd.recv(99)


def hello(name):
    """The greeting's bytes."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing, server_hostname=name)
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def send(*pieces):
    with socket.create_connection(("four.test", 443), timeout=4) as fd:
        fd.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            fd.sendall(piece)
        data = fd.recv(99)
        # An alert of the broker's (21) is no answer of the server's (22, a handshake).
        if not data or data[0] == 21:
            raise ConnectionResetError(104, "closed")
        return data


def records(message, size):
    """The greeting cut into records of at most so many bytes."""
    body = message[5:]
    parts = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(b"\x16\x03\x01" + len(part).to_bytes(2, "big") + part for part in parts)


twin("the granted name", lambda: greet("four.test"))
twin("in capitals", lambda: greet("FOUR.test"))
good, bad = hello("four.test"), hello("other.test")
twin("byte by byte", lambda: send(*[good[i : i + 1] for i in range(len(good))]))
no = (104, 32, 1, 5, 8, None, 0)
attempt("another name", lambda: greet("other.test"), *no)
attempt("no name", lambda: greet(None), *no)
attempt("below the name", lambda: greet("x.four.test"), *no)
attempt("byte by byte, another", lambda: send(*[bad[i : i + 1] for i in range(len(bad))]), *no)
attempt("records of 7 bytes, another", lambda: send(records(bad, 7)), *no)
attempt("records of 1 byte, another", lambda: send(records(bad, 1)), *no)
attempt("an address as name", lambda: greet("9.9.9.10"), *no)
verdict()
