"""What our own server does for one request of `bench.listing`, seen from inside."""

import time
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.testclient import TestClient
from sqlalchemy import event

from headrace.access.authentication import AccessKit, workspace_scope
from headrace.app import create_app
from headrace.kit.sealing import token_digest
from headrace.rest.resources import open_resources
from headrace.settings import Settings

_CALLS = 400


def page_statements(
    settings: Settings, url: str, path: str, token: str
) -> list[tuple[str, dict[str, Any]]]:
    """Return the statements of one request in order, with their parameters fit for JSON.

    The digest of the token is written DIGEST, for the reference is to make it of its own request.
    """
    sent: list[tuple[str, dict[str, Any]]] = []
    digest = token_digest(token)

    def note(_c: Any, _cursor: Any, text: str, values: Any, _context: Any, _many: bool) -> None:
        told = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in (values or {}).items()
        }
        sent.append((text, {name: "DIGEST" if v == digest else v for name, v in told.items()}))

    resources = open_resources(settings, url, threads=2)
    headers = {"Authorization": f"Bearer {token}"}
    with TestClient(create_app(settings, resources)) as client:
        client.get(path, headers=headers)  # what happens once a process has happened then
        event.listen(resources.engine, "before_cursor_execute", note)
        answer = client.get(path, headers=headers)
    answer.raise_for_status()
    resources.engine.dispose()
    return sent


def authentication_cost(settings: Settings, url: str, token: str) -> float:
    """Return the milliseconds of CPU that proving a bearer token takes this process."""
    resources = open_resources(settings, url, threads=2)
    kit: AccessKit = create_app(settings, resources).state.access
    headers = [(b"authorization", f"Bearer {token}".encode())]
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": headers})
    spent: list[float] = []
    for _ in range(_CALLS):
        with resources.sessions() as session:
            session.connection()
            began = time.thread_time()
            workspace_scope(request, session, kit)
            spent.append(time.thread_time() - began)
    resources.engine.dispose()
    return sorted(spent)[_CALLS // 2] * 1000
