"""The four ways work against someone else's system fails, told apart by what should happen next.

Connectors and loaders raise these and nothing else for conditions they understand; anything else
that escapes them is a defect of ours.
"""

from enum import StrEnum

from headrace.kit.told import Told


class Pauses(StrEnum):
    """What a limit of the other side stops: everything else goes on.

    ACCOUNT: the remote account that was read, or the one table that was written. CREDENTIAL: whatever
    uses the same authorization. APP: whatever goes through the same application at a source, or to
    the same destination.
    """

    ACCOUNT = "account"
    CREDENTIAL = "credential"
    APP = "app"


class OutsideError(Exception):
    """Base of the four; the message is shown to the person who owns the connection.

    It is a `Told`, so that pages can say it in any language; text stands for itself.
    """


class Reauthorize(OutsideError):
    """The credentials are no longer good: mark the connection, stop, ask for a reconnect."""


class SlowDown(OutsideError):
    """A limit was met, or a report is unfinished: go on after `after_seconds`, free meanwhile.

    pauses: what the limit is of, where the other side said so; None if nothing but this run has to
        wait, as for a report that is not ready.
    """

    def __init__(
        self, message: Told | str, after_seconds: float, pauses: Pauses | None = None
    ) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds
        self.pauses = pauses

    def __reduce__(self) -> tuple[type["SlowDown"], tuple[Told | str, float, Pauses | None]]:
        """Travel between processes whole."""
        return type(self), (self.args[0], self.after_seconds, self.pauses)


class TryLater(OutsideError):
    """A passing fault: worth a bounded number of further attempts."""


class Refused(OutsideError):
    """The other side, or the input, says no in a way that trying again does not change."""
