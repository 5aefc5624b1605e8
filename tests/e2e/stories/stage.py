"""Where the stories play: a whole server, what surrounds it, and a record of what was called."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from fakes.api_callers import RemoteWorkspace
from fakes.held_network import HeldNetwork
from fakes.mail_server import MailServerFake
from fakes.receiver import Receiver
from fakes.server import Server
from headrace.client import Headrace, models

CONTRACT = Path(__file__).parents[3] / "contract" / "embedded_api_v3.toml"


@dataclass
class CallRecord:
    """What was called, as (method, path, status); give it to the client as `on_answer`."""

    made: set[tuple[str, str, int]] = field(default_factory=set)

    def __call__(self, response: httpx.Response) -> None:
        asked = response.request
        self.made.add((asked.method, asked.url.path.rstrip("/"), response.status_code))

    def missing(self) -> list[str]:
        """The operations of the contract that were never called with success."""
        operations = tomllib.loads(CONTRACT.read_text())["operations"]
        left = {name: (one["method"], one["path"].rstrip("/")) for name, one in operations.items()}
        succeeded = {
            _most_exact(left, method, path)
            for method, path, status in self.made
            if any(status == one["status"] for one in _matching(operations, method, path))
        }
        return sorted(left.keys() - succeeded)


def _pattern(path: str) -> str:
    return re.sub(r"{\w+}", "[^/]+", path.rstrip("/"))


def _matching(operations: dict[str, Any], method: str, path: str) -> list[dict[str, Any]]:
    return [
        one
        for one in operations.values()
        if one["method"] == method and re.fullmatch(_pattern(one["path"]), path)
    ]


def _most_exact(operations: dict[str, tuple[str, str]], method: str, path: str) -> str:
    """The operation that a call was of: that with the fewest placeholders, as `/roles/permissions`."""
    found = [
        (template.count("{"), name)
        for name, (wanted, template) in operations.items()
        if wanted == method and re.fullmatch(_pattern(template), path)
    ]
    return min(found)[1] if found else ""


@dataclass
class Stage:
    """A server with everything around it that it may call, and the agency whose story it is.

    imports: the folder that file_import reads. new_client: makes a client whose calls are recorded.
    customer, other: two workspaces of the agency; accounts: those of the network, in `customer`.
    """

    server: Server
    network: HeldNetwork
    receiver: Receiver
    mails: MailServerFake
    imports: Path
    new_client: Callable[[str, str], Headrace]
    record: CallRecord
    headrace: Headrace
    customer: RemoteWorkspace = field(init=False)
    other: RemoteWorkspace = field(init=False)
    accounts: dict[str, models.Account] = field(init=False)

    def ask(
        self, method: str, path: str, authorization: str = "", body: Any = None
    ) -> httpx.Response:
        """Ask without the client, as a browser or somebody outside does."""
        headers = {"Authorization": authorization} if authorization else {}
        return httpx.request(method, self.server.base_url + path, headers=headers, json=body)
