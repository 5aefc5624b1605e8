"""Refusals of connections."""

from headrace.kit.outcomes import OutsideError
from headrace.kit.told import named, told, told_by
from headrace.rest.errors import AppError, Invalid


class DataSourceUnknown(AppError, status=400):
    """No connector has that name; 400 rather than 404, as published."""

    def __init__(self) -> None:
        super().__init__(told("DataSource with this name does not exist"))


class CannotConnect(AppError, status=400):
    """The data source did not accept the connection; nothing was stored."""

    def __init__(self, title: str, reason: OutsideError) -> None:
        super().__init__(
            told("{title} could not be connected: {reason}", title=title, reason=told_by(reason))
        )
        self.reason = reason


class FieldMissing(Invalid):
    """A form field that must be given is not there."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(name, told("{title} is required.", title=named(title)))


class FieldUnfit(Invalid):
    """A form field has a value that its type or its choices do not allow."""


class AccountsForeign(AppError, status=400):
    """Some accounts are not of this connection; none was changed."""

    def __init__(self, ids: list[int]) -> None:
        listed = ", ".join(str(item) for item in sorted(ids)[:10])
        super().__init__(
            told(
                "These accounts do not belong to the connection: {listed}. Nothing changed.",
                listed=listed,
            )
        )


class ConnectionBusy(AppError, status=409):
    """Its account list is being refreshed."""

    def __init__(self, connection_id: int) -> None:
        super().__init__(
            told(
                "Connection {connection_id} is refreshing its accounts; wait for it to end.",
                connection_id=connection_id,
            )
        )


class DraftGone(AppError, status=404):
    """What was authorised was connected already, or left alone for too long."""

    def __init__(self) -> None:
        super().__init__(
            told(
                "This choice of accounts has ended: it was made already, or waited for too long. "
                "Connect again."
            )
        )
