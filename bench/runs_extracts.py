"""Extracts of the demo network, made through the API, whose days have about a hundred rows each."""

import secrets
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import httpx
from fastapi.testclient import TestClient
from sqlalchemy import text

import headrace.models  # noqa: F401 - foreign keys look for every table
from headrace.access import service as access
from headrace.app import create_app
from headrace.db.engine import transaction
from headrace.kit import clock
from headrace.rest.resources import Resources
from headrace.settings import Settings
from headrace.templates.service import publish_global

_EXTRACTS = 16
_ACCOUNT = "demo-1001"
_DAYS = 11  # which have about a hundred rows together
_TEMPLATE = "Ads by day"
_PASSWORD = "bench bench bench"


@dataclass
class Extracts:
    """Extracts in workspaces of their own, so that no limit makes them wait for each other."""

    client: TestClient
    owned: list[tuple[int, dict[str, str]]]
    first: date

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.owned)

    def run_once(self) -> None:
        """Ask each of them to read one window of some days."""
        days = {
            "date_from": str(self.first), "date_to": str(self.first + timedelta(days=_DAYS - 1)),
        }  # fmt: skip
        for extract_id, headers in self.owned:
            path = f"/api/v3/extracts/{extract_id}/run"
            _good(self.client.post(path, headers=headers, json=days))


def _good(answer: Any) -> Any:
    assert answer.status_code < 300, answer.text
    return answer.json()


@contextmanager
def network(port: int) -> Iterator[str]:
    """The demo network in a process of its own, so that its work is not counted."""
    command = [sys.executable, "-m", "headrace.sandbox", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            with suppress(httpx.HTTPError):
                httpx.get(url)
                break
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def with_network(settings: Settings, url: str) -> Settings:
    """Settings under which the demo network is at an address."""
    return settings.model_copy(update={"base_urls": {"demo_ads": url}})


@contextmanager
def extracts_of_100_rows(resources: Resources) -> Iterator[Extracts]:
    """Make extracts, whose first runs wait; the caller's workers carry them out."""
    with transaction(resources.sessions) as session:
        publish_global(session)
        name = f"bench-{secrets.token_hex(4)}@example.com"
        access.create_agency(session, name, name, _PASSWORD)
    basic = {"Authorization": "Basic " + b64encode(f"{name}:{_PASSWORD}".encode()).decode()}
    first = clock.today("UTC") - timedelta(days=40)
    with TestClient(create_app(resources.settings, replace(resources))) as client:
        owned = [_extract(client, basic, number, str(first)) for number in range(_EXTRACTS)]
        yield Extracts(client, owned, first)


def _extract(
    client: TestClient, basic: dict[str, str], number: int, since: str
) -> tuple[int, dict[str, str]]:
    workspace = _good(
        client.post("/api/v3/workspaces", json={"title": f"c{number}"}, headers=basic)
    )
    body = {"workspace_id": workspace["id"]}
    token = _good(client.post("/api/v3/token", json=body, headers=basic))["token"]
    headers = {"Authorization": f"Bearer {token}"}
    source = "/api/v3/datasources/demo_ads"
    made = _good(client.post(f"{source}/connections", json={"settings": {}}, headers=headers))
    accounts = _good(client.get(f"/api/v3/connections/{made['id']}/accounts", headers=headers))
    templates = _good(client.get(f"{source}/extract-templates", headers=headers))
    body = {
        "data_table_title": "Ads",
        "template_id": _named(templates, "title", _TEMPLATE),
        "accounts": [_named(accounts, "account_id", _ACCOUNT)],
        "template_settings": {"sync_historical_data": since},
    }
    extract = _good(client.post("/api/v3.1/extracts/", json=body, headers=headers))[0]
    return int(extract["id"]), headers


def _named(page: dict[str, Any], key: str, value: str) -> int:
    return int(next(each["id"] for each in page["results"] if each[key] == value))


def unfinished(resources: Resources) -> int:
    """How many runs are not over."""
    with transaction(resources.sessions) as session:
        statement = "SELECT count(*) FROM run WHERE status IN ('waiting', 'admitted', 'running')"
        return int(session.scalar(text(statement)) or 0)
