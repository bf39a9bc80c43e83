"""
Tries: to be let into the listener on the sandbox's loopback through which connections by name go: to
find it among the sandbox's listening ports and to connect to it before, while and after another does.
Fails because: only the socket whose connect the broker performs is let in; others are reset.
Stopped by: the broker.
@flags --allow-net=four.test
@control none: there is no such listener
"""

import socket
import threading

from net import attempt_that, twin, verdict

twin("a connection by name", lambda: socket.create_connection(("four.test", 80)))


def listening():
    ports = set()
    with open("/proc/net/tcp") as file:
        for line in list(file)[1:]:
            words = line.split()
            if words[3] == "0A":
                ports.add(int(words[1].split(":")[1], 16))
    return ports


over = False
served = []


def intrude():
    while not over:
        for port in listening() - {53}:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1) as fd:
                    fd.sendall(b"GET / HTTP/1.1\r\nHost: other.test\r\n\r\n")
                    if data := fd.recv(99):
                        served.append((port, data))
            except OSError:
                pass


for _ in range(4):
    threading.Thread(target=intrude, daemon=True).start()
wrong = []
for i in range(100):
    try:
        with socket.create_connection(("four.test", 80), timeout=10) as fd:
            fd.sendall(b"GET / HTTP/1.1\r\nHost: four.test\r\nConnection: close\r\n\r\n")
            data = fd.makefile("rb").read()
            if b"host=four.test" not in data:
                wrong.append((i, data))
    except OSError as error:
        wrong.append((i, error))
over = True
if wrong:
    print(f"{len(wrong)} of 100 without their own answer: {wrong[:3]}")
twin("its own answers", lambda: [][len(wrong) :] if not wrong else open("/none"))
attempt_that(f"an answer to an intruder {served[:1]}", any(b"other" in data for _, data in served), "reset")
verdict()
