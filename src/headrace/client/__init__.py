"""The Python client of the API: typed calls, pages, tokens that renew themselves.

    with Headrace("https://headrace.example.com", "vendor@example.com", "…") as headrace:
        customer = headrace.agency.create_workspace(models.WorkspaceIn(title="Acme"))
        workspace = headrace.workspace(customer.id)
        for extract in every(workspace.list_extracts):
            print(extract.title, extract.status)

`models` and `operations` are written from the OpenAPI document by `make client`.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Protocol, TypeVar

import httpx

from headrace.client import models
from headrace.client.calling import Caller, Credentials, Password
from headrace.client.errors import (
    ApiError,
    Conflict,
    Forbidden,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unreachable,
)
from headrace.client.operations import AgencyOperations, WorkspaceOperations

__all__ = [
    "AgencyOperations",
    "ApiError",
    "Conflict",
    "Forbidden",
    "Headrace",
    "NotFound",
    "TooManyRequests",
    "Unauthorized",
    "Unreachable",
    "WorkspaceOperations",
    "every",
    "models",
]

Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)


class Page(Protocol[Item_co]):
    """A page of a list, whatever it lists."""

    @property
    def results(self) -> Sequence[Item_co]:
        """What is on the page."""

    @property
    def next(self) -> str | None:
        """The next page's address; None on the last one."""


_TIMEOUT_SECONDS = 130.0  # connections are checked while the client waits, up to two minutes


class Headrace:
    """A server, as one agency user sees it.

    agency: the operations that take the user's name and password.
    """

    def __init__(
        self,
        base_url: str,
        username: str,
        password: str,
        *,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        verify: Any = True,
        on_answer: Callable[[httpx.Response], None] | None = None,
    ) -> None:
        """Prepare to call the server at `base_url`; nothing is sent yet.

        verify: an `ssl.SSLContext` where the server's certificate is of your own authority.
        on_answer: told every answer as it comes, for logs and measurements; repeated calls too.
        """
        hooks = {"response": [on_answer] if on_answer else []}
        self._http = httpx.Client(
            base_url=base_url, timeout=timeout_seconds, verify=verify, event_hooks=hooks
        )
        self.agency = AgencyOperations(Caller(self._http, Password(username, password)))

    def workspace(self, workspace_id: int) -> WorkspaceOperations:
        """Give the operations in one workspace; its token is made and renewed as needed."""
        return WorkspaceOperations(Caller(self._http, Token(self.agency, workspace_id)))

    def close(self) -> None:
        """Close the connections to the server."""
        self._http.close()

    def __enter__(self) -> "Headrace":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Token(Credentials):
    """A workspace's bearer token, made at its first use and again when it has expired."""

    def __init__(self, agency: AgencyOperations, workspace_id: int) -> None:
        self._agency = agency
        self._workspace_id = workspace_id
        self._token: str | None = None
        self._lock = threading.Lock()

    def header(self) -> str:
        """Return the value of the Authorization header."""
        with self._lock:
            if self._token is None:
                self._token = self._mint()
            return f"Bearer {self._token}"

    def renew(self) -> bool:
        """Forget the token; the next call makes another one."""
        with self._lock:
            self._token = None
        return True

    def _mint(self) -> str:
        return self._agency.create_token(models.TokenIn(workspace_id=self._workspace_id)).token


def every(listing: Callable[..., Page[Item]], *path: int | str, **query: Any) -> Iterator[Item]:
    """Yield the results of every page of a list, fetched as they are needed.

    listing: an operation that answers pages, such as `workspace.list_extracts`. path: what its path
    names, such as a connection. query: its filters.
    """
    page = 1
    while True:
        found = listing(*path, page=page, **query)
        yield from found.results
        if found.next is None:
            return
        page += 1
