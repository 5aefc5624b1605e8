"""The audit trail: what is written down of privileged acts, who reads it, and that it stays."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fakes.callers import AgencyFake, WorkspaceFake, basic
from fakes.pipelines import PipelineFake, connect_file
from headrace.access import service as access
from headrace.app import create_app
from headrace.audit import queries
from headrace.audit.models import AuditEntry
from headrace.audit.recording import command_line
from headrace.db.engine import transaction
from headrace.kit import clock
from headrace.rest.resources import Resources
from headrace.settings import Settings

LOG = "/api/v3/audit-log"


def _trail(caller: Any, **wanted: Any) -> list[dict[str, Any]]:
    answer = caller.call("GET", LOG, params=wanted)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def test_an_act_is_told_with_all_there_is_to_know(  # S100
    agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    asked = {"X-Request-Id": "change-of-title"}
    path = f"/api/v3/workspaces/{workspace.id}"
    body = {"title": "Renamed", "description": ""}
    answer = agency.client.put(path, json=body, headers=agency.headers | asked)
    assert answer.status_code == 200
    entry = _trail(agency)[0]
    old_title = entry["changes"][0]["before"].pop("title")
    assert old_title.startswith("ws-")
    entry["changes"][0]["after"].pop("updated_at", None)
    entry["changes"][0]["before"].pop("updated_at", None)
    occurred_at = datetime.fromisoformat(entry.pop("occurred_at"))
    assert datetime.now(UTC) - occurred_at < timedelta(minutes=5)
    assert entry.pop("id") > 0
    assert entry.pop("user_id") > 0
    assert entry == {
        "workspace_id": workspace.id,
        "username": agency.username,
        "credential": "basic",
        "address": "testclient",
        "request_id": "change-of-title",
        "action": "update_workspace",
        "permission": "admin.manage_workspaces",
        "object_type": "workspace",
        "object_id": str(workspace.id),
        "outcome": "succeeded",
        "details": "",
        "changes": [
            {
                "object_type": "workspace",
                "object_id": str(workspace.id),
                "verb": "changed",
                "before": {},
                "after": {"title": "Renamed"},
            }
        ],
    }


def test_every_change_of_a_pipeline_is_told(pipeline: PipelineFake) -> None:  # S100
    workspace, ids = pipeline.workspace, pipeline.ids()
    assert workspace.call("PATCH", f"/api/v3/extracts/{ids['extract_id']}", json={}).is_success
    assert workspace.call("PUT", f"/api/v3/loads/{ids['load_id']}/pause").is_success
    assert workspace.call("DELETE", f"/api/v3/loads/{ids['load_id']}").is_success
    told = [(entry["action"], entry["object_type"]) for entry in _trail(workspace)]
    for expected in (
        ("create_connection", "connection"),
        ("create_extracts", "extract"),
        ("create_destination_connection", "destination_connection"),
        ("create_load", "load"),
        ("update_extract", "extract"),
        ("pause_load", "load"),
        ("delete_load", "load"),
    ):
        assert expected in told, f"{expected} {told}"
    created = _trail(workspace, action="create_load")[0]
    rows = [item["after"] for item in created["changes"] if item["object_type"] == "load"]
    assert rows[0]["data_table_id"] == ids["data_table_id"]
    assert created["object_id"] == str(ids["load_id"])
    deleted = _trail(workspace, action="delete_load")[0]
    row = next(item for item in deleted["changes"] if item["object_type"] == "load")
    assert row["verb"] == "deleted"
    assert row["before"]["destination_table"]
    assert row["after"] == {}


def test_looking_and_being_wrong_is_not_told(agency: AgencyFake, workspace: WorkspaceFake) -> None:
    before = len(_trail(agency))
    workspace.get("/api/v3/extracts")
    agency.call("GET", "/api/v3/workspaces")
    assert agency.call("POST", "/api/v3/workspaces", json={"title": ""}).status_code == 400
    assert workspace.call("DELETE", "/api/v3/loads/1").status_code == 404
    assert len(_trail(agency)) == before


def test_an_act_that_is_undone_is_not_told(resources: Resources, agency: AgencyFake) -> None:
    with resources.sessions() as session:
        queries.add(session, _entry(agency.agency_id))
        session.rollback()
    assert _trail(agency) == []


def test_a_refused_privileged_act_is_told(  # S100
    agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    viewer = agency.member(workspace, "viewer")
    assert viewer.call("DELETE", "/api/v3/extracts/7").status_code == 403
    entry = _trail(workspace, outcome="refused")[0]
    assert entry["action"] == "delete_extract"
    assert entry["permission"] == "extract.delete"
    assert (entry["object_type"], entry["object_id"]) == ("extract", "7")
    assert "extract.delete" in entry["details"]
    assert entry["username"].startswith("user-")
    assert entry["changes"] == []


def test_a_failed_sign_in_is_told_its_agency(  # S31, S100
    client: TestClient, agency: AgencyFake, resources: Resources
) -> None:
    client.get("/api/v3/workspaces", headers=basic(agency.username, "canary-wrong-password"))
    client.get("/api/v3/workspaces", headers=basic("nobody@example.com"))
    entry = _trail(agency)[0]
    assert entry["outcome"] == "refused"
    assert entry["username"] == agency.username
    assert "password" in entry["details"]
    assert "canary" not in json.dumps(_trail(agency))
    with transaction(resources.sessions) as session:
        nobodys = session.scalars(select(AuditEntry).where(AuditEntry.agency_id.is_(None))).all()
    assert [item.username for item in nobodys] == ["nobody@example.com"]


def test_refusals_cannot_fill_the_trail(  # S93
    settings: Settings, resources: Resources, workspace: WorkspaceFake, agency: AgencyFake
) -> None:
    viewer = agency.member(workspace, "viewer")
    with TestClient(create_app(settings, resources)) as client:
        for _ in range(45):
            answer = client.delete("/api/v3/extracts/7", headers=viewer.headers)
            assert answer.status_code == 403
    found = agency.call("GET", LOG, params={"outcome": "refused"}).json()["count"]
    assert 30 <= found < 40


def test_no_secret_is_in_the_trail(  # S28, S99
    agency: AgencyFake, workspace: WorkspaceFake, pipeline: PipelineFake, settings: Settings
) -> None:
    url = pipeline.file.as_uri()
    body = {
        "settings": {"url": url},
        "credentials": {"access_key_id": "canary-id", "secret_access_key": "canary-secret"},
    }
    workspace.call("POST", "/api/v3/datasources/file_import/connections", json=body)
    params = {"path": "x.duckdb", "password": "canary-password"}
    workspace.call(
        "POST", "/api/v3/destinations/duckdb/connections", json={"connection_params": params}
    )
    token = workspace.headers["Authorization"].removeprefix("Bearer ")
    shown = agency.call("GET", f"{LOG}/export").text
    assert "create_destination_connection" in shown
    for secret in ("canary", token, "v1."):
        assert secret not in shown
    assert "(secret)" in shown


def test_each_sees_its_own(  # S100
    agency: AgencyFake, workspace: WorkspaceFake, other_workspace: WorkspaceFake
) -> None:
    sibling = agency.new_workspace()
    assert {entry["workspace_id"] for entry in _trail(workspace)} == {workspace.id}
    assert {entry["workspace_id"] for entry in _trail(other_workspace)} == {other_workspace.id}
    mine = {entry["workspace_id"] for entry in _trail(agency)}
    assert {workspace.id, sibling.id} <= mine
    assert other_workspace.id not in mine
    assert _trail(workspace, workspace_id=other_workspace.id) == []
    lines = other_workspace.call("GET", f"{LOG}/export").text.splitlines()
    assert {json.loads(line)["workspace_id"] for line in lines} == {other_workspace.id}


def test_administrators_alone_read_it(  # S18
    agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    for path in (LOG, f"{LOG}/export"):
        assert agency.member(workspace, "editor").call("GET", path).status_code == 403
        assert agency.member(workspace, "workspace_admin").call("GET", path).status_code == 200
        assert agency.client.get(path).status_code == 401


def test_filters_find_and_leave_out(agency: AgencyFake, workspace: WorkspaceFake) -> None:
    newest = _trail(agency)[0]
    for name in ("action", "object_type", "object_id", "outcome", "workspace_id"):
        found = _trail(agency, **{name: newest[name]})
        assert newest["id"] in [entry["id"] for entry in found]
        assert {entry[name] for entry in found} == {newest[name]}
    assert _trail(agency, user=newest["username"])[0]["id"] == newest["id"]
    assert _trail(agency, user="nobody") == []
    moment = newest["occurred_at"]
    assert [item["id"] for item in _trail(agency, since=moment)] == [newest["id"]]
    assert newest["id"] not in [item["id"] for item in _trail(agency, until=moment)]
    for wrong in ({"since": "yesterday"}, {"outcome": "odd"}, {"workspace_id": "x"}):
        assert agency.call("GET", LOG, params=wrong).status_code == 400


def test_an_export_is_the_list_oldest_first(  # S70
    agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    listed = _trail(agency)
    answer = agency.call("GET", f"{LOG}/export")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit-log.jsonl"'
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[-1]["action"] == "export_audit_log"  # told before it is read
    assert lines[:-1] == listed[::-1]


def test_an_export_for_spreadsheets_is_safe(  # S83
    agency: AgencyFake, resources: Resources
) -> None:
    with transaction(resources.sessions) as session:
        queries.add(session, _entry(agency.agency_id, object_id='=HYPERLINK("x")', details="a,\nb"))
    answer = agency.call("GET", f"{LOG}/export", params={"format": "csv"})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert rows[0]["object_id"] == '\'=HYPERLINK("x")'
    assert rows[0]["details"] == "a,\nb"
    assert rows[0]["changes"] == "[]"


# It stays.


def _entry(agency_id: int, **more: Any) -> dict[str, Any]:
    plain = dict.fromkeys(
        ("username", "credential", "address", "request_id", "action", "object_type", "object_id"),
        "x",
    )
    own = {"agency_id": agency_id, "workspace_id": None, "user_id": None, "permission": None}
    return plain | own | {"outcome": "succeeded", "details": "", "changes": []} | more


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET username = 'someone else'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
    ],
)
def test_nobody_rewrites_it(  # S100
    statement: str, agency: AgencyFake, workspace: WorkspaceFake, resources: Resources
) -> None:
    before = _trail(agency)
    assert before
    for role in ("headrace_system", "headrace_workspace", "postgres"):
        with resources.sessions() as session:
            _become(session, role)
            with pytest.raises(DBAPIError, match=r"kept as written|permission denied"):
                session.execute(text(statement))
            session.rollback()
    assert _trail(agency) == before


def _become(session: Session, role: str) -> None:
    session.execute(text("RESET ROLE" if role == "postgres" else f"SET LOCAL ROLE {role}"))


def test_what_is_old_is_forgotten(agency: AgencyFake, resources: Resources) -> None:
    now = clock.now()
    ages = (1, 29, 31, 399, 401)
    with transaction(resources.sessions) as session:
        for days in ages:
            moment = now - timedelta(days=days)
            queries.add(session, _entry(agency.agency_id, occurred_at=moment, details=str(days)))
    with transaction(resources.sessions) as session:
        assert queries.delete_before(session, timedelta(days=400), now) == 1
    assert {entry["details"] for entry in _trail(agency)} == {"1", "29", "31", "399"}


def test_commands_are_told(resources: Resources, client: TestClient) -> None:  # S100
    with command_line(resources.sessions, "agency create") as session:
        chief = access.create_agency(session, "Cmd", "cmd@example.com", "correct horse battery")
        agency_id = chief.agency_id
    agency = AgencyFake(client, resources, agency_id, "cmd@example.com")
    entry = _trail(agency)[-1]
    assert entry["action"] == "agency create"
    assert entry["credential"] == entry["username"] == "command line"
    tables = [item["object_type"] for item in entry["changes"]]
    assert tables == ["agency", "app_user"]
    assert entry["changes"][1]["after"]["password_hash"] == "(secret)"


def test_a_refusal_that_cannot_be_told_is_still_a_refusal(
    settings: Settings, resources: Resources, agency: AgencyFake
) -> None:
    with transaction(resources.sessions) as session:
        count = session.scalar(select(func.count()).select_from(AuditEntry))
    app = create_app(settings, resources)
    with TestClient(app) as client:
        answer = client.get("/api/v3/workspaces", headers=basic("x" * 5000 + "@example.com"))
    assert answer.status_code == 401
    with transaction(resources.sessions) as session:
        newest = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert newest is not None
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == (count or 0) + 1
        assert len(newest.username) == 300


def test_connecting_again_tells_that_credentials_changed(pipeline: PipelineFake) -> None:
    made = connect_file(pipeline.workspace, pipeline.file)
    path = f"/api/v3/connections/{made['id']}"
    body = {"settings": {"url": pipeline.file.as_uri()}, "title": "Again"}
    assert pipeline.workspace.call("PUT", path, json=body).status_code == 200
    row = _trail(pipeline.workspace, action="reauthorize_connection")[0]["changes"][0]
    assert row["after"]["title"] == "Again"
    assert row["after"].get("credentials", "(secret)") == "(secret)"
