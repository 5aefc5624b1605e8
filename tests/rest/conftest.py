"""Fixtures of the tests that call every operation."""

from typing import Any

import pytest

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.pipelines import PipelineFake
from rest.published import Everything

NAMES = {
    "datasource_name": "file_import",
    "destination_name": "duckdb",
    "data_name": "performance",
}


@pytest.fixture
def everything(agency: AgencyFake, pipeline: PipelineFake) -> Everything:
    """One of everything."""
    workspace = pipeline.workspace
    more = {"workspace_id": workspace.id, "template_id": pipeline.template_id}
    made = _people(agency, workspace) | _recipe(agency, workspace)
    path = "/api/v3/datasources/demo_ads/authorizations"
    made["authorization_id"] = workspace.post(path, {})["id"]
    return Everything(agency, workspace, NAMES | pipeline.ids() | more | made)


def _recipe(agency: AgencyFake, workspace: WorkspaceFake) -> dict[str, Any]:
    """A recipe that is enabled in the workspace, and its only step."""
    step = {"kind": "union", "name": "rows", "inputs": ["file_import_orders"]}
    body = {"title": "Copied", "steps": [step]}
    recipe = agency.call("POST", "/api/v3/recipes", json=body).json()
    path = f"/api/v3/workspaces/{workspace.id}/recipes"
    assert agency.call("POST", path, json={"recipe_id": recipe["id"]}).status_code == 201
    return {"recipe_id": recipe["id"], "step_id": recipe["steps"][0]["id"]}


def _people(agency: AgencyFake, workspace: WorkspaceFake) -> dict[str, Any]:
    """A role of the agency and a member of the workspace who holds it."""
    body = {"title": "Runner", "permissions": {"load": ["run"]}}
    role = agency.call("POST", "/api/v3/roles/", json=body).json()
    member = agency.member(workspace, "Runner")
    holders = agency.call("GET", f"/api/v3/roles/{role['id']}/users").json()["users"]
    return {
        "role_id": role["id"],
        "user_id": holders[0]["user_id"],
        "username": member.username,
    }
