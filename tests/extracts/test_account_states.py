"""What a data table knows of its accounts: fresh, failed, doubted, missing."""

from datetime import timedelta
from typing import Any

import pytest

from extracts.conftest import EXTRACTS, ExtractsFake
from fakes.ads_network import AdsNetwork
from fakes.pipelines import PipelineFake
from headrace.access.authentication import server_scope
from headrace.data_tables import accounts
from headrace.db.engine import transaction
from headrace.kit import clock

TABLES = "/api/v3/data-tables"
DENIED = b'{"error": {"code": "no", "message": "n"}}'


def fresh(fake: ExtractsFake, table_id: int) -> dict[str, Any]:
    """Freshness by account."""
    return {
        each["account_id"]: each for each in fake.workspace.get(f"{TABLES}/{table_id}/freshness")
    }


def covered(fake: ExtractsFake, table_id: int) -> dict[str, list[tuple[str, str, str]]]:
    """First day, last day and state by account."""
    return {
        account["account_id"]: [
            (each["date_from"], each["date_to"], each["state"]) for each in account["ranges"]
        ]
        for account in fake.workspace.get(f"{TABLES}/{table_id}/coverage")
    }


@pytest.fixture
def three(demo: ExtractsFake) -> list[dict[str, Any]]:
    """Extracts of three accounts into one table, from the first of November on; none has run."""
    body = {
        "data_table_title": "Three",
        "template_id": demo.template(is_wide=False),
        "accounts": demo.accounts[:3],
        "template_settings": {"sync_historical_data": "2026-11-01"},
    }
    made: list[dict[str, Any]] = demo.workspace.post("/api/v3.1/extracts/", body)
    return made


def test_an_account_that_fails_is_named_and_the_others_are_fresh(
    demo: ExtractsFake,
    network: AdsNetwork,
    three: list[dict[str, Any]],
) -> None:  # F09
    table_id = three[0]["data_table"]["id"]
    assert {each["oldest_unsynced_day"] for each in fresh(demo, table_id).values()} == {
        "2026-11-01"
    }
    network.answer_next("demo-1002/report", 1, 403, body=DENIED)
    demo.workspace.run_everything()
    network.faults.clear()

    found = fresh(demo, table_id)
    failed, well = found["demo-1002"], found["demo-1001"]
    extract = next(each for each in three if each["account_id"] == "demo-1002")
    (run,) = demo.workspace.get(f"{EXTRACTS}/{extract['id']}/runs")["results"]
    assert (run["status"], failed["failed_run_id"]) == ("failed", run["id"])
    assert (failed["last_sync"], failed["oldest_failed_day"]) == (None, "2026-11-01")
    assert failed["newest_read_day"] is None
    for each in (well, found["demo-1003"]):
        assert each["last_sync"] is not None
        assert each["newest_final_day"] < each["newest_read_day"] == each["newest_day_with_rows"]
        assert (each["oldest_unsynced_day"], each["oldest_failed_day"]) == (None, None)
        assert each["age_days"] == 0
    ((first, _, state),) = covered(demo, table_id)["demo-1002"]
    assert (first, state) == ("2026-11-01", "failed")

    demo.workspace.post(f"{EXTRACTS}/{extract['id']}/run", status=200)
    demo.workspace.run_everything()
    assert fresh(demo, table_id)["demo-1002"]["failed_run_id"] is None
    assert {state for _, _, state in covered(demo, table_id)["demo-1002"]} == {
        "final", "provisional",
    }  # fmt: skip


def test_a_failed_refresh_keeps_what_was_read(
    demo: ExtractsFake,
    network: AdsNetwork,
) -> None:
    made = demo.create(sync_historical_data="2026-11-01")
    table_id = made["data_table"]["id"]
    demo.workspace.run_everything()
    network.answer_next("/report", 1, 403, body=DENIED)
    demo.workspace.post(f"{EXTRACTS}/{made['id']}/run", status=200)
    demo.workspace.run_everything()
    network.faults.clear()
    (account,) = demo.workspace.get(f"{TABLES}/{table_id}/coverage")
    assert [(each["state"], each["kept"]) for each in account["ranges"]] == [
        ("final", None),
        ("failed", "provisional"),
    ]
    (known,) = fresh(demo, table_id).values()
    assert known["oldest_unsynced_day"] is None  # stale is not missing
    assert known["newest_read_day"] == account["ranges"][-1]["date_to"]


def test_days_that_are_due_are_missing(demo: ExtractsFake) -> None:
    made = demo.create(sync_historical_data="2026-11-01")
    demo.workspace.run_everything()
    resources, table_id = demo.workspace.resources, made["data_table"]["id"]
    with transaction(resources.sessions) as session:
        scope = server_scope(session, demo.workspace.id)
        (now,) = accounts.freshness(session, scope, [table_id])
        with clock.shifted(timedelta(days=3)):
            (later,) = accounts.freshness(session, scope, [table_id])
        (of_all,) = accounts.freshness(session, scope)
    assert now == of_all
    assert now.newest_read_day is not None
    assert (now.age_days, now.oldest_unsynced_day) == (0, None)
    assert later.oldest_unsynced_day == now.newest_read_day + timedelta(days=1)
    assert later.age_days in (2, 3)  # today's rows may be read already


def test_an_account_that_nothing_reads_any_more_keeps_its_rows(
    demo: ExtractsFake,
    three: list[dict[str, Any]],
) -> None:
    demo.workspace.run_everything()
    assert demo.workspace.call("DELETE", f"{EXTRACTS}/{three[0]['id']}").status_code == 204
    found = fresh(demo, three[0]["data_table"]["id"])
    assert {name: each["is_extracted"] for name, each in found.items()} == {
        "demo-1001": False, "demo-1002": True, "demo-1003": True,
    }  # fmt: skip
    assert found["demo-1001"]["newest_day_with_rows"] is not None


def test_emptiness_is_flagged_while_it_is_doubted(pipeline: PipelineFake) -> None:  # F12
    workspace, table = pipeline.workspace, f"{TABLES}/{pipeline.data_table_id}"
    pipeline.file.write_text("day,campaign,spend,clicks\n")
    workspace.post(f"/api/v3/extracts/{pipeline.extract_id}/run", status=200)
    workspace.run_everything()
    run = workspace.get(f"/api/v3/extracts/{pipeline.extract_id}/runs")["results"][0]
    assert "without rows" in run["error_text"]
    ((known,),) = [each["ranges"] for each in workspace.get(f"{table}/coverage")]
    assert (known["state"], known["is_doubted"], known["run_id"]) == ("final", True, run["id"])
    assert workspace.get(f"{table}/freshness")[0]["is_doubted"]
    assert workspace.get(f"{table}/rows")["count"] == 2


def test_a_table_of_another_workspace_is_not_there(  # S01
    pipeline: PipelineFake, other_pipeline: PipelineFake
) -> None:
    for what in ("freshness", "schema_changes", "coverage"):
        path = f"{TABLES}/{other_pipeline.data_table_id}/{what}"
        assert pipeline.workspace.call("GET", path).status_code == 404
