"""host.py WORDS...: runs the words, and does for them what a client on the host could do. A line

    ?connect ADDRESS PORT

on their standard output is answered on their standard input with `reached` or the name of an error, and

    ?greeting near|far ADDRESS PORT

with what a client of the host, or of the servers' namespace, is told first there, or the name of an
error. Every other line is passed on.
"""

import errno
import socket
import subprocess
import sys
import urllib.request

import greetings


def connect(address, port):
    try:
        socket.create_connection((address, int(port)), timeout=2).close()
        return "reached"
    except OSError as error:
        return errno.errorcode.get(error.errno, "timeout")


def greeting(place, address, port):
    if place == "far":
        with urllib.request.urlopen(f"http://192.0.2.53/greeting/{address}/{port}", timeout=10) as answer:
            return answer.read().decode()
    return greetings.of(address, port)


child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
for line in child.stdout:
    if line.startswith("?connect "):
        child.stdin.write(connect(*line.split()[1:]) + "\n")
    elif line.startswith("?greeting "):
        child.stdin.write(greeting(*line.split()[1:]) + "\n")
    else:
        sys.stdout.write(line)
        sys.stdout.flush()
sys.exit(child.wait())
