"""Refusals of destinations."""

from headrace.kit.told import Told, named, told
from headrace.rest.errors import AppError, Invalid


class DestinationUnknown(AppError, status=400):
    """No loader has that name; 400 rather than 404, as with data sources."""

    def __init__(self) -> None:
        super().__init__(told("Destination with this name does not exist"))


class OtherDestination(Invalid):
    """The body names another destination than the path."""

    def __init__(self, named: str, in_path: str) -> None:
        super().__init__(
            "destination_name",
            told(
                "is {named!r}, but the path says {in_path!r}; leave it out.",
                named=named,
                in_path=in_path,
            ),
        )


class ParamMissing(Invalid):
    """A connection parameter that must be given is not there."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(name, told("{title} is required.", title=named(title)))


class ParamUnfit(Invalid):
    """A connection parameter has a value of the wrong kind; the value is never repeated."""

    def __init__(self, name: str, wanted: Told) -> None:
        super().__init__(name, told("must be {wanted}.", wanted=wanted))


class NotEditable(AppError, status=403):
    """The connection is managed elsewhere."""

    def __init__(self) -> None:
        super().__init__(
            told("This destination connection is managed elsewhere and cannot be changed.")
        )


class CheckUnderWay(AppError, status=409):
    """A check has been asked for and has not ended."""

    def __init__(self) -> None:
        super().__init__(
            told("This destination connection is being checked; wait for the check to end.")
        )


class TooManyDestinations(AppError, status=400):
    """The workspace has as many destination connections as the operator allows."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            told(
                "The workspace has {limit} destination connections, as many as this server allows; "
                "the operator can raise HEADRACE_DESTINATION_CONNECTIONS_PER_WORKSPACE.",
                limit=limit,
            )
        )
