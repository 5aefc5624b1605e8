"""The lines of contract 4.6 and 4.7 that no other test follows to their effect."""

from typing import Any

import pytest

from fakes.callers import WorkspaceFake
from fakes.pipelines import ROWS, PipelineFake, accounts_of, connect_file
from headrace.settings import Settings


@pytest.fixture
def folder(settings: Settings) -> Any:
    for name in ("a.csv", "b.csv", "c.csv"):
        (settings.file_import_roots[0] / name).write_text(ROWS)
    return settings.file_import_roots[0]


def titles(workspace: WorkspaceFake, connection_id: int, query: str) -> list[str]:
    found = workspace.get(f"/api/v3/connections/{connection_id}/accounts?{query}")
    return [item["title"] for item in found["results"]]


def test_accounts_are_filtered_by_what_may_be_extracted(  # contract 4.7
    workspace: WorkspaceFake, folder: Any
) -> None:
    made = connect_file(workspace, folder / "*.csv")["id"]
    first = accounts_of(workspace, made)[0]["id"]
    off = {"account_ids": [first], "enabled_for_embedded_extraction": False}
    workspace.call("PATCH", f"/api/v3/connections/{made}/accounts", json=off)

    assert titles(workspace, made, "enabled_for_embedded_extraction=false") == ["a.csv"]
    assert titles(workspace, made, "enabled_for_embedded_extraction=true") == ["b.csv", "c.csv"]
    assert titles(workspace, made, "search=b&enabled_for_embedded_extraction=true") == ["b.csv"]


@pytest.mark.parametrize("form", ["accounts", "account_ids"])
def test_accounts_of_another_connection_are_refused(  # contract 4.7
    form: str, workspace: WorkspaceFake, folder: Any
) -> None:
    mine = connect_file(workspace, folder / "a.csv")["id"]
    other = accounts_of(workspace, connect_file(workspace, folder / "b.csv")["id"])[0]["id"]
    off = {"enabled_for_embedded_extraction": False}
    body = {"accounts": [{"id": other, **off}]} if form == "accounts" else {
        "account_ids": [other], **off
    }  # fmt: skip

    refused = workspace.call("PATCH", f"/api/v3/connections/{mine}/accounts", json=body)
    one = workspace.call("PATCH", f"/api/v3/connections/{mine}/accounts/{other}", json=off)

    assert refused.status_code == 400
    assert str(other) in refused.json()["details"]
    assert one.status_code == 404


def test_disabling_an_account_pauses_no_extract(pipeline: PipelineFake) -> None:  # contract 4.7
    workspace = pipeline.workspace
    path = f"/api/v3/connections/{pipeline.connection_id}/accounts/{pipeline.account_id}"
    off = {"enabled_for_embedded_extraction": False}

    assert workspace.call("PATCH", path, json=off).status_code == 200

    assert workspace.get(f"/api/v3/extracts/{pipeline.extract_id}")["status"] != "paused"
    (shown,) = workspace.get("/api/v3/datasources/file_import/connections")["results"]
    assert shown["enabled_for_extraction_accounts_number"] == 0


def test_deleting_keeps_what_was_read_and_works_once(
    pipeline: PipelineFake,
) -> None:  # contract 4.6
    workspace, made = pipeline.workspace, pipeline.connection_id
    rows = workspace.get(f"/api/v3/data-tables/{pipeline.data_table_id}/rows")["count"]

    deleted = workspace.call("DELETE", f"/api/v3/datasources/file_import/connections/{made}")

    assert (deleted.status_code, deleted.content) == (204, b"")
    for path in (f"/connections/{made}", f"/datasources/file_import/connections/{made}"):
        assert workspace.call("DELETE", f"/api/v3{path}").status_code == 404
    assert workspace.get(f"/api/v3/data-tables/{pipeline.data_table_id}/rows")["count"] == rows > 0
    assert workspace.get(f"/api/v3/extracts/{pipeline.extract_id}")["status"] == "paused"
    assert workspace.get("/api/v3/datasources/file_import/connections")["results"] == []
    assert workspace.call("GET", f"/api/v3/connections/{made}/accounts").status_code == 404


def test_deleting_by_another_source_is_refused(pipeline: PipelineFake) -> None:  # contract 4.6
    workspace, made = pipeline.workspace, pipeline.connection_id

    assert (
        workspace.call("DELETE", f"/api/v3/datasources/demo_ads/connections/{made}").status_code
        == 404
    )
    unknown = workspace.call("DELETE", f"/api/v3/datasources/nothing/connections/{made}")

    assert unknown.status_code == 400
    assert unknown.json() == {"details": "DataSource with this name does not exist"}
    assert workspace.get("/api/v3/datasources/file_import/connections")["count"] == 1
