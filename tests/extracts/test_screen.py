"""What is hashed or filtered never reaches the data table (contract 8.14)."""

from typing import Any

import pytest

from extracts.test_extracts import create, rows_of
from fakes.callers import WorkspaceFake
from fakes.pipelines import accounts_of, connect_file
from headrace.settings import Settings

PEOPLE = (
    "day,email,country,spend\n"
    "2026-01-01, a@x.test ,DE,1\n"
    "2026-01-02,a@x.test,AT,2\n"
    "2026-01-03,b@x.test,CH,3\n"
)


@pytest.fixture
def account(workspace: WorkspaceFake, settings: Settings) -> int:
    """An account whose rows name people."""
    file = settings.file_import_roots[0] / "people.csv"
    file.write_text(PEOPLE)
    found: int = accounts_of(workspace, connect_file(workspace, file)["id"])[0]["id"]
    return found


def extracted(workspace: WorkspaceFake, account: int, **settings: Any) -> list[dict[str, Any]]:
    made = create(workspace, account, **settings).json()[0]
    workspace.run_everything()
    assert workspace.get(f"/api/v3/extracts/{made['id']}")["status"] == "synced"
    return rows_of(workspace, made["data_table"]["id"])


def test_hashed_values_are_digests_of_the_trimmed_text(
    workspace: WorkspaceFake, account: int
) -> None:
    emails = [row["email"] for row in extracted(workspace, account, hashed_fields=["email"])]
    assert all(len(email) == 64 and int(email, 16) >= 0 for email in emails)
    assert emails[0] == emails[1] != emails[2]


def test_digests_differ_between_agencies(
    workspace: WorkspaceFake, account: int, other_workspace: WorkspaceFake, settings: Settings
) -> None:
    file = settings.file_import_roots[0] / "people.csv"
    other = accounts_of(other_workspace, connect_file(other_workspace, file)["id"])[0]["id"]
    ours = extracted(workspace, account, hashed_fields=["email"])
    theirs = extracted(other_workspace, other, hashed_fields=["email"])
    assert {row["email"] for row in ours}.isdisjoint(row["email"] for row in theirs)


def test_rows_that_do_not_meet_a_filter_are_not_stored(
    workspace: WorkspaceFake, account: int
) -> None:
    filters = [
        {"field": "country", "operator": "in", "value": ["DE", "AT"]},
        {"field": "spend", "operator": "gt", "value": 1},
    ]
    rows = extracted(workspace, account, custom_filters=filters, hashed_fields=["country"])
    assert [row["spend"] for row in rows] == [2]
    assert len(rows[0]["country"]) == 64  # filtered by what it was


def test_settings_are_shown_as_given(workspace: WorkspaceFake, account: int) -> None:
    filters = [{"field": "country", "operator": "eq", "value": "DE"}]
    made = create(workspace, account, custom_filters=filters, hashed_fields=["email"]).json()[0]
    shown = workspace.get("/api/v3/extracts")["results"][0]
    assert (shown["custom_filters"], shown["hashed_fields"]) == (filters, ["email"])
    assert workspace.get(f"/api/v3/extracts/{made['id']}")["custom_filters"] == filters


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"custom_filters": [{"field": "country", "operator": "like", "value": "D"}]}, "operator"),
        ({"custom_filters": [{"field": "country", "operator": "in", "value": "DE"}]}, "a list"),
        ({"hashed_fields": ["account_id"]}, "cannot be hashed"),
    ],
)
def test_what_cannot_be_hidden_is_refused(
    workspace: WorkspaceFake, account: int, chosen: dict[str, Any], words: str
) -> None:
    answer = create(workspace, account, **chosen)
    assert answer.status_code == 400
    assert words in answer.json()["details"]
