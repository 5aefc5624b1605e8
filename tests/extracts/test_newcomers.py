"""Accounts that open get extracts where a data table wants it (contract 8.2)."""

from pathlib import Path
from typing import Any

import pytest

from extracts.test_extracts import create
from fakes.callers import WorkspaceFake
from fakes.pipelines import ROWS, accounts_of
from headrace.settings import Settings

SCHEDULE = {"interval": "hour", "recurrence": 4}


@pytest.fixture
def folder(settings: Settings) -> Path:
    """A folder of three files."""
    for name in ("a.csv", "b.csv", "c.csv"):
        (settings.file_import_roots[0] / name).write_text(ROWS)
    return settings.file_import_roots[0]


def connect(workspace: WorkspaceFake, folder: Path, mode: str) -> dict[str, int]:
    """Connect the folder; only a.csv is enabled under `selected`. Accounts by title."""
    body = {
        "settings": {"url": (folder / "*.csv").as_uri()},
        "account_sync_mode": mode,
        "accounts": ["a.csv"],
    }
    made = workspace.post("/api/v3/datasources/file_import/connections", body)
    found = {item["title"]: item["id"] for item in accounts_of(workspace, made["id"])}
    return {"connection": made["id"], **found}


def first_extract(workspace: WorkspaceFake, account: int, *, is_wanted: bool) -> dict[str, Any]:
    made: dict[str, Any] = create(
        workspace, account, scheduling=[SCHEDULE], hashed_fields=["campaign"]
    ).json()[0]
    path = f"/api/v3/data-tables/{made['data_table']['id']}"
    answer = workspace.call("PUT", path, json={"auto_extract_new_accounts": is_wanted})
    assert answer.json()["auto_extract_new_accounts"] is is_wanted
    return made


def enable(workspace: WorkspaceFake, connection: int, *accounts: int) -> None:
    body = {"account_ids": list(accounts), "enabled_for_embedded_extraction": True}
    answer = workspace.call("PATCH", f"/api/v3/connections/{connection}/accounts", json=body)
    assert answer.status_code == 200, answer.text


def listed(workspace: WorkspaceFake) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = workspace.get("/api/v3/extracts")["results"]
    return found


def test_an_enabled_account_gets_an_extract_like_its_sibling(
    workspace: WorkspaceFake, folder: Path
) -> None:
    ids = connect(workspace, folder, "selected")
    first = first_extract(workspace, ids["a.csv"], is_wanted=True)
    enable(workspace, ids["connection"], ids["b.csv"])
    enable(workspace, ids["connection"], ids["a.csv"], ids["b.csv"])  # once more changes nothing
    extracts = listed(workspace)
    assert [item["account_name"] for item in extracts] == ["a.csv", "b.csv"]
    for name in ("scheduling", "hashed_fields", "data_table", "template_id", "bad_values"):
        assert extracts[1][name] == first[name], name
    workspace.run_everything()
    assert [item["status"] for item in listed(workspace)] == ["synced", "synced"]


def test_a_new_account_gets_one_when_the_list_is_refreshed(
    workspace: WorkspaceFake, folder: Path
) -> None:
    ids = connect(workspace, folder, "all")
    first_extract(workspace, ids["a.csv"], is_wanted=True)
    (folder / "d.csv").write_text(ROWS)
    for _ in range(2):
        path = f"/api/v3/connections/{ids['connection']}/accounts/refresh"
        workspace.post(path, status=200)
        workspace.run_everything()
    # b and c were there before and nobody asked for them; d is new.
    assert [item["account_name"] for item in listed(workspace)] == ["a.csv", "d.csv"]


@pytest.mark.parametrize("change", ["off", "paused", "disabled"])
def test_nothing_comes_by_itself_otherwise(
    workspace: WorkspaceFake, folder: Path, change: str
) -> None:
    ids = connect(workspace, folder, "selected")
    first = first_extract(workspace, ids["a.csv"], is_wanted=change != "off")
    if change == "paused":
        workspace.post(f"/api/v3/extracts/{first['id']}/pause", status=200)
    if change == "disabled":
        (folder / "d.csv").write_text(ROWS)
        path = f"/api/v3/connections/{ids['connection']}/accounts/refresh"
        workspace.post(path, status=200)  # a new account of a connection of selected accounts
        workspace.run_everything()
    else:
        enable(workspace, ids["connection"], ids["b.csv"])
    assert len(listed(workspace)) == 1


def test_an_account_is_extracted_into_a_table_once(workspace: WorkspaceFake, folder: Path) -> None:
    ids = connect(workspace, folder, "all")
    first_extract(workspace, ids["a.csv"], is_wanted=False)
    answer = create(workspace, ids["a.csv"])
    assert answer.status_code == 400
    assert "extracted into this data table already" in answer.json()["details"]
    assert create(workspace, ids["a.csv"], title="Other").status_code == 201
    assert workspace.get("/api/v3/extracts")["count"] == 2


def test_the_count_follows_what_is_made_and_deleted(workspace: WorkspaceFake, folder: Path) -> None:
    ids = connect(workspace, folder, "all")
    made = [create(workspace, ids[name]).json()[0] for name in ("a.csv", "b.csv", "c.csv")]
    workspace.call("DELETE", f"/api/v3/extracts/{made[1]['id']}")
    page = workspace.get("/api/v3/extracts?page_size=1&page=2")
    assert (page["count"], [item["id"] for item in page["results"]]) == (2, [made[2]["id"]])
    assert workspace.call("GET", "/api/v3/extracts?page_size=1&page=3").status_code == 404
