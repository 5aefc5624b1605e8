"""Data sources, connections and accounts through the API."""

from typing import Any

import pytest
from sqlalchemy import text

from fakes.callers import AgencyFake, WorkspaceFake, basic
from fakes.pipelines import ROWS, accounts_of, connect_file
from headrace.rest.resources import Resources
from headrace.settings import Settings


@pytest.fixture
def folder(settings: Settings) -> Any:
    for name in ("a.csv", "b.csv", "c.csv"):
        (settings.file_import_roots[0] / name).write_text(ROWS)
    return settings.file_import_roots[0]


def test_datasources_are_listed_and_filtered(agency: AgencyFake, workspace: WorkspaceFake) -> None:
    names = [item["name"] for item in workspace.get("/api/v3/datasources")["results"]]
    assert {"demo_ads", "facebook", "file_import", "postgres"} <= set(names)
    assert names == sorted(names)
    found = workspace.get("/api/v3/datasources?category=Advertising&search=meta")["results"]
    assert [item["name"] for item in found] == ["facebook"]
    # The catalogue belongs to no workspace: Basic credentials read it too.
    assert agency.call("GET", "/api/v3/datasources").status_code == 200
    wrong = basic(agency.username, "wrong")
    assert agency.client.get("/api/v3/datasources", headers=wrong).status_code == 401
    assert agency.client.get("/api/v3/datasources").status_code == 401


def test_a_data_source_shows_its_form(workspace: WorkspaceFake) -> None:
    form = workspace.get("/api/v3/datasources/facebook")
    assert form["auth"]["kind"] == "oauth2"
    token = next(item for item in form["auth"]["fields"] if item["name"] == "access_token")
    assert token["secret"] is True
    answer = workspace.call("GET", "/api/v3/datasources/nothing/connections")
    assert answer.status_code == 400
    assert answer.json() == {"details": "DataSource with this name does not exist"}


def test_connecting_lists_accounts(workspace: WorkspaceFake, folder: Any) -> None:
    made = connect_file(workspace, folder / "*.csv")
    assert (made["status"], made["accounts_status"], made["accounts_number"]) == (
        "active", "active", 3,
    )  # fmt: skip
    listed = workspace.get("/api/v3/datasources/file_import/connections")["results"]
    assert [item["id"] for item in listed] == [made["id"]]
    accounts = accounts_of(workspace, made["id"])
    assert [item["title"] for item in accounts] == ["a.csv", "b.csv", "c.csv"]
    found = workspace.get(f"/api/v3/connections/{made['id']}/accounts?search=B.CSV")
    assert found["count"] == 1


def test_selected_accounts_only(workspace: WorkspaceFake, folder: Any) -> None:
    body = {
        "settings": {"url": (folder / "*.csv").as_uri()},
        "account_sync_mode": "selected",
        "accounts": ["b.csv"],
    }
    made = workspace.post("/api/v3/datasources/file_import/connections", body)
    assert (made["accounts_number"], made["enabled_for_extraction_accounts_number"]) == (3, 1)
    (folder / "d.csv").write_text(ROWS)
    refreshed = workspace.post(f"/api/v3/connections/{made['id']}/accounts/refresh", status=200)
    assert refreshed["accounts_status"] == "loading"
    again = workspace.call("POST", f"/api/v3/connections/{made['id']}/accounts/refresh")
    assert again.status_code == 409
    workspace.run_everything()
    accounts = accounts_of(workspace, made["id"])
    enabled = {item["title"] for item in accounts if item["enabled_for_embedded_extraction"]}
    assert (len(accounts), enabled) == (4, {"b.csv"})


def test_vanished_accounts_become_inactive(workspace: WorkspaceFake, folder: Any) -> None:
    made = connect_file(workspace, folder / "*.csv")
    (folder / "a.csv").unlink()
    workspace.post(f"/api/v3/connections/{made['id']}/accounts/refresh", status=200)
    workspace.run_everything()
    active = {item["title"]: item["is_active"] for item in accounts_of(workspace, made["id"])}
    assert active == {"a.csv": False, "b.csv": True, "c.csv": True}
    found = workspace.get(f"/api/v3/connections/{made['id']}/accounts?is_active=false")
    assert found["count"] == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "Address is required"),
        ({"settings": {"url": "file:///etc/passwd"}}, "HEADRACE_FILE_IMPORT_ROOTS"),
        ({"settings": {"url": "ftp://example.com/a.csv"}}, "https://"),
        ({"settings": {"url": "https://metadata.google.internal/a.csv"}}, "metadata"),
        ({"settings": "text"}, "settings"),
        ({"settings": {"url": "file:///a", "format": "pdf"}}, "Format takes"),
        ({"account_sync_mode": "some", "settings": {"url": "x"}}, "account_sync_mode"),
    ],
)
def test_refused_connections_leave_nothing(
    workspace: WorkspaceFake, body: dict[str, Any], words: str
) -> None:
    answer = workspace.call("POST", "/api/v3/datasources/file_import/connections", json=body)
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["details"]
    assert workspace.get("/api/v3/datasources/file_import/connections")["count"] == 0


def test_bulk_change_is_all_or_nothing(workspace: WorkspaceFake, folder: Any) -> None:
    made = connect_file(workspace, folder / "*.csv")
    path = f"/api/v3/connections/{made['id']}/accounts"
    ids = [item["id"] for item in accounts_of(workspace, made["id"])]
    off = {"enabled_for_embedded_extraction": False}
    refused = workspace.call("PATCH", path, json={"account_ids": [*ids, 2**53], **off})
    assert refused.status_code == 400
    assert all(
        item["enabled_for_embedded_extraction"] for item in accounts_of(workspace, made["id"])
    )
    changed = workspace.call("PATCH", path, json={"accounts": [{"id": ids[0], **off}]})
    assert [item["enabled_for_embedded_extraction"] for item in changed.json()] == [False]
    one = workspace.call("PATCH", f"{path}/{ids[1]}", json=off)
    assert one.json()["enabled_for_embedded_extraction"] is False
    both = {"account_ids": ids, "accounts": [], **off}
    assert workspace.call("PATCH", path, json=both).status_code == 400
    listed = workspace.get("/api/v3/datasources/file_import/connections")["results"][0]
    assert listed["enabled_for_extraction_accounts_number"] == 1


def test_credentials_are_sealed_and_never_shown(
    workspace: WorkspaceFake, resources: Resources, folder: Any
) -> None:  # S29 S65
    canary = "canary-4f1d2c"
    body = {
        "credentials": {"aws_secret_access_key": canary, "aws_access_key_id": "AKIA"},
        "settings": {"url": (folder / "a.csv").as_uri()},
    }
    made = workspace.post("/api/v3/datasources/file_import/connections", body)
    with resources.sessions() as session:
        tables = session.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ).all()
        for table in tables:
            for row in session.execute(text(f'SELECT t::text FROM "{table}" AS t')):
                assert canary not in row[0], table
    for path in (
        "/api/v3/datasources/file_import/connections",
        f"/api/v3/connections/{made['id']}/accounts",
    ):
        assert canary not in workspace.call("GET", path).text


def test_reconnecting_keeps_the_id_and_refusal_keeps_the_old(
    workspace: WorkspaceFake, folder: Any
) -> None:
    made = connect_file(workspace, folder / "a.csv")
    path = f"/api/v3/connections/{made['id']}"
    bad = workspace.call("PUT", path, json={"settings": {"url": "file:///nowhere.csv"}})
    assert bad.status_code == 400
    assert workspace.post(f"{path}/check", status=200)["status"] == "active"
    good = {"title": "Renamed", "settings": {"url": (folder / "*.csv").as_uri()}}
    changed = workspace.call("PUT", path, json=good)
    assert (changed.json()["id"], changed.json()["title"]) == (made["id"], "Renamed")
    workspace.run_everything()
    assert len(accounts_of(workspace, made["id"])) == 3


def test_a_check_records_what_it_finds(workspace: WorkspaceFake, folder: Any) -> None:
    made = connect_file(workspace, folder / "a.csv")
    (folder / "a.csv").unlink()
    broken = workspace.post(f"/api/v3/connections/{made['id']}/check", status=200)
    assert broken["status"] == "error"
    assert broken["error_text"]
    (folder / "a.csv").write_text(ROWS)
    mended = workspace.post(f"/api/v3/connections/{made['id']}/check", status=200)
    assert (mended["status"], mended["error_text"]) == ("active", None)
