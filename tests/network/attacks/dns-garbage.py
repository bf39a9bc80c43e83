"""
Tries: to bring the resolver down with what is no query: random bytes, compression that points at
itself, thousands of questions, answers, lengths that do not fit, half a query by TCP and then
nothing, hundreds of TCP connections at once.
Fails because: what is no query is dropped, and a connection that says nothing is one of few.
Stopped by: the broker's resolver.
@flags --allow-net=four.test
@control none: there is no resolver of ours to bring down
"""

import random
import socket
import struct

from net import attempt_that, twin, verdict


def look_up():
    socket.setdefaulttimeout(5)
    return socket.gethostbyname("four.test")


twin("a look-up", look_up)
random.seed(7)
fd = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fd.connect(("127.0.0.1", 53))
head = struct.pack(">HHHHHH", 1, 0x0100, 1, 0, 0, 0)
question = b"\4four\4test\0" + struct.pack(">HH", 1, 1)
odd = [
    b"", b"\0", head, head + b"\xc0\x0c\0\1\0\1", head + b"\xc0\x0e\xc0\x0c\0\1\0\1", head + b"\x3f" + b"a" * 30,
    head + b"\x7fabc\0\0\1\0\1", head + question + question * 50, struct.pack(">HHHHHH", 1, 0x8180, 1, 1, 0, 0) + question,
    struct.pack(">HHHHHH", 1, 0x0100, 65535, 65535, 65535, 65535) + question, head + (b"\1a" * 200) + b"\0\0\1\0\1",
    struct.pack(">HHHHHH", 1, 0x2900, 1, 0, 0, 0) + question, head + b"\0" * 60000,
]
for _ in range(3000):
    data = bytearray(random.choice(odd) or b"x")
    for _ in range(random.randrange(4)):
        data[random.randrange(len(data))] = random.randrange(256)
    try:
        fd.send(bytes(data))
    except OSError:
        pass
held = []
for i in range(300):
    one = socket.socket()
    one.settimeout(1)
    try:
        one.connect(("127.0.0.1", 53))
        one.send(struct.pack(">H", 65535) + head[: i % 12])
        held.append(one)
    except OSError:
        pass
ok = True
try:
    look_up()
except OSError as error:
    print(error)
    ok = False
attempt_that("bringing it down", not ok, "served")
twin("a look-up afterwards", look_up)
twin("a connection by it", lambda: socket.create_connection(("four.test", 80)))
verdict()
