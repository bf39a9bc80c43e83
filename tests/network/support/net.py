"""attack.py, and what attacks on the network need besides."""

from attack import attempt, given, twin, verdict  # noqa: F401


def attempt_that(what, got, refusal):
    """For what is no call: whether it got what it must not get."""

    def action():
        if not got:
            raise OSError(0, refusal)

    attempt(what, action, 0)
