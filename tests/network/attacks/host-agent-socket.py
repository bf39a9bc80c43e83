"""
Tries: a Unix socket of the host's at a path outside what is granted, as docker.sock and ssh-agent
have them: by its path, by a relative path, through a link, by the caller's variable, through /proc.
Fails because: the path is not in the sandbox's mounts, and the broker's agent connects in those.
Stopped by: mounts (ENOENT, EACCES).
"""

import errno
import os
import socket

from attack import attempt, given, twin, verdict

os.chdir("/tmp")
server = socket.socket(socket.AF_UNIX)
server.bind("own")
server.listen()
twin("one of its own", lambda: socket.socket(socket.AF_UNIX).connect("/tmp/own"))
path = given("MXC_OUTSIDE") + "/agent.sock"
no = (errno.ENOENT, errno.EACCES)
try:
    os.symlink(path, "/tmp/link")
except FileExistsError:
    pass
for way in (path, "../" + path, "/tmp/link", "/proc/self/root" + path, "/proc/1/root" + path):
    attempt(way[:24], lambda: socket.socket(socket.AF_UNIX).connect(way), *no)
for way in ("/run/docker.sock", "/var/run/docker.sock", "/run/dbus/system_bus_socket", "/run/systemd/private"):
    attempt(way, lambda: socket.socket(socket.AF_UNIX).connect(way), *no)
os.unlink("/tmp/link")
os.unlink("/tmp/own")
verdict()
