"""Refusals of connector settings."""

from headrace.kit.told import told
from headrace.rest.errors import AppError, Invalid


class NoOAuth(AppError, status=400):
    """The data source is not authorised by OAuth, so that there is nothing to set."""

    def __init__(self, title: str) -> None:
        super().__init__(
            told("{title} is connected without OAuth; it has no client to set.", title=title)
        )


class SecretMissing(Invalid):
    """A client that is new, or another one, comes without its secret."""

    def __init__(self) -> None:
        super().__init__("client_secret", told("give the secret that belongs to this client id."))
