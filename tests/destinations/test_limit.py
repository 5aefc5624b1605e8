"""How many destination connections a workspace may have, where the operator says so (contract 4.11)."""

import pytest
from fastapi.testclient import TestClient

from fakes.callers import WorkspaceFake
from headrace.app import create_app
from headrace.rest.resources import Resources
from headrace.settings import Settings

PATH = "/api/v3/destinations/duckdb/connections"


def added(workspace: WorkspaceFake, client: TestClient) -> int:
    body = {"title": "d", "conenctions_params": {"path": "d.duckdb"}}
    return client.post(PATH, json=body, headers=workspace.headers).status_code


@pytest.mark.parametrize(
    ("limit", "answers"),
    [(0, [201, 201, 201]), (1, [201, 400, 400]), (2, [201, 201, 400]), (3, [201, 201, 201])],
)
def test_as_many_as_the_operator_says(
    limit: int,
    answers: list[int],
    settings: Settings,
    resources: Resources,
    workspace: WorkspaceFake,
    other_workspace: WorkspaceFake,
) -> None:
    given = settings.model_copy(update={"destination_connections_per_workspace": limit})
    own = Resources(**{**vars(resources), "settings": given})
    with TestClient(create_app(given, own)) as client:
        assert [added(workspace, client) for _ in answers] == answers
        assert added(other_workspace, client) == 201  # each workspace has its own number

    assert workspace.get(PATH)["count"] == answers.count(201)


def test_the_refusal_says_who_can_raise_it(
    settings: Settings, resources: Resources, workspace: WorkspaceFake
) -> None:
    given = settings.model_copy(update={"destination_connections_per_workspace": 1})
    own = Resources(**{**vars(resources), "settings": given})
    with TestClient(create_app(given, own)) as client:
        added(workspace, client)
        body = {"title": "d", "conenctions_params": {"path": "d.duckdb"}}
        answer = client.post(PATH, json=body, headers=workspace.headers)

    assert "HEADRACE_DESTINATION_CONNECTIONS_PER_WORKSPACE" in answer.json()["details"]
