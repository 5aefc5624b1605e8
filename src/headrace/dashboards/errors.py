"""What dashboards refuse."""

from headrace.kit.told import told
from headrace.rest.errors import AppError


class BadFilter(AppError, status=400):
    """What was asked for cannot be shown; the message says why."""


class TooMuchToAdd(AppError, status=503):
    """The figures asked for take more time or memory than one request may have."""

    def __init__(self) -> None:
        super().__init__(
            told(
                "These days hold more rows than can be added up while you wait; choose fewer days, "
                "channels or accounts."
            ),
            headers={"Retry-After": "10"},
        )
