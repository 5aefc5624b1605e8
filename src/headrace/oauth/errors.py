"""Refusals of authorizations."""

from headrace.kit.told import told
from headrace.rest.errors import AppError


class NotByOAuth(AppError, status=400):
    """The data source is not authorised in a browser."""

    def __init__(self, title: str) -> None:
        super().__init__(
            told("{title} is not connected by OAuth; give its credentials instead.", title=title)
        )


class ClientMissing(AppError, status=400):
    """Nobody registered an OAuth client for the data source."""

    def __init__(self, title: str, datasource_name: str) -> None:
        super().__init__(
            told(
                "No OAuth client is set for {title}. The agency's chief sets one with PUT "
                "/api/v3/connector-settings/{datasource_name}, or the server's operator in "
                "HEADRACE_OAUTH_CLIENTS.",
                title=title,
                datasource_name=datasource_name,
            )
        )


class StateUnknown(AppError, status=400):
    """What came back from the platform belongs to no authorization that is under way (S57)."""

    def __init__(self) -> None:
        super().__init__(
            told(
                "This authorization is unknown, was used before or has expired. Nothing was "
                "connected; begin again where you started."
            )
        )


class ReceiptUnknown(AppError, status=400):
    """Who wants to finish an authorization is not who came back from the platform, or comes again."""

    def __init__(self) -> None:
        super().__init__(
            told(
                "This authorization cannot be finished here: it was finished already, has expired, "
                "or was begun elsewhere. Begin again."
            )
        )
