"""What every attack in Python shares; see attack.h."""

import errno
import os
import sys

_twins = _attempts = 0
_failed = _succeeded = 0
_refusals = []


def twin(what, action):
    """The harmless one: must not raise."""
    global _twins, _failed
    _twins += 1
    try:
        return action()
    except OSError as error:
        _failed += 1
        print(f"twin: FAILED {what}: {error}")


def attempt(what, action, *allowed):
    """The forbidden one: must raise OSError with one of these errnos."""
    global _attempts, _succeeded
    _attempts += 1
    try:
        print("got:", action())
    except OSError as error:
        name = errno.errorcode.get(error.errno, str(error.errno))
        print(f"tried: {what}: {name}")
        if error.errno in allowed:
            _refusals.append(name)
            return
        print(f"attack: SUCCEEDED {what}: {name}")
        _succeeded += 1
        return
    _succeeded += 1
    print(f"attack: SUCCEEDED {what}")


def verdict():
    if _twins and not _failed:
        print("twin: ok")
    if _attempts and not _succeeded:
        print("attack: blocked", *dict.fromkeys(_refusals))
    sys.stdout.flush()
    sys.exit(0)


def given(name):
    return os.environ[name]
