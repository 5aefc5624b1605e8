"""The four ways work against someone else's system fails, told apart by what should happen next.

Connectors and loaders raise these and nothing else for conditions they understand; anything else
that escapes them is a defect of ours.
"""


class OutsideError(Exception):
    """Base of the four; the message is shown to the person who owns the connection."""


class Reauthorize(OutsideError):
    """The credentials are no longer good: mark the connection, stop, ask for a reconnect."""


class SlowDown(OutsideError):
    """A limit was met, or a report is unfinished: go on after `after_seconds`, free meanwhile."""

    def __init__(self, message: str, after_seconds: float) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class TryLater(OutsideError):
    """A passing fault: worth a bounded number of further attempts."""


class Refused(OutsideError):
    """The other side, or the input, says no in a way that trying again does not change."""
