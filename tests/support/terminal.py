"""Starts a command on a terminal of its own, as a shell would: its controlling terminal is a new
pty, and stdin is that pty. Its output goes to our stdout. Afterwards says whether anything was
typed into the terminal that nobody typed."""

import fcntl
import os
import pty
import select
import signal
import sys
import termios

master, slave = pty.openpty()
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    os.dup2(slave, 0)
    os.close(master)
    os.close(slave)
    os.execvp(sys.argv[1], sys.argv[1:])
attributes = termios.tcgetattr(slave)
_, status = os.waitpid(child, 0)
# What was pushed into the input queue waits for the next reader: the caller's shell.
attributes = termios.tcgetattr(slave)
attributes[3] &= ~(termios.ICANON | termios.ECHO)
termios.tcsetattr(slave, termios.TCSANOW, attributes)
ready, _, _ = select.select([slave], [], [], 0.05)
if ready:
    typed = os.read(slave, 4096)
    if typed:
        print("attack: SUCCEEDED typed into the caller's terminal", flush=True)
if os.WIFSIGNALED(status):
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(os.WEXITSTATUS(status))
