"""
Tries: a granted name whose server says that it is the host's loopback, the host's address, the
metadata service, the sandbox's own addresses; and the addresses themselves afterwards.
Fails because: such answers are dropped unless a rule grants the addresses.
Stopped by: the broker's resolver.
@flags --allow-net=rebind.test,mixed.test
@control none: the answers lead to the machine itself
"""

import errno
import socket

from net import attempt, attempt_that, twin, verdict

twin("the public one of its answers", lambda: socket.create_connection(("mixed.test", 80)))
attempt("only inner answers", lambda: socket.getaddrinfo("rebind.test", 80), -2, -3, -4, -5)
found = {entry[4][0] for entry in socket.getaddrinfo("mixed.test", 80)}
attempt_that(f"inner ones among others: {found}", bool(found - {"9.9.9.10"}), "dropped")
for address in ("192.0.2.1", "169.254.169.254", "10.9.0.10"):
    attempt(address, lambda: socket.create_connection((address, 80), timeout=2), errno.EACCES)
attempt("the host's loopback", lambda: socket.create_connection(("127.0.0.1", 18099)), errno.ECONNREFUSED)
verdict()
