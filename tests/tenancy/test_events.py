"""Events reach the endpoints of their own workspace that are verified, and no others."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from fakes.callers import AgencyFake
from headrace.app import create_app
from headrace.db.engine import transaction
from headrace.events.catalogue import EVENT_TYPES
from headrace.events.publishing import publish
from headrace.rest.resources import Resources, open_resources
from headrace.settings import Settings
from headrace.webhooks import queue, service

ENDPOINTS = "/api/v3/webhook_endpoints/"
_DELIVERIES = text(
    "SELECT e.workspace_id AS of_event, w.workspace_id AS of_endpoint, "
    "d.workspace_id AS of_delivery, e.type, w.status, w.id AS endpoint_id "
    "FROM webhook_delivery d JOIN event e ON e.id = d.event_id "
    "JOIN webhook_endpoint w ON w.id = d.endpoint_id"
)


@pytest.mark.parametrize("seed", range(5))
def test_no_delivery_crosses_workspaces(  # S13, S94
    seed: int, agency: AgencyFake, resources: Resources
) -> None:
    chance = random.Random(seed)
    types = chance.sample(sorted(EVENT_TYPES), 3)
    workspaces = [agency.new_workspace() for _ in range(4)]
    wanted: dict[int, tuple[int, str, set[str]]] = {}
    for workspace in workspaces:
        for number in range(chance.randint(0, 3)):
            chosen = chance.sample(types, chance.randint(0, 3))
            # The same address in several workspaces: what tells them apart is whose they are.
            body = {"url": f"https://127.0.0.1:9/{number}", "event_types": chosen}
            made = workspace.post(ENDPOINTS, body)
            status = chance.choice(["active", "active", "unverified", "disabled"])
            wanted[made["id"]] = (workspace.id, status, set(chosen))
    published = [(chance.choice(workspaces).id, chance.choice(types)) for _ in range(30)]
    with transaction(resources.sessions) as session:
        for endpoint_id, (_, status, _) in wanted.items():
            statement = text("UPDATE webhook_endpoint SET status = :status WHERE id = :id")
            session.execute(statement, {"status": status, "id": endpoint_id})
    with transaction(resources.sessions) as session:
        for workspace_id, name in published:
            publish(session, workspace_id, name, dict.fromkeys(EVENT_TYPES[name].keys, "x"))
    with transaction(resources.sessions) as session:
        queue.prepare(session)
        while queue.fan_out(session, 7):
            pass
        found = session.execute(_DELIVERIES).all()
    for row in found:
        assert row.of_event == row.of_endpoint == row.of_delivery
        assert row.status == "active"
    expected = [
        (endpoint_id, name)
        for workspace_id, name in published
        for endpoint_id, (owner, status, chosen) in wanted.items()
        if owner == workspace_id and status == "active" and name in chosen
    ]
    assert sorted((row.endpoint_id, row.type) for row in found) == sorted(expected)


@pytest.fixture
def own(settings: Settings, committed_database: str) -> Iterator[Resources]:
    """Resources on a database of the test's own, where requests really run side by side."""
    opened = open_resources(settings, committed_database, threads=8)
    yield opened
    opened.engine.dispose()


def test_the_cap_holds_under_a_rush(  # S92
    own: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_ENDPOINTS", 3)
    with TestClient(create_app(own.settings, own)) as client, ThreadPoolExecutor(8) as crowd:
        workspace = AgencyFake.create(own, client).new_workspace()

        def make(number: int) -> int:
            body = {"url": f"https://127.0.0.1:9/{number}", "event_types": []}
            return workspace.call("POST", ENDPOINTS, json=body).status_code

        statuses = sorted(crowd.map(make, range(12)))
        # Some may be told that too many call out at this moment; none gets past the cap.
        assert set(statuses) <= {201, 400, 429}
        assert len(workspace.get(ENDPOINTS)) == statuses.count(201) <= 3
        assert [make(number) for number in range(20, 24)][-1] == 400
        assert len(workspace.get(ENDPOINTS)) == 3
