"""
Tries: to go past the proxy, although the policy points at it: NO_PROXY=*, variables taken away, sockets
of its own, a relay of its own inside that forwards CONNECTs for others.
Fails because: the rules hold for every connection; the variables are a convenience for clients.
Stopped by: the broker (EACCES).
@flags --allow-net=four.test:80 --net-proxy
"""

import errno
import os
import socket
import threading
import urllib.request

from attack import attempt, twin, verdict


def relay(server):
    client, _ = server.accept()
    target = client.recv(4096).split()[1].decode()
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=3)
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    except OSError as error:
        client.sendall(f"HTTP/1.1 502 {error.errno}\r\n\r\n".encode())


def through_own_relay():
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=relay, args=(server,), daemon=True).start()
    with socket.create_connection(server.getsockname()) as fd:
        fd.sendall(b"CONNECT 9.9.9.11:666 HTTP/1.1\r\n\r\n")
        reply = fd.recv(99).decode()
    if " 200 " not in reply:
        raise OSError(int(reply.split()[2]), reply)


twin("the granted name", lambda: urllib.request.urlopen("http://four.test/", timeout=5).read())
for variable in list(os.environ):
    if variable.lower().endswith("_proxy"):
        del os.environ[variable]
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
twin("the granted name without the proxy", lambda: urllib.request.urlopen("http://four.test/", timeout=5).read())
attempt("a forbidden address", lambda: socket.create_connection(("9.9.9.11", 666)), errno.EACCES)
attempt("a relay of its own", through_own_relay, errno.EACCES)
verdict()
