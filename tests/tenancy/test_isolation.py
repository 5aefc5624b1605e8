"""No route shows or touches what belongs to another workspace: a sweep over all of them."""

from typing import Any

from fastapi.routing import APIRoute

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.pipelines import PipelineFake
from headrace.access.permissions import SYSTEM_ROLES, Permission
from headrace.app import create_app
from headrace.rest.openapi import api_routes, guard_of
from headrace.settings import Settings

APP = create_app(Settings.model_construct())
ROUTES = [(route, method) for route in api_routes(APP.routes) for method in route.methods or ()]
NOWHERE = 2**53
NO_UUID = "00000000-0000-4000-8000-000000000000"
PUBLIC_NAMES = {"datasource_name": "file_import", "destination_name": "duckdb"}
BODIES: dict[str, Any] = {
    "reauthorize_connection": {"title": "stolen"},
    "update_accounts": {"accounts": []},
    "update_account": {"enabled_for_embedded_extraction": False},
    "replace_extract": {},
    "update_extract": {},
    "update_data_table": {"title": "stolen"},
    "update_destination_connection": {"title": "stolen"},
    "reauthorize_destination_connection": {"title": "s", "connection_params": {"path": "s.duckdb"}},
    "update_load": {"run_policy": "manual"},
    "update_automated_recipe": {},
    "update_workspace": {"title": "stolen"},
    "run_extract": {},
    "run_load": {},
    "update_webhook_endpoint": {"url": "https://127.0.0.1:9/stolen"},
    "replay_webhook_deliveries": {"since": "2026-01-01T00:00:00Z", "deliveries": "all"},
}


def named(item: Any) -> str:
    return item.name if isinstance(item, APIRoute) else str(item)


def filled(route: APIRoute, ids: dict[str, Any]) -> str:
    path = route.path
    for name in route.param_convertors:
        given = "destination_connection_id" if "/destinations/" in path else name
        value = PUBLIC_NAMES.get(name, ids.get(given if name == "connection_id" else name))
        path = path.replace(f"{{{name}}}", str(value))
    return path


def missing(ids: dict[str, Any]) -> dict[str, Any]:
    return {name: NO_UUID if isinstance(value, str) else NOWHERE for name, value in ids.items()}


def takes_own_ids(route: APIRoute) -> bool:
    own_ids = (
        set(route.param_convertors) - PUBLIC_NAMES.keys() - {"template_id", "recipe_template_id"}
    )
    return bool(own_ids) and "bearer" in guard_of(route).schemes


def test_foreign_and_missing_look_the_same(
    pipeline: PipelineFake, other_workspace: WorkspaceFake
) -> None:  # S01 S16
    ids = pipeline.ids()
    swept = [(route, method) for route, method in ROUTES if takes_own_ids(route)]
    assert len(swept) > 25
    for route, method in swept:
        body = BODIES.get(route.name)
        foreign = other_workspace.call(method, filled(route, ids), json=body)
        absent = other_workspace.call(method, filled(route, missing(ids)), json=body)
        where = f"{method} {route.path}"
        assert foreign.status_code == absent.status_code == 404, where
        assert foreign.json() == absent.json(), where
        assert foreign.headers.keys() == absent.headers.keys(), where
    # Nothing happened to any of it.
    for path in ("extracts", "loads", "data-tables"):
        assert pipeline.workspace.get(f"/api/v3/{path}")["count"] == 1
    extract = pipeline.workspace.get(f"/api/v3/extracts/{pipeline.extract_id}")
    assert extract["status"] == "synced"
    table = pipeline.workspace.get(f"/api/v3/data-tables/{pipeline.data_table_id}")
    assert table["title"] == "Orders"


def test_filters_with_foreign_ids_find_nothing(
    pipeline: PipelineFake, other_workspace: WorkspaceFake
) -> None:  # S02
    for path in (
        f"extracts?connection_id={pipeline.connection_id}",
        f"extracts?data_table_id={pipeline.data_table_id}",
        f"loads?data_table_id={pipeline.data_table_id}",
        f"loads?destination_connection_id={pipeline.destination_id}",
    ):
        assert other_workspace.get(f"/api/v3/{path}")["count"] == 0


def test_foreign_ids_in_bodies_are_refused(
    pipeline: PipelineFake, other_pipeline: PipelineFake
) -> None:  # S03
    other = other_pipeline.workspace
    stolen_account = other.call(
        "POST",
        "/api/v3.1/extracts/",
        json={
            "data_table_title": "Stolen",
            "template_id": pipeline.template_id,
            "accounts": [pipeline.account_id],
        },
    )
    assert stolen_account.status_code == 400
    for table, destination in (
        (pipeline.data_table_id, other_pipeline.destination_id),
        (other_pipeline.data_table_id, pipeline.destination_id),
    ):
        stolen = other.call(
            "POST",
            "/api/v3/loads",
            json={
                "data_table_id": table,
                "destination_connection_id": destination,
                "destination_table": "stolen",
            },
        )
        assert stolen.status_code in {400, 404}
    changed = other.call(
        "PATCH",
        f"/api/v3/connections/{other_pipeline.connection_id}/accounts",
        json={"account_ids": [pipeline.account_id], "enabled_for_embedded_extraction": False},
    )
    assert changed.status_code == 400
    assert other.get("/api/v3/extracts")["count"] == 1


def test_agencies_do_not_reach_each_others_workspaces(
    agency: AgencyFake, other_workspace: WorkspaceFake
) -> None:  # S07
    path = f"/api/v3/workspaces/{other_workspace.id}"
    assert agency.call("GET", path).status_code == 404
    assert agency.call("PUT", path, json={"title": "mine now"}).status_code == 404
    token = agency.call("POST", "/api/v3/token", json={"workspace_id": other_workspace.id})
    assert token.status_code == 404
    listed = agency.call("GET", "/api/v3/workspaces").json()
    assert other_workspace.id not in [item["id"] for item in listed["results"]]


def test_next_link_shows_only_the_callers_rows(
    pipeline: PipelineFake, other_workspace: WorkspaceFake
) -> None:  # S08
    workspace = pipeline.workspace
    account = [pipeline.account_id]
    body = {"template_id": pipeline.template_id, "accounts": account}
    workspace.post("/api/v3.1/extracts/", body | {"data_table_title": "Second"})
    link = workspace.get("/api/v3/extracts?page_size=1")["next"]
    assert link == "http://testserver/api/v3/extracts?page_size=1&page=2"
    assert workspace.get(link)["count"] == 2
    assert other_workspace.call("GET", link).status_code == 404


def test_a_token_ignores_the_workspace_header(
    pipeline: PipelineFake, other_workspace: WorkspaceFake
) -> None:  # S04
    other_workspace.headers["X-IM-WORKSPACE-ID"] = str(pipeline.workspace.id)
    assert other_workspace.get("/api/v3/extracts")["count"] == 0


def test_members_without_rights_cannot_manage_workspaces(
    agency: AgencyFake, workspace: WorkspaceFake, resources: Any
) -> None:  # S19
    member = agency.member(workspace, "workspace_admin")
    answer = member.call("GET", "/api/v3/workspaces")
    assert answer.status_code == 401
    assert "Basic" in answer.json()["details"]
    assert Permission.ADMIN_MANAGE_WORKSPACES not in SYSTEM_ROLES["workspace_admin"].permissions
