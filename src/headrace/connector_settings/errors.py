"""Refusals of connector settings."""

from headrace.rest.errors import AppError, Invalid


class NoOAuth(AppError, status=400):
    """The data source is not authorised by OAuth, so that there is nothing to set."""

    def __init__(self, title: str) -> None:
        super().__init__(f"{title} is connected without OAuth; it has no client to set.")


class SecretMissing(Invalid):
    """A client that is new, or another one, comes without its secret."""

    def __init__(self) -> None:
        super().__init__("client_secret", "give the secret that belongs to this client id.")
