"""
Tries: a granted name in CONNECT, and another behind it: in the greeting's name, in a plain request's
Host, and as a second CONNECT within the first.
Fails because: what is granted by name is looked at behind the proxy too.
Stopped by: the broker (closed, 403).
@flags --allow-net=four.test --net-proxy
@control none: there is no proxy
"""

import socket
import ssl

from attack import attempt, twin, verdict

context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE


def tunnel(port):
    fd = socket.create_connection(("127.0.0.1", 3128), timeout=4)
    fd.sendall(f"CONNECT four.test:{port} HTTP/1.1\r\nHost: four.test:{port}\r\n\r\n".encode())
    if b" 200 " not in fd.recv(4096)[:16]:
        raise ConnectionRefusedError(111, "no tunnel")
    return fd


def tls(name):
    with context.wrap_socket(tunnel(443), server_hostname=name) as fd:
        fd.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
        return fd.recv(999)


def plain(*texts):
    with tunnel(80) as fd:
        data = b""
        for text in texts:
            fd.sendall(text.encode())
            data = fd.recv(4096)
    if b" 200 " not in data[:16]:
        raise ConnectionResetError(104, repr(data[:20]))
    return data


twin("TLS to the granted name", lambda: tls("four.test"))
twin("HTTP to the granted name", lambda: plain("GET / HTTP/1.1\r\nHost: four.test\r\n\r\n"))
no = (104, 32, 111, 1, 5, 8, None, 0)
attempt("TLS to another", lambda: tls("other.test"), *no)
attempt("HTTP to another", lambda: plain("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n"), *no)
attempt(
    "HTTP to another, second",
    lambda: plain("GET / HTTP/1.1\r\nHost: four.test\r\n\r\n", "GET / HTTP/1.1\r\nHost: other.test\r\n\r\n"),
    *no,
)
attempt("CONNECT within", lambda: plain("CONNECT other.test:80 HTTP/1.1\r\nHost: other.test\r\n\r\n"), *no)
verdict()
