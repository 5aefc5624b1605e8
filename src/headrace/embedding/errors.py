"""Refusals of iframe URLs and sessions."""

from headrace.kit.told import told
from headrace.rest.errors import AppError, Invalid


class WorkspaceNotNamed(Invalid):
    """Basic credentials reach several workspaces, so that one has to be named."""

    def __init__(self) -> None:
        super().__init__("workspace_id", told("name the workspace the iframe is for."))


class OriginUnfit(Invalid):
    """What was given as an origin is none."""

    def __init__(self, field: str) -> None:
        super().__init__(
            field, told("must be an origin such as https://app.example.com: no path, no wildcard.")
        )


class OriginNotListed(Invalid):
    """The host page is not one that the operator lets show the iframe."""

    def __init__(self, origin: str) -> None:
        super().__init__(
            "origin",
            told(
                "{origin} is not among the origins this server may be framed by; the operator adds "
                "it to HEADRACE_FRAME_ORIGINS.",
                origin=origin,
            ),
        )


class ReturnUrlUnfit(Invalid):
    """The address to return to is none, or leads to a page that is not listed."""

    def __init__(self) -> None:
        super().__init__(
            "return_url",
            told(
                "must be an http or https address on the iframe's `origin`, or on one of "
                "HEADRACE_FRAME_ORIGINS."
            ),
        )


class NotAnEmbedSession(AppError, status=404):
    """The credentials are good, but they are not an iframe's."""

    def __init__(self) -> None:
        super().__init__(told("These credentials are not the session of an iframe."))
