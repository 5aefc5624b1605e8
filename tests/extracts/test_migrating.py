"""Wide extracts get other dimensions in a new data table (contract 4.10, migrate-wide)."""

from typing import Any

import pytest

from extracts.conftest import EXTRACTS, ExtractsFake

MIGRATE = f"{EXTRACTS}/migrate-wide"
BEFORE = ["date", "campaign_id", "spend"]
AFTER = ["date", "ad_id", "spend"]
RULE = {"interval": "hour", "recurrence": 6, "minutes": 10}


@pytest.fixture
def wide(demo: ExtractsFake) -> dict[str, Any]:
    """A wide extract with settings of its own."""
    return demo.create(
        is_wide=True,
        fields=BEFORE,
        scheduling=RULE,
        sync_historical_data="2026-11-01",
        hashed_fields=["campaign_id"],
        bad_values="null_and_count",
    )


def test_the_new_extract_reads_other_dimensions_into_a_table_of_its_own(
    demo: ExtractsFake, wide: dict[str, Any]
) -> None:
    made = demo.workspace.post(MIGRATE, {"extract_id": wide["id"], "fields": AFTER})
    new, old = made["extract"], made["source_extract"]
    assert (old["id"], old["status"], new["status"]) == (wide["id"], "paused", "syncing")
    assert new["data_table"]["title"] == "T (2)"
    assert demo.columns(new["data_table"]["id"]) == set(AFTER)
    assert demo.columns(old["data_table"]["id"]) == set(BEFORE)
    listed = demo.workspace.get(EXTRACTS)["results"]
    assert [item["id"] for item in listed] == [old["id"], new["id"]]


def test_settings_left_out_are_the_old_ones(demo: ExtractsFake, wide: dict[str, Any]) -> None:
    body = {
        "extract_id": wide["id"],
        "fields": AFTER,
        "data_table_title": "Ads",
        "template_settings": {"sync_historical_data": "2026-11-10"},
    }
    new = demo.workspace.post(MIGRATE, body)["extract"]
    for name in ("scheduling", "bad_values", "hashed_fields", "additional_params"):
        assert new[name] == wide[name], name
    assert (new["sync_historical_data"], new["data_table"]["title"]) == ("2026-11-10", "Ads")


def test_the_old_rows_stay(demo: ExtractsFake, wide: dict[str, Any]) -> None:
    demo.workspace.run_everything()
    path = f"/api/v3/data-tables/{wide['data_table']['id']}/rows"
    before = demo.workspace.get(path)["count"]
    new = demo.workspace.post(MIGRATE, {"extract_id": wide["id"], "fields": AFTER})["extract"]
    demo.workspace.run_everything()
    assert before > 0
    assert demo.workspace.get(path)["count"] == before
    rows = demo.workspace.get(f"/api/v3/data-tables/{new['data_table']['id']}/rows")["rows"]
    assert rows
    assert all("ad_id" in row for row in rows)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fields": ["nothing"]}, "nothing"),
        ({"fields": []}, "fields"),
        ({"data_table_title": "T"}, "'T'"),
        ({"extract_id": 999_999}, "not found"),
    ],
)
def test_what_cannot_be_changes_nothing(
    demo: ExtractsFake, wide: dict[str, Any], change: dict[str, Any], words: str
) -> None:
    body = {"extract_id": wide["id"], "fields": AFTER} | change
    answer = demo.workspace.call("POST", MIGRATE, json=body)
    assert answer.status_code in {400, 404}
    assert words in answer.json()["details"]
    assert [item["status"] for item in demo.workspace.get(EXTRACTS)["results"]] == ["syncing"]


def test_fields_that_do_not_go_together_are_refused_in_the_sources_words(
    demo: ExtractsFake, wide: dict[str, Any]
) -> None:
    body = {"extract_id": wide["id"], "fields": ["date", "reach", "age", "country", "gender"]}
    answer = demo.workspace.call("POST", MIGRATE, json=body)
    assert answer.status_code == 400
    assert demo.workspace.get(f"{EXTRACTS}/{wide['id']}")["status"] != "paused"


def test_only_wide_extracts_migrate(demo: ExtractsFake) -> None:
    plain = demo.create(title="Plain")
    answer = demo.workspace.call(
        "POST", MIGRATE, json={"extract_id": plain["id"], "fields": ["date", "spend"]}
    )
    assert answer.status_code == 400
    assert "not wide" in answer.json()["details"]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_dimensions_of_a_wide_extract_are_kept_by_updates(
    demo: ExtractsFake, wide: dict[str, Any], method: str
) -> None:
    path = f"{EXTRACTS}/{wide['id']}"
    answer = demo.workspace.call(method, path, json={"fields": AFTER})
    assert answer.status_code == 400
    assert "migrate-wide" in answer.json()["details"]
    metrics = {"fields": [*BEFORE, "clicks"]}
    assert demo.workspace.call(method, path, json=metrics).status_code == 200
