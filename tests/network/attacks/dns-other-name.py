"""
Tries: names that no rule grants, to carry data out in them: other names, names below a granted one,
all kinds of records, in other letters, with dots at their ends, with bytes that are no letters.
Fails because: the resolver asks nobody about a name that no rule grants.
Stopped by: the broker's resolver (REFUSED or no such name).
@flags --allow-net=four.test
@control none: the answer would come from another resolver
"""

import random
import socket
import struct

from net import attempt, attempt_that, twin, verdict


def query(name, kind, server="127.0.0.1", stream=False):
    """The number of answers; -1 is a refusal, -2 silence."""
    labels = name if isinstance(name, list) else [part.encode() for part in name.split(".")]
    message = struct.pack(">HHHHHH", random.randrange(65536), 0x0100, 1, 0, 0, 0)
    message += b"".join(bytes([len(part)]) + part for part in labels) + b"\0" + struct.pack(">HH", kind, 1)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM) as fd:
            fd.settimeout(2)
            fd.connect((server, 53))
            fd.send(struct.pack(">H", len(message)) + message if stream else message)
            reply = fd.recv(4096)[2 if stream else 0 :]
    except OSError:
        return -2
    return struct.unpack(">H", reply[6:8])[0] if len(reply) >= 12 and reply[3] & 15 == 0 else -1


twin("the granted one", lambda: query("four.test", 1) == 1 or int("none"))
twin("by TCP", lambda: query("four.test", 1, stream=True) == 1 or int("none"))
for name in (
    *("other.test", "secret.four.test", "x.four.test", "four.test.other.test", "four.tes", "afour.test", "test"),
    *("four.test.test", "localhost.other.test", "FOUR.TEST.evil", "1.0.0.127.in-addr.arpa", "10.9.9.9.in-addr.arpa"),
):
    for kind in (1, 28):
        for stream in (False, True):
            attempt_that(f"{name} {kind}", query(name, kind, stream=stream) > 0, "refused")
for kind in (2, 5, 6, 12, 15, 16, 33, 35, 48, 65, 99, 250, 252, 255, 65280):
    attempt_that(f"four.test, type {kind}", query("four.test", kind) > 0, "none")
attempt_that("a dot in a label", query([b"four.test"], 1) > 0, "refused")
attempt_that("a zero in a label", query([b"four\0x", b"test"], 1) > 0, "refused")
attempt_that("another server", query("other.test", 1, "192.0.2.53") > 0, "silence")
attempt_that("another server by TCP", query("other.test", 1, "192.0.2.53", True) > 0, "silence")
attempt_that("the gateway", query("other.test", 1, "10.0.2.2") > 0, "silence")
attempt("a look-up of libc's", lambda: socket.gethostbyname("other.test"), -2, -3, -5, -4)
verdict()
