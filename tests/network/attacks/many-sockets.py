"""
Tries: to exhaust the broker: as many connections at once as its limits allow, up to ten thousand,
and as many that wait for a server that says nothing.
Fails because: a connection that was handed over is the workload's alone, and one that waits is one of
a bounded number.
Stopped by: the broker.
@flags --allow-net=9.9.9.10,9.9.9.99
@control none: there is no broker to exhaust
"""

import resource
import socket
import time

from attack import attempt, twin, verdict

limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
wanted = min(10000, limit - 100)
held = []
for _ in range(wanted):
    held.append(socket.create_connection(("9.9.9.10", 7)))
print("open:", len(held))
for one in held[:: max(1, wanted // 50)]:
    one.sendall(b"x")
    twin("an echo", lambda: one.recv(1))
attempt("a forbidden one among them", lambda: held.pop().connect(("9.9.9.11", 666)), 13, 106)
for one in held:
    one.close()
held = []
for _ in range(min(wanted, 3000)):
    one = socket.socket()
    one.setblocking(False)
    one.connect_ex(("9.9.9.99", 666))
    held.append(one)
begin = time.time()
twin("an honest connection beside silent ones", lambda: socket.create_connection(("9.9.9.10", 80)))
twin("within five seconds", lambda: time.time() - begin < 5 or int("late"))
verdict()
