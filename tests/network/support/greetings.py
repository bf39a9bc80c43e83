"""What a server says first, to a client in whatever network this runs."""

import errno
import socket


def of(address, port):
    """The greeting, or the name of an error."""
    try:
        with socket.create_connection((address, int(port)), timeout=3) as client:
            return client.recv(16).decode() or "ended"
    except TimeoutError:
        return "timeout"
    except OSError as error:
        return errno.errorcode.get(error.errno, "error")
