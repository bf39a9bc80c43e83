"""
Tries: another tenant of a shared address by HTTP: another Host, none, two, an absolute target, a Host
with a port, user or space, a folded header, obsolete versions, a bare LF.
Fails because: each request's head is read before it leaves, and what is not plain is refused.
Stopped by: the broker (403, closed).
@flags --allow-net=four.test:80
"""

import socket

from attack import attempt, twin, verdict


def ask(text):
    with socket.create_connection(("four.test", 80), timeout=4) as fd:
        fd.sendall(text.encode("latin1"))
        fd.shutdown(socket.SHUT_WR)
        data = b""
        while piece := fd.recv(4096):
            data += piece
    if b"host=" not in data:
        raise ConnectionResetError(104, "no answer of the server's")
    return data[-60:]


def get(host, target="/", version="1.1", more=""):
    return f"GET {target} HTTP/{version}\r\n{host}{more}Connection: close\r\n\r\n"


twin("the granted name", lambda: ask(get("Host: four.test\r\n")))
twin("with its port", lambda: ask(get("Host: four.test:80\r\n")))
no = (104, 107, 32, None)
for what, text in {
    "another": get("Host: other.test\r\n"),
    "none": get(""),
    "none, 1.0": get("", version="1.0"),
    "two": get("Host: four.test\r\nHost: other.test\r\n"),
    "two, the other way": get("Host: other.test\r\nHost: four.test\r\n"),
    "an absolute target": get("Host: four.test\r\n", "http://other.test/"),
    "with a user": get("Host: four.test@other.test\r\n"),
    "with a space": get("Host: four.test other.test\r\n"),
    "a space before the colon": get("Host : other.test\r\nHost: four.test\r\n"),
    "folded": get("Host: four.test\r\n other.test\r\n"),
    "a tab": get("Host:\tother.test\r\n"),
    "bare LF": get("Host: four.test\nHost: other.test\r\n"),
    "bare CR": get("Host: four.test\rHost: other.test\r\n"),
    "below the name": get("Host: other.test.four.test\r\n"),
    "a list": get("Host: four.test, other.test\r\n"),
    "an address": get("Host: 9.9.9.10\r\n"),
    "a zero byte": get("Host: four.test\0.other.test\r\n"),
    "CONNECT": "CONNECT other.test:80 HTTP/1.1\r\nHost: four.test\r\n\r\n" + get("Host: other.test\r\n"),
    "0.9": "GET /\r\n",
}.items():
    attempt(what, lambda: ask(text), *no)
verdict()
