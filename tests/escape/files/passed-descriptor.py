# Tries: to widen a descriptor by passing it to another process over a unix socket, which then
# opens it for writing or climbs from it to its parent folder.
# Fails because: a descriptor carries its mount along; the receiver has no other rights to it.
# Stopped by: the read-only mount (EROFS), the mount namespace (ENOENT).
import array
import errno
import os
import socket
import sys

sys.path.insert(0, os.environ["PROGRAM"])
from attack import attempt, given, twin, verdict

left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)


def passed(path, flags):
    fd = os.open(path, flags)
    left.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
    _, ancillary, _, _ = right.recvmsg(1, socket.CMSG_SPACE(4))
    os.close(fd)
    return array.array("i", ancillary[0][2])[0]


writable = twin("pass a descriptor", lambda: passed(given("RW") + "/hello.txt", os.O_RDONLY))
twin("reopen it", lambda: os.close(os.open(f"/proc/self/fd/{writable}", os.O_RDWR)))
fd = passed(given("RO") + "/hello.txt", os.O_RDONLY)
attempt("reopen for writing", lambda: os.open(f"/proc/self/fd/{fd}", os.O_RDWR), errno.EROFS)
folder = passed(given("RO"), os.O_RDONLY | os.O_DIRECTORY)
attempt("create below it", lambda: os.open("new", os.O_WRONLY | os.O_CREAT, dir_fd=folder), errno.EROFS)
attempt("climb from it", lambda: os.read(os.open("../secret/token.txt", os.O_RDONLY, dir_fd=folder), 99), errno.ENOENT)
verdict()
