"""
Tries: what a name's address gives beyond the name: the address before anybody looked the name up, its
other ports, another name's address, the same address by TCP where UDP is granted.
Fails because: an address is granted for as long as a permitted look-up lasts, on the rule's ports.
Stopped by: the broker (EACCES).
@flags --allow-net=four.test:80
"""

import errno
import socket

from attack import attempt, twin, verdict

attempt("before the look-up", lambda: socket.create_connection(("9.9.9.10", 80)), errno.EACCES)
twin("the name", lambda: socket.create_connection(("four.test", 80)))
for address, port in (("9.9.9.10", 443), ("9.9.9.10", 666), ("9.9.9.10", 8080), ("9.9.9.11", 80), ("2600::10", 80)):
    attempt(f"{address} {port}", lambda: socket.create_connection((address, port)), errno.EACCES)
verdict()
