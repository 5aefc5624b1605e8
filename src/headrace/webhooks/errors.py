"""Refusals of webhooks."""

from headrace.kit.told import Told, named, told
from headrace.rest.errors import AppError, Invalid


class UrlUnfit(Invalid):
    """The URL cannot be an endpoint's."""

    def __init__(self, message: Told) -> None:
        super().__init__("url", message)


class UrlTaken(Invalid):
    """The workspace has an endpoint with this URL."""

    def __init__(self) -> None:
        super().__init__("url", told("another endpoint of this workspace has it; change that one."))


class TooManyEndpoints(AppError, status=400):
    """The workspace has as many endpoints as it may."""

    def __init__(self, most: int) -> None:
        super().__init__(
            told("A workspace has at most {most} webhook endpoints; delete one first.", most=most)
        )


class NotVerified(AppError, status=400):
    """The receiver did not pass the handshake. The text says no more of the network than it must."""

    def __init__(self, reason: Told) -> None:
        super().__init__(told("The endpoint was not verified: {reason}", reason=reason))


class TooManyChecks(AppError, status=429):
    """Endpoints of the workspace were verified or tested too often."""

    def __init__(self, after_seconds: int) -> None:
        super().__init__(
            told(
                "Endpoints of this workspace were checked too often; try again in {after_seconds} "
                "s.",
                after_seconds=after_seconds,
            ),
            headers={"Retry-After": str(after_seconds)},
        )


class EndpointNotActive(AppError, status=409):
    """Nothing is sent to an endpoint that is not verified."""

    def __init__(self, status: str) -> None:
        super().__init__(
            told("The webhook endpoint is {status}; verify it first.", status=named(status))
        )


class EventTypeUnknown(Invalid):
    """No event type has that name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "event_type",
            told(
                "no event type is named {name!r}; GET /webhook_event_types lists them.", name=name
            ),
        )


class RangeReversed(Invalid):
    """The range ends before it begins."""

    def __init__(self) -> None:
        super().__init__("until", told("must be later than since."))
