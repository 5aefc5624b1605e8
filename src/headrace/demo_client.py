"""The demo's caller of the HTTP API."""

import time
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

import msgspec

from headrace.kit import clock
from headrace.kit.outbound import OutboundHttp, OutboundPolicy

_FIRST_ERROR = 400


class DemoFailed(Exception):
    """The demo did not end well; the message says at which step."""


@dataclass
class WorkspaceClient:
    """Calls the API of a server on this machine, in one workspace."""

    base_url: str
    headers: dict[str, str]
    workspace_id: int = 0
    http: OutboundHttp = field(
        default_factory=lambda: OutboundHttp(OutboundPolicy(frozenset({"127.0.0.1"})))
    )

    @classmethod
    def sign_up(cls, base_url: str, username: str, password: str) -> "WorkspaceClient":
        """Create a workspace with Basic credentials, and a token for it."""
        pair = b64encode(f"{username}:{password}".encode()).decode()
        client = cls(base_url, {"Authorization": f"Basic {pair}"})
        client.workspace_id = client.call("POST", "/api/v3/workspaces", {"title": "Demo"})["id"]
        token = client.call("POST", "/api/v3/token", {"workspace_id": client.workspace_id})
        client.headers = {"Authorization": f"Bearer {token['token']}"}
        return client

    def elsewhere(self, base_url: str) -> "WorkspaceClient":
        """Call another server with the same means, and no credentials."""
        return WorkspaceClient(base_url, {}, http=self.http)

    def call(
        self, method: str, path: str, body: Any = None, form: dict[str, str] | None = None
    ) -> Any:
        """Send one request and return the decoded answer.

        Raises:
            DemoFailed: if the answer is an error, with what it says.
        """
        answer = self.http.request(
            method, self.base_url + path, json=body, form=form, headers=self.headers
        )
        if answer.status >= _FIRST_ERROR:
            raise DemoFailed(f"{method} {path} answered {answer.status}: {answer.data.decode()}")
        return msgspec.json.decode(answer.data)

    def results(self, path: str) -> list[dict[str, Any]]:
        """Return the first page of a list."""
        found: list[dict[str, Any]] = self.call("GET", path)["results"]
        return found

    def wait_until(
        self, path: str, member: str, good: set[str], bad: set[str], seconds: float
    ) -> dict[str, Any]:
        """Read an object until a member has a good value.

        Raises:
            DemoFailed: if it takes a bad one, or the time is over.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found: dict[str, Any] = self.call("GET", path)
            if found[member] in good:
                return found
            if found[member] in bad:
                raise DemoFailed(f"{path} has the {member} {found[member]}: {found['error_text']}")
            clock.sleep(0.2)
        raise DemoFailed(f"{path} did not get the {member} {' or '.join(good)} in {seconds:.0f} s")
