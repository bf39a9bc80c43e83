"""
Tries: a second request, for another host, hidden in the body of the first: two lengths, a length and
chunks, chunks in odd spellings, a length with a sign, an upgrade, pipelining.
Fails because: bodies are followed by the one length that both sides see; what is ambiguous is refused.
Stopped by: the broker (403, closed).
@flags --allow-net=four.test:80
"""

import socket

from attack import attempt, twin, verdict

HIDDEN = "GET /hidden HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n"


def ask(*texts):
    data = b""
    with socket.create_connection(("four.test", 80), timeout=2) as fd:
        for text in texts:
            fd.sendall(text.encode())
        try:
            while piece := fd.recv(4096):
                data += piece
        except TimeoutError:
            pass
    if b"host=other.test" not in data:
        raise ConnectionResetError(104, f"{data[:40]!r}")
    return data


def post(headers, body=""):
    return f"POST / HTTP/1.1\r\nHost: four.test\r\n{headers}\r\n{body}"


def kept():
    with socket.create_connection(("four.test", 80), timeout=4) as fd:
        for _ in range(3):
            fd.sendall(b"GET / HTTP/1.1\r\nHost: four.test\r\n\r\n")
            while b"host=" not in fd.recv(4096):
                pass


twin("three requests on one connection", kept)
no = (104, 32, None)
length = f"Content-Length: {len(HIDDEN)}\r\n"
for what, texts in {
    "plain pipelining": ("GET / HTTP/1.1\r\nHost: four.test\r\n\r\n" + HIDDEN,),
    "after an answer": ("GET / HTTP/1.1\r\nHost: four.test\r\n\r\n", HIDDEN),
    "length 0 and another": (post("Content-Length: 0\r\n" + length, HIDDEN),),
    "two lengths in one": (post(f"Content-Length: 0, {len(HIDDEN)}\r\n", HIDDEN),),
    "length and chunks": (post("Transfer-Encoding: chunked\r\n" + length, "0\r\n\r\n" + HIDDEN),),
    "chunks, then another request": (post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n" + HIDDEN),),
    "a chunk's extension": (post("Transfer-Encoding: chunked\r\n", "0;a=b\r\n\r\n" + HIDDEN),),
    "trailers": (post("Transfer-Encoding: chunked\r\n", "0\r\nHost: other.test\r\n\r\n" + HIDDEN),),
    "xchunked": (post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n" + HIDDEN),),
    "identity": (post("Transfer-Encoding: identity\r\n" + length, HIDDEN),),
    "chunked twice": (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n" + HIDDEN),),
    "a space before the colon": (post("Transfer-Encoding : chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" + HIDDEN),),
    "a vertical tab": (post("Transfer-Encoding:\x0bchunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" + HIDDEN),),
    "a signed length": (post("Content-Length: +0\r\n", HIDDEN),),
    "a negative length": (post("Content-Length: -1\r\n", HIDDEN),),
    "a length of hexadecimals": (post("Content-Length: 0x0\r\n", HIDDEN),),
    "a huge length": (post("Content-Length: 18446744073709551616\r\n", HIDDEN),),
    "a huge chunk": (post("Transfer-Encoding: chunked\r\n", "10000000000000000\r\n\r\n" + HIDDEN),),
    "a GET with a body": ("GET / HTTP/1.1\r\nHost: four.test\r\nContent-Length: 0\r\n\r\n" + HIDDEN,),
    "an upgrade": ("GET / HTTP/1.1\r\nHost: four.test\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + HIDDEN,),
    "an upgrade to a web socket": ("GET / HTTP/1.1\r\nHost: four.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", HIDDEN),
    "HTTP/2 without TLS": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + HIDDEN,),
    "an expectation": (post("Content-Length: 0\r\nExpect: 100-continue\r\n", HIDDEN),),
}.items():
    attempt(what, lambda: ask(*texts), *no)
verdict()
